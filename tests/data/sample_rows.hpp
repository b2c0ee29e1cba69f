// Rows for the tests of row formats, written as JSON lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/text.hpp"
#include "forgelm/data/row_converter.hpp"

namespace forgelm::test {

inline Json json(std::string_view text) { return parse_json(text).value(); }

/// One row a line; a single row may run over several.
inline std::vector<formats::Row> rows(const std::string& lines) {
  std::vector<formats::Row> out;
  const auto add = [&](Json value) {
    formats::Row row;
    row.value = std::move(value);
    row.number = out.size();
    row.line = out.size() + 1;
    out.push_back(std::move(row));
  };
  if (auto single = parse_json(lines); single.ok()) {
    add(std::move(single).value());
    return out;
  }
  for (const auto& line : split(lines, '\n'))
    if (!trim(line).empty()) add(json(line));
  return out;
}

inline data::RowRules rules(config::TrainerType trainer = config::TrainerType::sft,
                            config::DataTask task = config::DataTask::chat, std::string_view columns = "{}") {
  data::RowRules out;
  out.trainer = trainer;
  out.task = task;
  out.columns = json(columns);
  return out;
}

inline std::vector<data::RowOutcome> convert(const std::string& lines, const data::RowRules& how = rules()) {
  const auto all = rows(lines);
  const data::RowConverter converter(how, "rows.jsonl", all);
  std::vector<data::RowOutcome> out;
  for (const auto& row : all) out.push_back(converter.convert(row, "rows.jsonl"));
  return out;
}

/// The only sample of the only row.
inline data::Sample sample(const std::string& line, const data::RowRules& how = rules()) {
  const auto outcomes = convert(line, how);
  const auto& outcome = outcomes.at(0);
  if (outcome.problem) throw ConfigError({*outcome.problem});
  return outcome.samples.at(0);
}

/// The name of the format that the rows are taken for.
inline std::string format_of(const std::string& lines, const data::RowRules& how = rules()) {
  return std::string(data::RowConverter(how, "rows.jsonl", rows(lines)).format().name);
}

/// "path: message" of the first row's problem.
inline std::string problem(const std::string& lines, const data::RowRules& how = rules()) {
  for (const auto& outcome : convert(lines, how))
    if (outcome.problem) return cat(outcome.problem->path, ": ", outcome.problem->message);
  return "";
}

}  // namespace forgelm::test
