// https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html. How data
// was collected, by whom and for what is not to be seen in it: those terms are
// left for people.
#include "croissant_rai.hpp"

#include <set>

#include "entities.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"
#include "notes.hpp"

namespace forgelm::audit {
namespace {

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

Json personal_information(const AuditReport& report) {
  std::uint64_t strings = 0;
  for (const SplitAudit& split : report.splits) strings += split.num_strings;
  Json all = Json::array();
  for (const auto& [name, count] : report.found) {
    const Kind& kind = all_kinds()[static_cast<std::size_t>(find_kind(name))];
    all.push(cat(kind.doc, " (", name, ", ", to_text(kind.family), ", tier ", to_text(kind.tier), "): found in ", count,
                 " place(s)."));
  }
  if (report.found.empty()) all.push("Nothing of the kinds looked for was found.");
  all.push(cat("Looked for in ", strings, " text value(s) by forgelm ", version(), ": ", num_pattern_kinds(),
               " kinds of personal data and secrets that have a shape or a "
               "check digit. Names of people and places have ",
               report.entity_finder.is_null() ? "none and were not looked for."
                                              : "none; a named-entity model looked for them."));
  return all;
}

Json biases(const AuditReport& report) {
  Json all = Json::array();
  for (const SplitAudit& split : report.splits) {
    std::vector<std::string> shares;
    for (const auto& [code, count] : split.languages)
      shares.push_back(cat(code, " ", percent(share(count, split.num_language_sample), 1)));
    if (!shares.empty())
      all.push(cat("Languages of ", split.num_language_sample, " sampled row(s) of ", split.name, ": ",
                   join(shares, ", "), "."));
  }
  return all;
}

Json limitations(const AuditReport& report) {
  Json all = Json::array();
  for (const SplitAudit& split : report.splits) {
    const auto say = [&](std::uint64_t count, std::string_view what) {
      if (count > 0) all.push(cat(split.name, ": ", count, " ", what, "."));
    };
    if (!split.error.empty()) all.push(cat(split.name, ": the file could not be read."));
    say(split.num_parse_errors, "row(s) that cannot be read");
    say(split.num_decode_errors, "line(s) with bytes that are not UTF-8");
    say(split.num_exact_duplicates, "row(s) whose text an earlier row has");
    say(split.near.num_pairs, "pair(s) of rows with nearly the same text");
    say(split.num_quality_flagged, "row(s) flagged by heuristics of text quality");
    if (!split.drift_columns.empty())
      all.push(cat(split.name, ": columns that not all rows have: ", join(split.drift_columns, ", "), "."));
  }
  for (const Leak& leak : report.leaks)
    if (leak.num_in_a + leak.num_in_b > 0)
      all.push(cat(leak.num_in_a, " row(s) of ", leak.a, " stand in ", leak.b, " too, nearly, and ", leak.num_in_b,
                   " of ", leak.b, " in ", leak.a, "."));
  return all;
}

Json missing_data(const AuditReport& report) {
  std::vector<std::string> parts;
  for (const SplitAudit& split : report.splits)
    if (split.num_without_text > 0)
      parts.push_back(cat(split.num_without_text, " of ", split.num_rows, " row(s) of ", split.name, " have no text"));
  return parts.empty() ? Json() : Json(cat(join(parts, "; "), "."));
}

Json languages(const AuditReport& report) {
  std::set<std::string> seen;
  Json all = Json::array();
  for (const SplitAudit& split : report.splits)
    for (const auto& [code, count] : split.languages)
      if (code != "unknown" && seen.insert(code).second) all.push(code);
  return all;
}

}  // namespace

void add_rai_terms(const AuditReport& report, Json& card) {
  const auto set = [&](const char* term, Json value) {
    const bool is_empty = value.is_null() || (value.kind() == Json::Kind::array && value.items().empty());
    if (!is_empty) card.set(term, std::move(value));
  };
  set("inLanguage", languages(report));
  set("rai:personalSensitiveInformation", personal_information(report));
  set("rai:dataBiases", biases(report));
  set("rai:dataLimitations", limitations(report));
  set("rai:dataCollectionMissingData", missing_data(report));
}

}  // namespace forgelm::audit
