// The splits one after the other; within a split one thread cuts the file into
// blocks and all threads read them.
#include "forgelm/audit/audit.hpp"

#include <algorithm>
#include <tuple>
#include <variant>

#include "block_audit.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/line_blocks.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/rounding.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/row_blocks.hpp"
#include "notes.hpp"
#include "sketch_index.hpp"
#include "splits.hpp"

namespace forgelm::audit {
namespace {

namespace fs = std::filesystem;
using ReadBytes = std::function<void(std::uint64_t)>;

struct Block {
  std::variant<LineBlock, formats::RowBlock> content;
  std::uint64_t end_byte = 0;
};

/// The blocks of a file: lines as they are for JSONL, rows of the other
/// formats.
class Blocks {
 public:
  explicit Blocks(const fs::path& path) : path_(path) {
    const std::string ending = path.extension().native();
    const bool is_other = ending == ".json" || ending == ".csv" || ending == ".tsv" || ending == ".parquet";
    if (is_other) rows_.emplace(path);
    else lines_.emplace(std::optional(path));
  }

  std::optional<Block> next() {
    if (rows_) {
      formats::RowBlock block;
      if (!rows_->next(block)) return std::nullopt;
      const std::uint64_t end = rows_->bytes_read();
      return Block{std::move(block), end};
    }
    std::optional<LineBlock> block = lines_->next();
    if (!block) return std::nullopt;
    hash_.update(block->text);
    if (block->first_line == 1 && block->text.starts_with("\xEF\xBB\xBF")) block->text.erase(0, 3);
    return Block{std::move(*block), lines_->bytes_read()};
  }

  /// SHA-256 of the file, behind the last block.
  std::string digest_hex() { return lines_ ? hash_.finish_hex() : sha256_file(path_); }

