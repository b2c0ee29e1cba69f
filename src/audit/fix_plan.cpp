// Splits are decided from the last of train, validation, test backwards, so that what stays in a later one is known
// when an earlier one is looked at for leaks.
#include "fix_plan.hpp"

#include <algorithm>
#include <deque>
#include <numeric>

#include "forgelm/core/error.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/text.hpp"
#include "quality.hpp"
#include "row_content.hpp"
#include "row_text.hpp"
#include "sketch_index.hpp"
#include "text_masks.hpp"
#include "words.hpp"

namespace forgelm::audit {
namespace {

constexpr ContentHash kNoContent{};

/// What is kept of rows until the verdict.
struct Signatures {
  std::vector<DropReason> drops;
  std::vector<ContentHash> hashes;
  std::vector<std::uint64_t> prints;  ///< by simhash
  std::vector<Sketch> sketches;       ///< or by minhash: of a block
  SketchIndex index;                  ///< of a split

  void append(const Signatures& more) {
    drops.insert(drops.end(), more.drops.begin(), more.drops.end());
    hashes.insert(hashes.end(), more.hashes.begin(), more.hashes.end());
    prints.insert(prints.end(), more.prints.begin(), more.prints.end());
    index.append(more.sketches);
  }
};

class Planner {
 public:
  Planner(const AuditOptions& options, const FixRules& rules) : options_(options), rules_(rules) {
    for (std::size_t i = 0; i < kQualityFlags.size(); ++i)
      if (rules.of_flag(i).action == FixAction::drop) flags_ |= static_cast<std::uint8_t>(1U << i);
  }

  void add(RowFixer& fixer, const FixLine& line, Signatures& rows) const {
    DropReason drop;
    ContentHash hash = kNoContent;
    std::string_view text;
    std::string buffer;
    if (line.is_refused) {
      drop = {DropReason::fault, static_cast<std::uint16_t>(RowFault::unreadable)};
    } else {
      const FixedRow fixed = fixer.fix(line.bytes, line.num_readable);
      if (fixed.is_blank) return;
      drop = fixed.drop;
      const JsonLine& row = fixer.row();
      if (!drop.is_dropped() && row.state == LineState::row && row.value.is_object()) {
        drop = judge(row, buffer);
        hash = content_hash(row, fixed.changed ? *fixed.changed : trim(line.bytes));
        if (needs_signature()) text = content_text(row.value, buffer);
      }
    }
    rows.drops.push_back(drop);
    rows.hashes.push_back(hash);
    if (!needs_signature()) return;
    if (options_.dedup_method == DedupMethod::minhash)
      rows.sketches.push_back(drop.is_dropped() ? empty_sketch() : minhash(TextMasks(text)));
    else rows.prints.push_back(drop.is_dropped() ? 0 : simhash(TextMasks(text)));
  }

  void drop_duplicates(Signatures& rows) const {
    if (rules_.of(RowFault::exact_duplicates).action == FixAction::drop) {
      std::vector<std::uint32_t> order(rows.hashes.size());
      std::iota(order.begin(), order.end(), 0U);
      std::erase_if(order,
                    [&](std::uint32_t row) { return rows.drops[row].is_dropped() || rows.hashes[row] == kNoContent; });
      std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return rows.hashes[a] != rows.hashes[b] ? rows.hashes[a] < rows.hashes[b] : a < b;
      });
      for (std::size_t i = 1; i < order.size(); ++i)
        if (rows.hashes[order[i]] == rows.hashes[order[i - 1]]) drop(rows, order[i], RowFault::exact_duplicates);
    }
    if (rules_.of(RowFault::near_duplicates).action != FixAction::drop) return;
    drop_all(rows,
             options_.dedup_method == DedupMethod::minhash ? find_repeats(rows.index, options_.jaccard_threshold)
                                                           : find_repeats(rows.prints, options_.near_dup_threshold),
             RowFault::near_duplicates);
  }

  void drop_leaks(Signatures& rows, const Signatures& later) const {
    if (rules_.of(RowFault::leaks).action != FixAction::drop) return;
    drop_all(rows,
             options_.dedup_method == DedupMethod::minhash
                 ? find_leaked(rows.index, later.index, options_.jaccard_threshold).first
                 : find_leaked(rows.prints, later.prints, options_.near_dup_threshold),
             RowFault::leaks);
  }

