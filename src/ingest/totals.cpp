#include "totals.hpp"

#include <algorithm>

namespace forgelm::ingest {
namespace {

/// One list for both directions.
template <class T, class Visit>
void visit_counters(T& totals, Visit visit) {
  visit("num_rows", totals.num_rows);
  visit("num_files_processed", totals.num_files_processed);
  visit("num_files_skipped", totals.num_files_skipped);
  visit("num_characters", totals.num_characters);
  visit("num_urls", totals.num_urls);
  visit("num_stripped", totals.num_stripped);
  visit("num_patterns_skipped", totals.num_patterns_skipped);
  visit("num_conversations_left_out", totals.num_conversations_left_out);
  visit("num_outside_characters", totals.num_outside_characters);
  visit("num_edge_lines", totals.num_edge_lines);
  visit("num_block_headers", totals.num_block_headers);
  visit("num_pages_dropped", totals.num_pages_dropped);
  visit("num_quality_rows", totals.num_quality_rows);
  visit("num_quality_flagged", totals.num_quality_flagged);
  visit("num_few_letters", totals.num_few_letters);
  visit("num_odd_characters", totals.num_odd_characters);
  visit("num_repeated_lines", totals.num_repeated_lines);
  visit("num_scripts_checked", totals.num_scripts_checked);
}

}  // namespace

void Totals::add(const FileReport& report, const std::string& language) {
  num_rows += report.num_rows;
  num_characters += report.num_characters;
  num_urls += report.num_urls;
  num_stripped += report.num_stripped;
  num_patterns_skipped += report.num_patterns_skipped;
  num_conversations_left_out += report.num_conversations_left_out;
  num_outside_characters += report.num_outside_characters;
  if (report.format.empty()) {
    ++num_files_skipped;
  } else {
    ++num_files_processed;
    ++formats[report.format];
  }
  num_edge_lines += report.num_edge_lines;
  num_block_headers += report.num_block_headers;
  num_pages_dropped += report.dropped_pages.size();
  for (const int page : report.dropped_pages) dropped_pages.insert(page - 1);
  add_counts(pii, report.pii);
  add_counts(secrets, report.secrets);
  for (const QualityFlags& flags : report.quality) {
    if (num_quality_rows == kMaxQualityRows) break;
    ++num_quality_rows;
    num_quality_flagged += flags.any() ? 1 : 0;
    num_few_letters += flags.has_few_letters ? 1 : 0;
    num_odd_characters += flags.has_odd_characters ? 1 : 0;
    num_repeated_lines += flags.has_repeated_lines ? 1 : 0;
  }
  if (!report.script) return;
  ++num_scripts_checked;
  max_script_ratio = std::max(max_script_ratio, report.script->ratio);
  if (!report.script->is_triggered) return;
  Json offenders = Json::array();
  for (const auto& [glyph, count] : report.script->offenders)
    offenders.push(Json::object({{"glyph", glyph}, {"count", count}}));
  foreign_scripts.push_back(Json::object({{"file_path", report.path},
                                          {"ratio", report.script->ratio},
                                          {"language_hint", language},
                                          {"cause_hint", report.script->cause},
                                          {"top_offenders", std::move(offenders)}}));
}

Json Totals::to_json() const {
  Json json = Json::object();
  visit_counters(*this, [&](const char* name, std::uint64_t count) { json.set(name, count); });
  json.set("formats", to_object(formats));
  json.set("pii", to_object(pii));
  json.set("secrets", to_object(secrets));
  json.set("dropped_pages", Json::array_of(dropped_pages));
  json.set("max_script_ratio", max_script_ratio);
  json.set("foreign_scripts", foreign_scripts);
  return json;
}

Totals Totals::from_json(const Json& json) {
  Totals totals;
  visit_counters(totals, [&](const char* name, std::uint64_t& count) {
    count = static_cast<std::uint64_t>(json.at(name).integer());
  });
  totals.formats = to_counts(json.at("formats"));
  totals.pii = to_counts(json.at("pii"));
  totals.secrets = to_counts(json.at("secrets"));
  for (const Json& page : json.at("dropped_pages").items())
    totals.dropped_pages.insert(static_cast<int>(page.integer()));
  totals.max_script_ratio = json.at("max_script_ratio").real();
  totals.foreign_scripts = json.at("foreign_scripts").items();
  return totals;
}

}  // namespace forgelm::ingest
