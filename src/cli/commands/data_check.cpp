// `forgelm data check PATH`: every row against what a trainer needs.
#include "forgelm/data/check_rows.hpp"

#include <functional>

#include "../datasets.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
extern const CommandSpec command_data_check;

namespace {

constexpr std::size_t kMaxShown = 50;  ///< on a terminal; JSON and annotations have all that are kept

/// `--column prompt=input` as the object of data.columns.
Json renames_of(const Arguments& arguments) {
  Json renames = Json::object();
  for (const std::string& text : arguments.texts("column")) {
    const std::size_t at = text.find('=');
    if (at == 0 || at == std::string::npos || at + 1 == text.size())
      throw UsageError("data check", cat("--column ", quote(text), " is not NAME=COLUMN"),
                       "the name that forgelm knows, and the column of the file: --column prompt=input");
    renames.set(text.substr(0, at), text.substr(at + 1));
  }
  return renames;
}

Json split_json(const data::CheckedSplit& split) {
  return Json::object({{"name", split.name},
                       {"format", split.format.empty() ? Json() : Json(split.format)},
                       {"rows", split.num_rows},
                       {"usable", split.num_usable},
                       {"wrong", split.num_wrong},
                       {"empty", split.num_empty},
                       {"dropped", split.num_dropped},
                       {"size_bytes", split.size_bytes},
                       {"unused_columns", Json::array_of(split.unused_columns)}});
}

void print_split(const data::CheckedSplit& split, Output& output) {
  const auto count = [](std::uint64_t number) { return grouped(static_cast<std::int64_t>(number)); };
  output.print(cat(split.name, ": ", split.format.empty() ? "no known format" : split.format, "\n"));
  output.print(cat("  ", rows_text(split.num_rows), ", ", count(split.num_usable), " usable, ", count(split.num_wrong),
                   " wrong, ", count(split.num_empty), " with empty values, ", count(split.num_dropped),
                   " of no use otherwise\n"));
  if (!split.unused_columns.empty()) output.print(cat("  not read: ", join(split.unused_columns, ", "), "\n"));
}

ExitCode run(const Arguments& arguments, Output& output) {
  data::CheckOptions options;
  options.rules.trainer = arguments.choice<config::TrainerType>("trainer");
  options.rules.task = arguments.choice<config::DataTask>("task");
  options.rules.columns = renames_of(arguments);
  options.min_rows = static_cast<std::uint64_t>(arguments.integer("min-rows"));
  options.num_billion_parameters = arguments.maybe_real("model-size").value_or(0);
  options.num_threads = num_processors();
  const DataPlace place = find_data(arguments.text("PATH"));
  const data::Source source = data::find_source(place.path);
  data::CheckReport report;
  {
    ReadingProgress progress("check");
    options.on_progress = std::ref(progress);
    report = data::check_rows(source, options);
  }
  Json splits = Json::array();
  for (const data::CheckedSplit& split : report.splits) {
    splits.push(split_json(split));
    print_split(split, output);
  }
  std::vector<std::string> advice = report.advice;
  for (const std::string& line : advice) output.print(cat("advice: ", line, "\n"));
  output.print(report.has_error ? cat("not fit for ", to_text(options.rules.trainer), "\n")
                                : cat("fit for ", to_text(options.rules.trainer), "\n"));
  output.flush();
  Json document = Json::object({{"success", !report.has_error},
                                {"trainer", to_text(options.rules.trainer)},
                                {"task", to_text(options.rules.task)},
                                {"path", place.path},
                                {"splits", std::move(splits)},
                                {"findings_total", report.num_findings},
                                {"findings", to_json(report.findings)},
                                {"advice", Json::array_of(advice)}});
  if (report.has_error) document.set("exit_code", static_cast<int>(ExitCode::config_error));
  output.set_document(std::move(document));
  const bool is_cut = output.format() == OutputFormat::text && report.findings.size() > kMaxShown;
  if (is_cut) report.findings.resize(kMaxShown);
  output.report(report.findings);
  if (report.num_findings > report.findings.size())
    output.note(cat("and ", report.num_findings - report.findings.size(), " findings more",
                    is_cut ? "; --output-format json lists more of them" : ""));
  return report.has_error ? ExitCode::config_error : ExitCode::ok;
}

constexpr OptionSpec kOptions[] = {
    kDataArgument,
    {.name = "trainer",
     .kind = OptionKind::choice,
     .doc = "Who is to learn from the rows: training.trainer_type.",
     .choices = choices<config::TrainerType>,
     .default_text = "sft"},
    {.name = "task",
     .kind = OptionKind::choice,
     .doc = "What the rows are for: data.task.",
     .choices = choices<config::DataTask>,
     .default_text = "chat"},
    {.name = "column",
     .kind = OptionKind::text,
     .doc = "The name that forgelm knows, and what the file calls it (data.columns): prompt=input. May be given more "
            "than once.",
     .value_name = "NAME=COLUMN",
     .is_repeated = true},
    {.name = "min-rows",
     .kind = OptionKind::integer,
     .doc = "Usable rows that the training split must have.",
     .value_name = "N",
     .default_text = "10",
     .at_least = 1},
    {.name = "model-size",
     .kind = OptionKind::real,
     .doc = "The model's parameters in thousand millions, for advice on how many rows it wants.",
     .value_name = "BILLIONS",
     .at_least = 0.001,
     .at_most = 100000},
};

constexpr Example kExamples[] = {
    {"forgelm data check data/pairs.jsonl --trainer dpo", "prompt, chosen and rejected in every row"},
    {"forgelm data check data/news.csv --task summarization --column document=article --column summary=highlights",
     "columns under other names"},
    {"forgelm data check data --output-format github", "as a CI step that annotates the lines"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error};

}  // namespace

const CommandSpec command_data_check = {
    .name = "data check",
    .summary = "Check every row of a data set against what a trainer needs",
    .details =
        "Needs no model and no tokenizer. Rows that are wrong are errors with file, line and field, and end it with "
        "exit code 1, as do too few rows; empty values and rows of which nothing is learnt are warnings. Every split "
        "is read whole.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
