// The report as JSON and as text. Keys of the reference come first, in its
// order; ours (files, scan, duplicates, languages) follow.
#include <algorithm>
#include <cstdio>

#include "forgelm/audit/audit.hpp"
#include "forgelm/core/rounding.hpp"
#include "forgelm/core/text.hpp"
#include "minhash.hpp"
#include "notes.hpp"
#include "profile_report.hpp"

namespace forgelm::audit {
namespace {

constexpr std::size_t kMaxListedPairs = 100'000;

Json split_json(const SplitAudit& split, bool with_quality, DedupMethod method) {
  if (!split.error.empty()) return Json::object({{"error", split.error}, {"path", split.path.native()}});
  Json info = Json::object({{"sample_count", split.num_rows}});
  if (split.num_rows > 0) {
    if (!split.columns.empty()) info.set("columns", Json::array_of(split.columns));
    if (!split.drift_columns.empty()) info.set("schema_drift_columns", Json::array_of(split.drift_columns));
    if (split.num_non_object > 0) info.set("non_object_rows", split.num_non_object);
    if (const LengthStatistics& lengths = split.lengths; lengths.count > 0)
      info.set("text_length", Json::object({{"min", lengths.min},
                                            {"max", lengths.max},
                                            {"mean", lengths.mean},
                                            {"p50", lengths.p50},
                                            {"p95", lengths.p95}}));
    info.set("null_or_empty_count", split.num_without_text);
    info.set("null_or_empty_rate",
             rounded(static_cast<double>(split.num_without_text) / static_cast<double>(split.num_rows), 4));
    if (!split.languages.empty()) {
      Json top = Json::array();
      for (std::size_t i = 0; i < std::min<std::size_t>(3, split.languages.size()); ++i)
        top.push(Json::object({{"code", split.languages[i].first}, {"count", split.languages[i].second}}));
      info.set("languages_top3", std::move(top));
    }
    info.set(cat(to_text(method), "_distinct"), split.near.num_distinct);
    if (!split.pii.empty()) info.set("pii_counts", to_object(split.pii));
    if (!split.secrets.empty()) info.set("secrets_counts", to_object(split.secrets));
    if (with_quality) {
      info.set("quality_samples_evaluated", split.num_quality_evaluated);
      info.set("quality_samples_flagged", split.num_quality_flagged);
      if (!split.quality.empty()) info.set("quality_flags_counts", to_object(split.quality));
    }
  }
  info.set("near_duplicate_pairs", split.near.num_pairs);
  if (split.num_parse_errors > 0) info.set("parse_errors", split.num_parse_errors);
  if (split.num_decode_errors > 0) info.set("decode_errors", split.num_decode_errors);
  return info;
}

void set_thresholds(Json& object, const AuditReport& report) {
  if (report.dedup_method == DedupMethod::simhash) {
    object.set("hamming_threshold", report.near_dup_threshold);
    return;
  }
  object.set("jaccard_threshold", report.jaccard_threshold);
  object.set("num_perm", kNumPermutations);
}

Json overlap_json(const AuditReport& report) {
  Json pairs = Json::object();
  for (const Leak& leak : report.leaks)
    pairs.set(cat(leak.a, "__", leak.b), Json::object({{cat("leaked_rows_in_", leak.a), leak.num_in_a},
                                                       {cat("leak_rate_", leak.a), leak.rate_a},
                                                       {cat("leaked_rows_in_", leak.b), leak.num_in_b},
                                                       {cat("leak_rate_", leak.b), leak.rate_b}}));
  Json overlap = Json::object({{"method", to_text(report.dedup_method)}});
  set_thresholds(overlap, report);
  return std::move(overlap.set("pairs", std::move(pairs)));
}

Json finding_json(const SplitAudit& split, const Finding& finding) {
  const Kind& kind = all_kinds()[finding.kind];
  return Json::object({{"split", split.name},
                       {"file", split.path.filename().native()},
                       {"line", finding.line > 0 ? Json(finding.line) : Json()},
                       {"row", finding.row},
                       {"field", finding.field},
                       {"begin", finding.begin},
                       {"end", finding.end},
                       {"kind", std::string(kind.name)},
                       {"family", to_text(kind.family)},
                       {"tier", to_text(kind.tier)},
                       {"excerpt", finding.excerpt}});
}

Json scan_json(const AuditReport& report) {
  Json kinds = Json::object(), findings = Json::array();
  for (const auto& [name, count] : report.found) {
    const Kind& kind = all_kinds()[static_cast<std::size_t>(find_kind(name))];
    kinds.set(name, Json::object({{"count", count},
                                  {"family", to_text(kind.family)},
                                  {"tier", to_text(kind.tier)},
                                  {"is_checked", kind.is_checked}}));
  }
  std::uint64_t strings = 0, bytes = 0, listed = 0;
  for (const SplitAudit& split : report.splits) {
    strings += split.num_strings;
    bytes += split.num_string_bytes;
    listed += split.findings.size();
    for (const Finding& finding : split.findings) findings.push(finding_json(split, finding));
  }
  return Json::object({{"strings", strings},
                       {"bytes", bytes},
                       {"kinds", std::move(kinds)},
                       {"entity_finder", report.entity_finder},
                       {"findings_total", total_of(report.found)},
                       {"findings_listed", listed},
                       {"findings", std::move(findings)}});
}

/// Bits of simhashes that differ, or the estimated Jaccard similarity.
Json nearness(const AuditReport& report, const NearPair& pair) {
  if (report.dedup_method == DedupMethod::simhash) return pair.distance;
  constexpr auto kAll = static_cast<double>(kNumPermutations);
  return (kAll - pair.distance) / kAll;
}

Json duplicates_json(const AuditReport& report) {
  Json splits = Json::object();
  for (const SplitAudit& split : report.splits) {
    if (!split.error.empty()) continue;
    Json pairs = Json::array(), clusters = Json::array();
    for (const NearPair& pair : split.near.pairs)
      pairs.push(Json::object(
          {{"rows", Json::array({pair.first, pair.second})},
           {report.dedup_method == DedupMethod::simhash ? "distance" : "jaccard", nearness(report, pair)}}));
    for (const NearCluster& cluster : split.near.clusters)
      clusters.push(Json::object({{"first_row", cluster.first}, {"rows", cluster.size}}));
    splits.set(split.name, Json::object({{"exact_duplicate_rows", split.num_exact_duplicates},
                                         {"near_pairs_total", split.near.num_pairs},
                                         {"near_pairs", std::move(pairs)},
                                         {"near_clusters", std::move(clusters)}}));
  }
  return Json::object({{"pairs_listed_up_to", kMaxListedPairs}, {"splits", std::move(splits)}});
}

Json languages_json(const AuditReport& report) {
  Json splits = Json::object();
  for (const SplitAudit& split : report.splits) {
    if (!split.error.empty()) continue;
    Json counts = Json::object();
    for (const auto& [code, count] : split.languages) counts.set(code, count);
    splits.set(split.name, Json::object({{"rows_sampled", split.num_language_sample}, {"counts", std::move(counts)}}));
  }
  return splits;
}

/// Counts of texts by length: none, 1, 2 to 3, 4 to 7 characters and so on, up to the longest.
Json lengths_json(const AuditReport& report) {
  Json splits = Json::object();
  for (const SplitAudit& split : report.splits) {
    if (!split.error.empty()) continue;
    const auto& bins = split.lengths.histogram;
    std::size_t count = bins.size();
    while (count > 0 && bins[count - 1] == 0) --count;
    Json counts = Json::array();
    for (std::size_t i = 0; i < count; ++i) counts.push(bins[i]);
    splits.set(split.name, Json::object({{"by_power_of_two", std::move(counts)}}));
  }
  return splits;
}

Json files_json(const AuditReport& report) {
  Json files = Json::array();
  for (const SplitAudit& split : report.splits)
    if (split.error.empty())
      files.push(Json::object({{"split", split.name},
                               {"file", split.path.filename().native()},
                               {"size_bytes", split.size_bytes},
                               {"sha256", split.sha256}}));
  return files;
}

bool has_findings(const SplitAudit& split) {
  return !split.error.empty() || split.num_without_text > 0 || split.near.num_pairs > 0 || !split.pii.empty() ||
         !split.secrets.empty() || !split.quality.empty() || !split.drift_columns.empty() || split.num_non_object > 0 ||
         split.num_parse_errors > 0 || split.num_decode_errors > 0 || !split.found.empty() ||
         has_profile_findings(split);
}

std::string split_text(const SplitAudit& split) {
  std::string out = cat("  \xE2\x94\x94\xE2\x94\x80 ", split.name, ": n=", split.num_rows, "\n");
  if (!split.error.empty()) return cat(out, "     ERROR        : ", split.error, "\n");
  const auto line = [&](std::string_view label, const std::string& value) { out += cat("     ", label, value, "\n"); };
  if (split.num_parse_errors > 0)
    line("parse errors    : ", cat(split.num_parse_errors, " (malformed JSONL line(s) skipped)"));
  if (split.num_decode_errors > 0)
    line("decode errors   : ", cat(split.num_decode_errors, " (non-UTF-8 byte(s) replaced with U+FFFD)"));
  if (split.num_non_object > 0) line("non-object rows : ", cat(split.num_non_object, " (valid JSON but not a dict)"));
  if (const LengthStatistics& lengths = split.lengths; lengths.count > 0)
    line("length  ", cat("min=", lengths.min, " max=", lengths.max, " mean=", lengths.mean, " p95=", lengths.p95));
  if (split.num_without_text > 0)
    line("null/empty: ",
         cat(split.num_without_text, " (",
             percent(static_cast<double>(split.num_without_text) / static_cast<double>(split.num_rows), 1), ")"));
  if (split.near.num_pairs > 0) line("near-duplicate pairs: ", cat(split.near.num_pairs));
  if (split.num_exact_duplicates > 0) line("exact duplicate rows: ", cat(split.num_exact_duplicates));
  std::vector<std::string> top;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, split.languages.size()); ++i)
    top.push_back(cat(split.languages[i].first, "=", split.languages[i].second));
  if (!top.empty()) line("languages (top-3): ", join(top, ", "));
  if (!split.pii.empty()) line("PII             : ", listed(split.pii));
  if (!split.secrets.empty()) line("secrets         : ", listed(split.secrets));
  if (!split.found.empty()) line("all strings     : ", listed(split.found));
  if (!split.quality.empty())
    line("quality flags   : ", cat(listed(split.quality), " (samples_flagged=", split.num_quality_flagged, ")"));
  if (!split.drift_columns.empty()) line("schema drift    : ", join(split.drift_columns, ", "));
  return out + profile_text(split);
}

}  // namespace