 private:
  bool needs_signature() const {
    return rules_.of(RowFault::near_duplicates).action == FixAction::drop ||
           rules_.of(RowFault::leaks).action == FixAction::drop;
  }

  /// What the row's own text says.
  DropReason judge(const JsonLine& row, std::string& buffer) const {
    if (flags_ == 0 && rules_.of(RowFault::no_text).action != FixAction::drop) return {};
    const std::string_view text = row_text(row.value, buffer);
    if (text.empty()) {
      if (rules_.of(RowFault::no_text).action != FixAction::drop) return {};
      return {DropReason::fault, static_cast<std::uint16_t>(RowFault::no_text)};
    }
    const unsigned found = flags_ == 0 ? 0U : static_cast<unsigned>(quality_flags(TextMasks(text))) & flags_;
    for (std::uint16_t i = 0; i < kQualityFlags.size(); ++i)
      if ((found >> i & 1U) != 0) return {DropReason::flag, i};
    return {};
  }

  /// A row that goes is nobody's duplicate any more.
  static void drop(Signatures& rows, std::size_t row, RowFault fault) {
    rows.drops[row] = {DropReason::fault, static_cast<std::uint16_t>(fault)};
    if (!rows.prints.empty()) rows.prints[row] = 0;
    if (rows.index.size() > 0) rows.index.forget(row);
  }
  static void drop_all(Signatures& rows, const std::vector<bool>& which, RowFault fault) {
    for (std::size_t row = 0; row < which.size(); ++row)
      if (which[row] && !rows.drops[row].is_dropped()) drop(rows, row, fault);
  }

  const AuditOptions& options_;
  const FixRules& rules_;
  std::uint8_t flags_ = 0;
};

/// Its place among splits that must not know each other's rows; -1 for others.
int rank_of(const SplitAudit& split) {
  static constexpr std::string_view kOrder[] = {"train", "validation", "test"};
  const auto* const at = std::find(std::begin(kOrder), std::end(kOrder), split.name);
  return at == std::end(kOrder) ? -1 : static_cast<int>(at - std::begin(kOrder));
}

}  // namespace

std::vector<SplitPlan> plan_fix(const AuditOptions& options, const AuditReport& report, const FixRules& rules,
                                const std::function<void(std::uint64_t)>& read_bytes) {
  const Planner planner(options, rules);
  std::vector<SplitPlan> plans(report.splits.size());
  std::vector<Signatures> all(report.splits.size());
  std::uint64_t bytes_before = 0;
  for (std::size_t i = 0; i < report.splits.size(); ++i) {
    const SplitAudit& split = report.splits[i];
    SplitBlocks blocks(split.path);
    std::deque<RowFixer> fixers;
    for (int worker = 0; worker < options.num_workers; ++worker) fixers.emplace_back(rules, options.engine);
    run_ordered<SplitBlock, std::pair<Signatures, std::uint64_t>>(
        options.num_workers, [&] { return blocks.next(); },
        [&](SplitBlock block, int thread) {
          std::pair<Signatures, std::uint64_t> done{{}, block.end_byte};
          for_each_fix_line(std::move(block), [&](const FixLine& line) {
            planner.add(fixers[static_cast<std::size_t>(thread)], line, done.first);
          });
          return done;
        },
        [&](const std::pair<Signatures, std::uint64_t>& block) {
          plans[i].first_rows.push_back(all[i].drops.size());
          all[i].append(block.first);
          read_bytes(bytes_before + block.second);
        });
    all[i].index.finish();
    bytes_before += split.size_bytes;
    if (blocks.digest_hex() != split.sha256)
      throw RunError(RunErrorKind::data, cat(quote(split.path.native()), " was changed after it was audited"),
                     "let nothing write to it, and try again");
  }
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rank_of(report.splits[a]) > rank_of(report.splits[b]); });
  for (std::size_t at = 0; at < order.size(); ++at) {
    Signatures& rows = all[order[at]];
    planner.drop_duplicates(rows);
    if (rank_of(report.splits[order[at]]) < 0) continue;
    for (std::size_t later = 0; later < at; ++later) planner.drop_leaks(rows, all[order[later]]);
  }
  for (std::size_t i = 0; i < all.size(); ++i) plans[i].drops = std::move(all[i].drops);
  return plans;
}

}  // namespace forgelm::audit
