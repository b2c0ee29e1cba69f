#include "profile_report.hpp"

#include <algorithm>

#include "forgelm/audit/token_lengths.hpp"
#include "forgelm/core/rounding.hpp"
#include "forgelm/core/text.hpp"
#include "notes.hpp"

namespace forgelm::audit {
namespace {

constexpr std::size_t kMaxColumns = 2000;  // listed for a split
constexpr std::size_t kMaxItems = 1000;    // listed for a benchmark

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : rounded(static_cast<double>(part) / static_cast<double>(whole), 4);
}

/// "ssn" of "people[].ssn".
std::string_view last_key(std::string_view path) {
  while (path.ends_with("[]")) path.remove_suffix(2);
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

struct FlaggedColumn {
  std::string path;
  const ColumnNameRule* rule = nullptr;
  std::vector<std::string> splits;
};

struct SchemaPii {
  std::size_t num_checked = 0;
  std::vector<FlaggedColumn> flagged;  ///< in order of appearance
  std::string risk = "none";
};

SchemaPii schema_pii(const AuditReport& report) {
  SchemaPii out;
  std::vector<std::string_view> seen;
  for (const SplitAudit& split : report.splits)
    for (const ColumnProfile& column : split.profile.columns.columns) {
      if (column.path.ends_with("[]")) continue;
      seen.push_back(column.path);
      const ColumnNameRule* const rule = column_name_rule(last_key(column.path));
      if (rule == nullptr) continue;
      auto known = std::find_if(out.flagged.begin(), out.flagged.end(),
                                [&](const FlaggedColumn& flagged) { return flagged.path == column.path; });
      if (known == out.flagged.end()) known = out.flagged.insert(known, {column.path, rule, {}});
      known->splits.push_back(split.name);
      if (out.risk != "high") out.risk = rule->risk;
    }
  std::sort(seen.begin(), seen.end());
  out.num_checked = static_cast<std::size_t>(std::unique(seen.begin(), seen.end()) - seen.begin());
  return out;
}

Json schema_pii_json(const AuditReport& report) {
  const SchemaPii found = schema_pii(report);
  Json flagged = Json::array();
  for (const FlaggedColumn& column : found.flagged)
    flagged.push(Json::object({{"path", column.path},
                               {"rule", column.rule->part},
                               {"risk", column.rule->risk},
                               {"splits", Json::array_of(column.splits)}}));
  return Json::object(
      {{"fields_checked", found.num_checked}, {"flagged_fields", std::move(flagged)}, {"pii_risk", found.risk}});
}

Json line_json(std::uint64_t line) { return line > 0 ? Json(line) : Json(); }

Json column_json(const ColumnProfile& column) {
  Json types = Json::object();
  for (std::size_t i = 0; i < kNumValueTypes; ++i)
    if (column.num_of[i] > 0) types.set(to_text(static_cast<ValueType>(i)), column.num_of[i]);
  Json out = Json::object({{"path", column.path},
                           {"places", column.num_places},
                           {"missing", column.num_missing()},
                           {"null", column.num_null()},
                           {"empty", column.num_empty},
                           {"null_rate", share(column.num_missing() + column.num_null(), column.num_places)},
                           {"types", std::move(types)}});
  if (column.num_types() < 2) return out;
  Json drift = Json::array();
  for (std::size_t i = 1; i < kNumValueTypes; ++i)
    if (column.num_of[i] > 0)
      drift.push(Json::object({{"type", to_text(static_cast<ValueType>(i))},
                               {"count", column.num_of[i]},
                               {"first_line", line_json(column.first_line[i])}}));
  return std::move(out.set("type_drift", std::move(drift)));
}

Json columns_json(const ColumnsProfile& profile) {
  Json columns = Json::array();
  for (std::size_t i = 0; i < std::min(profile.columns.size(), kMaxColumns); ++i)
    columns.push(column_json(profile.columns[i]));
  return Json::object({{"columns_total", profile.columns.size()},
                       {"repeated_keys", profile.num_repeated_keys},
                       {"untracked_keys", profile.num_untracked_keys},
                       {"columns", std::move(columns)}});
}

Json encoding_json(const SplitAudit& split) {
  const EncodingProfile& profile = split.profile.encoding;
  Json kinds = Json::object(), places = Json::array();
  for (std::size_t i = 0; i < kNumDamages; ++i)
    if (profile.num_places[i] > 0)
      kinds.set(to_text(static_cast<Damage>(i)),
                Json::object({{"places", profile.num_places[i]}, {"rows", profile.num_rows[i]}}));
  for (const DamagePlace& place : profile.places) {
    Json item = Json::object({{"kind", to_text(place.kind)},
                              {"file", split.path.filename().native()},
                              {"line", line_json(place.line)},
                              {"row", place.row},
                              {"field", place.field},
                              {"begin", place.begin},
                              {"found", place.found}});
    if (!place.meant.empty()) item.set("meant", place.meant);
    places.push(std::move(item));
  }
  return Json::object({{"damaged_rows", profile.num_damaged_rows},
                       {"damaged_rate", share(profile.num_damaged_rows, split.num_rows)},
                       {"kinds", std::move(kinds)},
                       {"places_listed", profile.places.size()},
                       {"places", std::move(places)}});
}

double mean(std::uint64_t sum, std::uint64_t count) {
  return count == 0 ? 0.0 : rounded(static_cast<double>(sum) / static_cast<double>(count), 1);
}

Json pairs_json(const PairBalance& pairs) {
  return Json::object({{"rows", pairs.num_rows},
                       {"chosen_longer", pairs.num_chosen_longer},
                       {"rejected_longer", pairs.num_rejected_longer},
                       {"chosen_longer_rate", share(pairs.num_chosen_longer, pairs.num_rows)},
                       {"mean_chosen_length", mean(pairs.chosen_characters, pairs.num_rows)},
                       {"mean_rejected_length", mean(pairs.rejected_characters, pairs.num_rows)},
                       {"identical", pairs.num_identical},
                       {"empty_chosen", pairs.num_empty_chosen},
                       {"empty_rejected", pairs.num_empty_rejected}});
}

Json labelled_json(const LabelBalance& labels) {
  return Json::object({{"rows", labels.num_rows},
                       {"desirable", labels.num_desirable},
                       {"undesirable", labels.num_undesirable},
                       {"desirable_rate", share(labels.num_desirable, labels.num_desirable + labels.num_undesirable)},
                       {"unreadable", labels.num_unreadable},
                       {"mean_desirable_length", mean(labels.desirable_characters, labels.num_desirable)},
                       {"mean_undesirable_length", mean(labels.undesirable_characters, labels.num_undesirable)},
                       {"empty_answers", labels.num_empty}});
}

/// A column that repeats a few values. Values are data: what is personal or secret in them is masked.
Json values_json(const ColumnProfile& column) {
  std::uint64_t total = 0;
  for (const ValueCount& value : column.values) total += value.count;
  Json values = Json::array();
  for (const ValueCount& value : column.values)
    values.push(Json::object({{"value", mask_pii(mask_secrets(value.value))},
                              {"count", value.count},
                              {"share", share(value.count, total)}}));
  return Json::object({{"path", column.path},
                       {"rows", total},
                       {"distinct", column.values.size()},
                       {"majority_share", share(column.values.front().count, total)},
                       {"values", std::move(values)}});
}

Json labels_json(const SplitAudit& split) {
  const LabelsProfile& labels = split.profile.labels;
  Json out = Json::object(), columns = Json::array();
  if (labels.pairs.num_rows > 0) out.set("preference", pairs_json(labels.pairs));
  if (labels.labels.num_rows > 0) out.set("labelled", labelled_json(labels.labels));
  if (labels.pairs.num_rows + labels.labels.num_rows > 0)
    out.set("prompts",
            Json::object({{"distinct", labels.num_prompts}, {"repeated_rows", labels.num_repeated_prompts}}));
  for (const ColumnProfile& column : split.profile.columns.columns)
    if (!column.values.empty()) columns.push(values_json(column));
  return std::move(out.set("columns", std::move(columns)));
}

Json tokens_json(const TokensProfile& tokens) {
  Json out = Json::object({{"read_as", tokens.read_as},
                           {"rows", tokens.num_rows},
                           {"rows_as_text", tokens.num_rows_as_text},
                           {"rows_dropped", tokens.num_rows_dropped},
                           {"sequences", tokens.num_sequences},
                           {"tokens", tokens.num_tokens},
                           {"min", tokens.min},
                           {"max", tokens.max},
                           {"mean", tokens.mean},
                           {"p50", tokens.p50},
                           {"p95", tokens.p95},
                           {"p99", tokens.p99}});
  if (!tokens.max_length) return out;
  out.set("rows_over", tokens.num_rows_over);
  out.set("rows_over_rate", share(tokens.num_rows_over, tokens.num_rows));
  out.set("sequences_over", tokens.num_sequences_over);
  out.set("tokens_lost", tokens.num_tokens_lost);
  return std::move(out.set("tokens_lost_rate", share(tokens.num_tokens_lost, tokens.num_tokens)));
}

Json item_json(const AuditReport& report, const BenchmarkIndex::Benchmark& benchmark, const ContaminatedItem& touched) {
  const BenchmarkIndex::Item& item = report.benchmarks->items()[touched.item];
  const SplitAudit& split = report.splits[touched.split];
  return Json::object({{"file", benchmark.files[item.file].path.filename().native()},
                       {"line", line_json(item.line)},
                       {"item", touched.item - benchmark.first_item},
                       {"ngrams", item.num_grams},
                       {"ngrams_found", touched.num_found},
                       {"share", touched.share},
                       {"split", split.name},
                       {"data_file", split.path.filename().native()},
                       {"data_line", line_json(touched.line)},
                       {"data_row", touched.row}});
}

Json overlap_json(const AuditReport& report, std::size_t number) {
  const BenchmarkIndex::Benchmark& benchmark = report.benchmarks->benchmarks()[number];
  const BenchmarkOverlap& overlap = report.overlaps[number];
  Json files = Json::array(), rows = Json::object(), items = Json::array();
  for (const BenchmarkIndex::File& file : benchmark.files)
    files.push(Json::object({{"file", file.path.filename().native()}, {"sha256", file.sha256}}));
  for (std::size_t i = 0; i < report.splits.size(); ++i)
    if (report.splits[i].profile.contamination)
      rows.set(report.splits[i].name,
               Json::object({{"rows_touched", overlap.num_rows_touched[i]},
                             {"rate", share(overlap.num_rows_touched[i], report.splits[i].num_rows)}}));
  for (std::size_t i = 0; i < std::min(overlap.items.size(), kMaxItems); ++i)
    items.push(item_json(report, benchmark, overlap.items[i]));
  return Json::object({{"files", std::move(files)},
                       {"items", overlap.num_items},
                       {"items_too_short", benchmark.num_items_too_short},
                       {"items_touched", overlap.num_touched},
                       {"items_half", overlap.num_half},
                       {"items_most", overlap.num_most},
                       {"contamination_rate", rounded(overlap.rate, 4)},
                       {"splits", std::move(rows)},
                       {"items_listed", std::min(overlap.items.size(), kMaxItems)},
                       {"touched", std::move(items)}});
}

Json contamination_json(const AuditReport& report) {
  Json benchmarks = Json::object();
  for (std::size_t i = 0; i < report.overlaps.size(); ++i)
    benchmarks.set(report.benchmarks->benchmarks()[i].name, overlap_json(report, i));
  return Json::object({{"ngram", report.benchmarks->ngram()},
                       {"normalization", "words (\\w+) in lower case; n-grams within one string"},
                       {"benchmarks", std::move(benchmarks)}});
}

/// One object with a member for each split that could be read.
template <class Make>
Json by_split(const AuditReport& report, Make make) {
  Json splits = Json::object();
  for (const SplitAudit& split : report.splits)
    if (split.error.empty()) splits.set(split.name, make(split));
  return splits;
}

std::string drift_text(const ColumnProfile& column) {
  std::vector<std::string> parts;
  for (std::size_t i = 1; i < kNumValueTypes; ++i)
    if (column.num_of[i] > 0)
      parts.push_back(cat(to_text(static_cast<ValueType>(i)), "=", column.num_of[i],
                          column.first_line[i] > 0 ? cat(" from line ", column.first_line[i]) : ""));
  return cat(column.path, ": ", join(parts, ", "));
}

/// The first few of `items`, and how many more there are.
std::string first_of(const std::vector<std::string>& items, std::string_view separator) {
  constexpr std::size_t kMaxShown = 5;
  if (items.size() <= kMaxShown) return join(items, separator);
  return cat(join(std::vector<std::string>(items.begin(), items.begin() + kMaxShown), separator), " and ",
             items.size() - kMaxShown, " more");
}

std::string columns_text(const ColumnsProfile& profile) {
  std::vector<std::string> drifts, gaps;
  for (const ColumnProfile& column : profile.columns) {
    if (column.num_types() > 1) drifts.push_back(drift_text(column));
    if (const std::uint64_t gap = column.num_null() + column.num_empty; gap > 0)
      gaps.push_back(cat(column.path, "=", gap));
  }
  std::string out;
  if (!gaps.empty()) out += cat("     null or empty   : ", first_of(gaps, ", "), "\n");
  if (!drifts.empty()) out += cat("     type drift      : ", first_of(drifts, "; "), "\n");
  return out;
}

std::string encoding_text(const EncodingProfile& profile) {
  if (profile.num_damaged_rows == 0) return {};
  std::vector<std::string> kinds;
  for (std::size_t i = 0; i < kNumDamages; ++i)
    if (profile.num_places[i] > 0) kinds.push_back(cat(to_text(static_cast<Damage>(i)), "=", profile.num_places[i]));
  return cat("     encoding damage : ", join(kinds, ", "), " (rows=", profile.num_damaged_rows, ")\n");
}

std::string tokens_text(const std::optional<TokensProfile>& tokens) {
  if (!tokens) return {};
  std::string out = cat("     tokens          : total=", tokens->num_tokens, " p50=", tokens->p50, " p95=", tokens->p95,
                        " p99=", tokens->p99, " max=", tokens->max, " mean=", tokens->mean, "\n");
  if (tokens->max_length)
    out += cat("     over ", *tokens->max_length, " tokens: rows=", tokens->num_rows_over,
               " tokens lost=", tokens->num_tokens_lost, " (",
               percent(share(tokens->num_tokens_lost, tokens->num_tokens), 1), ")\n");
  return out;
}

std::string overlaps_text(const AuditReport& report) {
  if (!report.benchmarks) return {};
  std::string out = cat("  Contamination (", report.benchmarks->ngram(), "-grams):\n");
  for (std::size_t i = 0; i < report.overlaps.size(); ++i) {
    const BenchmarkOverlap& overlap = report.overlaps[i];
    std::uint64_t rows = 0;
    for (const std::uint64_t count : overlap.num_rows_touched) rows += count;
    out += cat("    ", report.benchmarks->benchmarks()[i].name, ": items touched=", overlap.num_touched, "/",
               overlap.num_items_judged, " (", percent(overlap.rate), ") half or more=", overlap.num_half,
               " rows touched=", rows, "\n");
  }
  return out;
}

std::string labels_text(const LabelsProfile& profile) {
  std::string out;
  if (const PairBalance& pairs = profile.pairs; pairs.num_rows > 0)
    out += cat("     preference      : pairs=", pairs.num_rows,
               " chosen longer=", percent(share(pairs.num_chosen_longer, pairs.num_rows), 1),
               " identical=", pairs.num_identical, " empty=", pairs.num_empty_chosen, "/", pairs.num_empty_rejected,
               " repeated prompts=", profile.num_repeated_prompts, "\n");
  if (const LabelBalance& labels = profile.labels; labels.num_rows > 0)
    out += cat("     labels          : desirable=", labels.num_desirable, " undesirable=", labels.num_undesirable,
               " unreadable=", labels.num_unreadable, " empty=", labels.num_empty,
               " repeated prompts=", profile.num_repeated_prompts, "\n");
  return out;
}

}  // namespace

void add_profile(Json& document, const AuditReport& report) {
  document.set("schema_pii", schema_pii_json(report));
  document.set("columns",
               by_split(report, [](const SplitAudit& split) { return columns_json(split.profile.columns); }));
  document.set("encoding", by_split(report, encoding_json));
  document.set("labels", by_split(report, labels_json));
  if (report.tokens) {
    const text::Tokenizer& tokenizer = report.tokens->builder().tokenizer();
    const std::optional<std::int64_t> limit = report.tokens->max_length();
    document.set("tokens", Json::object({{"tokenizer", report.tokens->source()},
                                         {"tokenizer_sha256", tokenizer.digest()},
                                         {"chat_template", report.tokens->builder().chat_template().name()},
                                         {"max_length", limit ? Json(*limit) : Json()},
                                         {"splits", by_split(report, [](const SplitAudit& split) {
                                            return tokens_json(*split.profile.tokens);
                                          })}}));
  }
  if (report.benchmarks) document.set("contamination", contamination_json(report));
}

std::string profile_text(const SplitAudit& split) {
  return columns_text(split.profile.columns) + encoding_text(split.profile.encoding) +
         labels_text(split.profile.labels) + tokens_text(split.profile.tokens);
}

std::string profile_summary(const AuditReport& report) {
  const std::string overlaps = overlaps_text(report);
  const SchemaPii found = schema_pii(report);
  if (found.flagged.empty()) return overlaps;
  std::vector<std::string> columns;
  for (const FlaggedColumn& column : found.flagged) columns.push_back(cat(column.path, " (", column.rule->part, ")"));
  return cat("  Column names   : ", first_of(columns, ", "), " \xE2\x80\x94 risk = ", found.risk, "\n", overlaps);
}

bool has_profile_findings(const SplitAudit& split) { return !profile_text(split).empty(); }

}  // namespace forgelm::audit