Json pii_severity(const Counts& pii) {
  Json by_tier = Json::object(), by_type = Json::object(), worst;
  std::array<std::uint64_t, 4> tiers{};
  for (const auto& [name, count] : pii) {
    const Tier tier = all_kinds()[static_cast<std::size_t>(find_kind(name))].tier;
    by_type.set(name, Json::object({{"count", count}, {"tier", to_text(tier)}}));
    tiers[static_cast<std::size_t>(tier)] += count;
  }
  for (std::size_t i = tiers.size(); i-- > 0;)
    if (tiers[i] > 0) worst = to_text(static_cast<Tier>(i));
  for (std::size_t i = 0; i < tiers.size(); ++i) by_tier.set(to_text(static_cast<Tier>(i)), tiers[i]);
  return Json::object({{"total", total_of(pii)},
                       {"by_tier", std::move(by_tier)},
                       {"by_type", std::move(by_type)},
                       {"worst_tier", std::move(worst)}});
}

Json near_duplicate_summary(const AuditReport& report) {
  Json pairs = Json::object();
  for (const SplitAudit& split : report.splits) pairs.set(split.name, split.near.num_pairs);
  Json summary = Json::object({{"method", to_text(report.dedup_method)}, {"pairs_per_split", std::move(pairs)}});
  set_thresholds(summary, report);
  return summary;
}