 private:
  fs::path path_;
  Sha256 hash_;
  std::optional<LineBlocks> lines_;
  std::optional<formats::RowBlocks> rows_;
};

void read_lines(const LineBlock& block, BlockAuditor& auditor) {
  std::uint64_t number = block.first_line;
  const char* const end = block.text.data() + block.text.size();
  for (const std::string_view line : block.lines())
    auditor.add(line, static_cast<std::size_t>(end - line.data()), number++);
}

void read_rows(formats::RowBlock block, BlockAuditor& auditor) {
  static constexpr JsonStyle kOneLine{.ensure_ascii = false, .compact = true};
  for (const formats::ParsedRow& row : formats::parse_block(std::move(block))) {
    if (!row.ok()) {
      auditor.add_unreadable();
      continue;
    }
    const std::string line = dump(row.row.value, kOneLine);
    auditor.add(line, line.size(), row.row.line);
  }
}

void read_split(const AuditOptions& options, SplitAudit& split, const ReadBytes& progress) {
  Blocks blocks(split.path);
  std::vector<std::unique_ptr<BlockAuditor>> auditors;
  for (int i = 0; i < options.num_workers; ++i) auditors.push_back(std::make_unique<BlockAuditor>(options));
  SplitFold fold(options, split);
  run_ordered<Block, BlockAudit>(
      options.num_workers, [&] { return blocks.next(); },
      [&](Block block, int thread) {
        BlockAuditor& auditor = *auditors[static_cast<std::size_t>(thread)];
        if (auto* const lines = std::get_if<LineBlock>(&block.content)) read_lines(*lines, auditor);
        else read_rows(std::move(std::get<formats::RowBlock>(block.content)), auditor);
        BlockAudit done = auditor.take();
        done.end_byte = block.end_byte;
        return done;
      },
      [&](BlockAudit block) {
        progress(block.end_byte);
        fold.add(std::move(block));
      });
  split.sha256 = blocks.digest_hex();
  fold.finish();
}

/// A split that cannot be read is reported with its error; the others go on.
SplitAudit audit_split(const AuditOptions& options, const SplitFile& file, const ReadBytes& progress) {
  SplitAudit split;
  split.name = file.name;
  split.path = file.path;
  try {
    split.size_bytes = fs::file_size(file.path);
    read_split(options, split, progress);
  } catch (const Error& error) {
    if (const auto* const run = dynamic_cast<const RunError*>(&error);
        run != nullptr && run->kind() != RunErrorKind::io)
      throw;
    SplitAudit failed;
    failed.name = file.name;
    failed.path = file.path;
    failed.error = cat("read_failed: ", error.what());
    return failed;
  }
  return split;
}

/// Rows that have words.
std::uint64_t num_comparable(const SplitAudit& split) {
  if (split.sketches) return split.sketches->size() - split.sketches->num_empty();
  const auto empty = std::count(split.fingerprints.begin(), split.fingerprints.end(), std::uint64_t{0});
  return split.fingerprints.size() - static_cast<std::uint64_t>(empty);
}

std::vector<Leak> find_leaks(const std::vector<SplitAudit>& splits, const AuditOptions& options) {
  std::vector<Leak> leaks;
  const auto rate = [](std::uint64_t leaked, std::uint64_t of) {
    return rounded(static_cast<double>(leaked) / static_cast<double>(of), 4);
  };
  for (std::size_t i = 0; i < splits.size(); ++i)
    for (std::size_t j = i + 1; j < splits.size(); ++j) {
      const SplitAudit &a = splits[i], &b = splits[j];
      const std::uint64_t in_a = num_comparable(a), in_b = num_comparable(b);
      if (in_a == 0 || in_b == 0) continue;
      Leak leak;
      leak.a = a.name;
      leak.b = b.name;
      if (options.dedup_method == DedupMethod::minhash) {
        std::tie(leak.num_in_a, leak.num_in_b) = count_leaked(*a.sketches, *b.sketches, options.jaccard_threshold);
      } else {
        leak.num_in_a = count_leaked(a.fingerprints, b.fingerprints, options.near_dup_threshold);
        leak.num_in_b = count_leaked(b.fingerprints, a.fingerprints, options.near_dup_threshold);
      }
      leak.rate_a = rate(leak.num_in_a, in_a);
      leak.rate_b = rate(leak.num_in_b, in_b);
      leaks.push_back(std::move(leak));
    }
  return leaks;
}

/// The reference's finding in a row's text or ours in any string: the larger
/// count, since one is part of the other.
void judge(AuditReport& report) {
  Counts all = report.found;
  for (const Counts* const counts : {&report.pii, &report.secrets})
    for (const auto& [name, count] : *counts) all[name] = std::max(all[name], count);
  for (const auto& [name, count] : all) {
    const Kind& kind = all_kinds()[static_cast<std::size_t>(find_kind(name))];
    Gate& gate = kind.family == Family::secret ? report.secrets_gate : report.pii_gate;
    (kind.tier == Tier::critical ? gate.critical : gate.advisory)[name] = count;
  }
  for (Gate* const gate : {&report.pii_gate, &report.secrets_gate}) gate->has_failed = !gate->critical.empty();
}

}  // namespace

AuditReport audit_data(const AuditOptions& options, const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  const fs::path source = fs::absolute(options.input).lexically_normal();
  SplitLayout layout = find_splits(source);
  std::uint64_t total_bytes = 0, done_bytes = 0;
  for (const SplitFile& file : layout.splits) {
    std::error_code error;
    const std::uint64_t size = fs::file_size(file.path, error);
    if (!error) total_bytes += size;
  }
  AuditReport report;
  report.generated_at = iso_format(environment().utc_now());
  report.source_path = source.native();
  report.source_input = options.input;
  report.with_quality = options.with_quality;
  report.dedup_method = options.dedup_method;
  if (options.entities != nullptr) report.entity_finder = options.entities->describe();
  report.near_dup_threshold = options.near_dup_threshold;
  report.jaccard_threshold = options.jaccard_threshold;
  report.notes = std::move(layout.notes);
  for (const SplitFile& file : layout.splits) {
    report.splits.push_back(audit_split(options, file, [&](std::uint64_t bytes) {
      if (progress) progress(done_bytes + bytes, total_bytes);
    }));
    const SplitAudit& split = report.splits.back();
    done_bytes += split.size_bytes;
    report.total_rows += split.num_rows;
    report.num_quality_evaluated += split.num_quality_evaluated;
    report.num_quality_flagged += split.num_quality_flagged;
    add_counts(report.pii, split.pii);
    add_counts(report.secrets, split.secrets);
    add_counts(report.quality, split.quality);
    add_counts(report.found, split.found);
  }
  report.leaks = find_leaks(report.splits, options);
  judge(report);
  add_notes(report);
  return report;
}

}  // namespace forgelm::audit
