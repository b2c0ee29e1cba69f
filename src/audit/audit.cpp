// The splits one after the other; within a split one thread cuts the file into
// blocks and all threads read them.
#include "forgelm/audit/audit.hpp"

#include <algorithm>
#include <memory>
#include <tuple>

#include "block_audit.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/process_memory.hpp"
#include "forgelm/core/rounding.hpp"
#include "forgelm/core/text.hpp"
#include "notes.hpp"
#include "sketch_index.hpp"
#include "split_blocks.hpp"
#include "splits.hpp"

namespace forgelm::audit {
namespace {

namespace fs = std::filesystem;
using ReadBytes = std::function<void(std::uint64_t)>;

void read_split(const AuditOptions& options, SplitAudit& split, const ReadBytes& progress) {
  SplitBlocks blocks(split.path);
  const ProfileTools tools = profile_tools(options, split);
  std::vector<std::unique_ptr<BlockAuditor>> auditors;
  for (int i = 0; i < options.num_workers; ++i) auditors.push_back(std::make_unique<BlockAuditor>(options, tools));
  SplitFold fold(options, tools, split);
  run_ordered<SplitBlock, BlockAudit>(
      options.num_workers, [&] { return blocks.next(); },
      [&](SplitBlock block, int thread) {
        BlockAuditor& auditor = *auditors[static_cast<std::size_t>(thread)];
        const std::uint64_t end_byte = block.end_byte;
        for_each_line(
            std::move(block),
            [&](std::string_view line, std::size_t num_readable, std::uint64_t number) {
              auditor.add(line, num_readable, number);
            },
            [&](std::uint64_t) { auditor.add_unreadable(); });
        BlockAudit done = auditor.take();
        done.end_byte = end_byte;
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

void add_overlaps(AuditReport& report) {
  if (!report.benchmarks) return;
  std::vector<const ContaminationProfile*> profiles;
  for (const SplitAudit& split : report.splits)
    profiles.push_back(split.profile.contamination ? &*split.profile.contamination : nullptr);
  report.overlaps = find_overlaps(*report.benchmarks, profiles);
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
  keep_freed_memory();
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
  report.tokens = options.tokens;
  report.benchmarks = options.benchmarks;
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
  add_overlaps(report);
  judge(report);
  add_notes(report);
  return report;
}

}  // namespace forgelm::audit