Json quality_summary(const AuditReport& report) {
  if (!report.with_quality) return Json::object();
  const double score = report.num_quality_evaluated == 0
                           ? 1.0
                           : rounded(1.0 - static_cast<double>(report.num_quality_flagged) /
                                               static_cast<double>(report.num_quality_evaluated),
                                     4);
  return Json::object({{"samples_flagged", report.num_quality_flagged},
                       {"samples_evaluated", report.num_quality_evaluated},
                       {"by_check", to_object(report.quality)},
                       {"overall_quality_score", score}});
}

Json to_json(const AuditReport& report) {
  Json splits = Json::object();
  for (const SplitAudit& split : report.splits)
    splits.set(split.name, split_json(split, report.with_quality, report.dedup_method));
  Json document = Json::object({{"generated_at", report.generated_at},
                                {"source_path", report.source_path},
                                {"source_input", report.source_input},
                                {"total_samples", report.total_rows},
                                {"splits", std::move(splits)},
                                {"cross_split_overlap", overlap_json(report)},
                                {"pii_summary", to_object(report.pii)},
                                {"pii_severity", pii_severity(report.pii)},
                                {"near_duplicate_summary", near_duplicate_summary(report)},
                                {"secrets_summary", to_object(report.secrets)},
                                {"quality_summary", quality_summary(report)},
                                {"croissant", report.croissant},
                                {"notes", Json::array_of(report.notes)},
                                {"files", files_json(report)},
                                {"scan", scan_json(report)},
                                {"duplicates", duplicates_json(report)},
                                {"languages", languages_json(report)},
                                {"lengths", lengths_json(report)}});
  add_profile(document, report);
  return document;
}

