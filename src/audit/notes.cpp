#include "notes.hpp"

#include <algorithm>
#include <cstdio>

#include "forgelm/core/text.hpp"

namespace forgelm::audit {
namespace {

void add_read_notes(AuditReport& report) {
  for (const SplitAudit& split : report.splits) {
    if (!split.error.empty()) report.notes.push_back(cat("split '", split.name, "' skipped (", split.error, ")"));
    if (split.num_parse_errors > 0)
      report.notes.push_back(cat("split '", split.name, "': ", split.num_parse_errors,
                                 " malformed JSONL line(s) skipped \xE2\x80\x94 metrics computed "
                                 "over the parseable "
                                 "subset only."));
    if (split.num_decode_errors > 0)
      report.notes.push_back(cat("split '", split.name, "': ", split.num_decode_errors,
                                 " line(s) had non-UTF-8 bytes (replaced with "
                                 "U+FFFD). Re-encode the source file as "
                                 "UTF-8 if these rows matter."));
  }
}

void add_pii_note(AuditReport& report) {
  if (report.pii.empty()) {
    report.notes.emplace_back(
        "No PII flagged. (Regex-based detector "
        "\xE2\x80\x94 false negatives possible.)");
    return;
  }
  Tier worst = Tier::low;
  for (const auto& [name, count] : report.pii)
    worst = std::min(worst, all_kinds()[static_cast<std::size_t>(find_kind(name))].tier);
  report.notes.push_back(cat("WORST tier: ", ascii_upper(to_text(worst)), ". PII flags surfaced (",
                             total_of(report.pii), " total: ", listed(report.pii),
                             "). Review before publishing; mask with `forgelm ingest --pii-mask`."));
}

void add_leak_note(AuditReport& report) {
  std::vector<std::string> names;
  double worst_rate = 0;
  std::string worst;
  for (const Leak& leak : report.leaks) {
    const double rate = std::max(leak.rate_a, leak.rate_b);
    if (rate <= 0) continue;
    names.push_back(cat(leak.a, "__", leak.b));
    if (rate > worst_rate) {
      worst_rate = rate;
      worst = names.back();
    }
  }
  if (!names.empty())
    report.notes.push_back(cat("Cross-split leakage detected in ", names.size(), " pair(s): ", join(names, ", "),
                               ". Worst leak rate: ", percent(worst_rate), " (", worst,
                               "). Re-shuffle splits before benchmarking \xE2\x80\x94 leaked rows "
                               "poison test fidelity."));
}

/// What stands outside of the rows' texts, or is of a kind that the reference
/// does not have.
void add_scan_note(AuditReport& report) {
  Counts more;
  for (const auto& [name, count] : report.found) {
    const auto in = [&key = name](const Counts& counts) {  // clang 14 captures no binding by its own name
      const auto at = counts.find(key);
      return at == counts.end() ? std::uint64_t{0} : at->second;
    };
    if (const std::uint64_t known = std::max(in(report.pii), in(report.secrets)); count > known)
      more[name] = count - known;
  }
  if (!more.empty())
    report.notes.push_back(
        cat("The scan of every string found more than the "
            "rows' texts hold, or further kinds (",
            listed(more), "): see `scan`."));
}

}  // namespace

std::string listed(const Counts& counts) {
  std::vector<std::string> parts;
  for (const auto& [name, count] : counts) parts.push_back(cat(name, "=", count));
  return join(parts, ", ");
}

std::string percent(double rate, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f%%", decimals, rate * 100);
  return text;
}

void add_notes(AuditReport& report) {
  add_read_notes(report);
  add_pii_note(report);
  if (!report.secrets.empty())
    report.notes.push_back(cat("CRITICAL: ", total_of(report.secrets), " credential/secret span(s) detected (",
                               listed(report.secrets),
                               "). Scrub before training with `forgelm ingest --secrets-mask`."));
  add_scan_note(report);
  if (report.num_quality_flagged > 0)
    report.notes.push_back(cat("Quality filter flagged ", report.num_quality_flagged, " sample(s) (",
                               listed(report.quality),
                               "). Heuristics are intentionally conservative; "
                               "review the offending rows before "
                               "deciding to drop them. Pass `--quality-filter` "
                               "again after fixes to re-measure."));
  add_leak_note(report);
  std::uint64_t pairs = 0, parse_errors = 0, decode_errors = 0;
  for (const SplitAudit& split : report.splits) {
    pairs += split.near.num_pairs;
    parse_errors += split.num_parse_errors;
    decode_errors += split.num_decode_errors;
  }
  if (pairs > 0)
    report.notes.push_back(cat(pairs,
                               " near-duplicate pair(s) found within splits. Inspect; "
                               "identical chunks waste training "
                               "compute and can overweight specific phrasing."));
  if (parse_errors + decode_errors > 0)
    report.notes.push_back(cat("Data integrity: ", parse_errors, " parse error(s) + ", decode_errors,
                               " decode error(s) across all splits. These rows "
                               "did NOT contribute to per-split "
                               "metrics \xE2\x80\x94 re-emit the JSONL after "
                               "fixing or accept the parseable subset as "
                               "audited."));
}

}  // namespace forgelm::audit
