// `forgelm data stats PATH`: a data set in figures.
#include "forgelm/data/statistics.hpp"

#include <functional>

#include "../datasets.hpp"
#include "../verdict.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/progress.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/glance.hpp"

namespace forgelm::cli {
extern const CommandSpec command_data_stats;

namespace {

/// Rows by language, from the audit's reports of a registered set; null where there are none.
Json languages_of(const std::optional<registry::Dataset>& dataset) {
  Json out;
  if (!dataset) return out;
  for (const std::string& path : dataset->audit_paths) {
    const auto text = read_file_if_exists(path);
    const auto report = text ? parse_json(*text, {.max_bytes = std::size_t{1} << 30}) : Result<Json>(Failure{});
    const Json* splits = report ? report->find("languages") : nullptr;
    if (splits == nullptr || splits->kind() != Json::Kind::object) continue;
    for (const auto& [name, split] : splits->members()) {
      const Json* counts = split.find("counts");
      if (counts == nullptr || counts->kind() != Json::Kind::object) continue;
      for (const auto& [language, count] : counts->members()) {
        const Json* before = out.find(language);
        out.set(language, (before == nullptr ? 0 : before->integer()) + count.integer());
      }
    }
  }
  return out;
}

Json split_json(const data::SplitStatistics& split) {
  Json columns = Json::array();
  for (const data::ColumnStatistics& column : split.columns)
    columns.push(Json::object({{"name", column.name}, {"rows", column.num_rows}, {"empty", column.num_empty}}));
  const auto& lengths = split.lengths;
  return Json::object(
      {{"name", split.name},
       {"files", split.num_files},
       {"size_bytes", split.size_bytes},
       {"rows", split.num_rows},
       {"unreadable", split.num_unreadable},
       {"text_bytes", split.text_bytes},
       {"estimated_tokens", static_cast<std::int64_t>(data::estimated_tokens(static_cast<double>(split.text_bytes)))},
       {"length", Json::object({{"min", lengths.min()},
                                {"max", lengths.max()},
                                {"mean", lengths.mean()},
                                {"p50", lengths.percentile(50)},
                                {"p95", lengths.percentile(95)},
                                {"p99", lengths.percentile(99)}})},
       {"columns", std::move(columns)}});
}

void print_split(const data::SplitStatistics& split, Output& output) {
  const auto count = [](std::uint64_t number) { return grouped(static_cast<std::int64_t>(number)); };
  const auto& lengths = split.lengths;
  output.print(cat(split.name, "\n"));
  output.print(
      fact_line("rows", cat(count(split.num_rows),
                            split.num_unreadable > 0 ? cat(", ", count(split.num_unreadable), " unreadable") : "")));
  output.print(fact_line("size", cat(format_bytes(static_cast<std::int64_t>(split.size_bytes)), " in ", split.num_files,
                                     split.num_files == 1 ? " file" : " files")));
  output.print(
      fact_line("characters", cat(count(lengths.min()), " to ", count(lengths.max()), " a row, half up to ",
                                  count(lengths.percentile(50)), ", 95 % up to ", count(lengths.percentile(95)))));
  output.print(fact_line(
      "tokens",
      cat("about ", count(static_cast<std::uint64_t>(data::estimated_tokens(static_cast<double>(split.text_bytes)))),
          " (at 4 bytes a token)")));
  for (const data::ColumnStatistics& column : split.columns)
    output.print(fact_line("column", cat(shown(column.name), "  ", rows_text(column.num_rows),
                                         column.num_empty > 0 ? cat(", ", count(column.num_empty), " empty") : "")));
}

ExitCode run(const Arguments& arguments, Output& output) {
  const DataPlace place = find_data(arguments.text("PATH"));
  const data::Source source = data::find_source(place.path);
  std::vector<data::SplitStatistics> splits;
  {
    ReadingProgress progress("read");
    splits = data::data_statistics(source, std::ref(progress));
  }
  Json list = Json::array();
  for (const data::SplitStatistics& split : splits) {
    list.push(split_json(split));
    print_split(split, output);
  }
  const Json languages = languages_of(place.dataset);
  if (!languages.is_null()) {
    std::vector<std::string> words;
    for (const auto& [language, count] : languages.members()) words.push_back(cat(language, "=", count.integer()));
    output.print(cat("languages\n", fact_line("audited", join(words, ", "))));
  }
  output.set_document(Json::object({{"success", true},
                                    {"path", place.path},
                                    {"ref", place.dataset ? Json(place.dataset->ref()) : Json()},
                                    {"splits", std::move(list)},
                                    {"languages", languages}}));
  return ExitCode::ok;
}

constexpr OptionSpec kOptions[] = {kDataArgument};

constexpr Example kExamples[] = {
    {"forgelm data stats data/train.jsonl", "rows, sizes, lengths and columns"},
    {"forgelm data stats support-chats@1.0.0 --output-format json", "with the languages that its audit found"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error};

}  // namespace

const CommandSpec command_data_stats = {
    .name = "data stats",
    .summary = "Show rows, sizes, lengths and columns of a data set",
    .details =
        "Reads every row of every split. Lengths are characters of all texts of a row; tokens are estimated, `forgelm "
        "data prepare` counts them. Languages come from the audit of a registered data set.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