std::string summary_text(const AuditReport& report, bool is_verbose) {
  std::vector<std::string> names, clean;
  for (const SplitAudit& split : report.splits) names.push_back(split.name);
  std::string out = cat("Data audit summary\n  Source        : ", report.source_path,
                        "\n  Total samples : ", report.total_rows, "\n  Splits        : ", join(names, ", "), "\n");
  for (const SplitAudit& split : report.splits) {
    if (is_verbose || has_findings(split)) out += split_text(split);
    else clean.push_back(split.name);
  }
  if (!clean.empty())
    out += cat("  \xE2\x94\x94\xE2\x94\x80 (", clean.size(), " clean split(s): ", join(clean, ", "),
               " \xE2\x80\x94 --verbose shows them)\n");
  if (!report.pii.empty()) {
    const Json severity = pii_severity(report.pii);
    std::vector<std::string> tiers;
    for (const auto& [tier, count] : severity.at("by_tier").members())
      if (count.integer() > 0) tiers.push_back(cat(tier, "=", count.integer()));
    out += cat("  PII severity   : worst tier = ", severity.at("worst_tier").text(),
               "\n     by tier      : ", join(tiers, ", "), "\n");
  }
  out += profile_summary(report);
  if (!report.secrets.empty())
    out += cat("  Secrets        : CRITICAL \xE2\x80\x94 ", total_of(report.secrets), " flagged (",
               listed(report.secrets), ")\n");
  if (report.num_quality_flagged > 0) {
    char score[32];
    std::snprintf(score, sizeof score, "%.4f", quality_summary(report).at("overall_quality_score").real());
    out += cat("  Quality        : ", report.num_quality_flagged, " sample(s) flagged (overall score = ", score, ")\n");
  }
  if (!report.leaks.empty()) {
    out += cat("  Cross-split leakage (", to_text(report.dedup_method), "):\n");
    for (const Leak& leak : report.leaks)
      out += cat("    ", leak.a, "__", leak.b, ": leaked=", leak.num_in_a, "/", leak.num_in_b,
                 " rate=", percent(leak.rate_a), "/", percent(leak.rate_b), "\n");
  }
  return out;
}

}  // namespace forgelm::audit
