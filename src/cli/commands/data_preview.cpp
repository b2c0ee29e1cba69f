// `forgelm data preview JOB`: rows as training sees them, with what is learnt.
#include "../load_job.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/preview.hpp"

namespace forgelm::cli {
extern const CommandSpec command_data_preview;

namespace {

FORGELM_CHOICES(Split, train, eval)

ExitCode run(const Arguments& arguments, Output& output) {
  const std::string file = arguments.text("JOB");
  const config::LoadedJob loaded = load_checked_job(file, output);
  data::PreviewOptions options;
  options.num_rows = static_cast<std::uint64_t>(arguments.integer("n"));
  options.first_row = static_cast<std::uint64_t>(arguments.integer("from"));
  options.is_eval = arguments.choice<Split>("split") == Split::eval;
  const data::Preview preview = data::preview_rows(stage_of(loaded, arguments), options);

  output.print(cat("row format: ", preview.format, "\ntokenizer: ", preview.tokenizer, "\nchat template: ",
                   preview.chat_template, "\n\n", data::preview_text(preview.rows, output.has_color())));
  if (preview.rows.empty() && preview.problems.empty())
    output.print(cat("there are no rows from ", options.first_row, " on\n"));
  Json document = Json::object({{"success", preview.problems.empty()},
                                {"row_format", preview.format},
                                {"tokenizer", preview.tokenizer},
                                {"chat_template", preview.chat_template}});
  document.set("rows", data::preview_json(preview.rows).at("rows"));
  document.set("problems", to_json(preview.problems));
  if (const auto html = arguments.maybe_text("html")) {
    write_file_durably(*html, data::preview_html(preview.rows, cat("What is learnt: ", file)));
    output.note(cat("wrote ", *html));
    document.set("html", *html);
  }
  output.set_document(std::move(document));
  output.report(preview.problems);
  return preview.problems.empty() ? ExitCode::ok : ExitCode::config_error;
}

constexpr OptionSpec kOptions[] = {
    kJobArgument,
    {.name = "n",
     .kind = OptionKind::integer,
     .doc = "How many rows to show.",
     .value_name = "N",
     .default_text = "5",
     .at_least = 1,
     .at_most = 100000},
    {.name = "from",
     .kind = OptionKind::integer,
     .doc = "The first row to show, counted from 0.",
     .value_name = "ROW",
     .default_text = "0",
     .at_least = 0},
    {.name = "split",
     .kind = OptionKind::choice,
     .doc = "Which rows: those of the training split, or those of an evaluation split that the data set brings.",
     .choices = choices<Split>,
     .default_text = "train"},
    kStageOption,
    {.name = "html", .kind = OptionKind::path, .doc = "Write a page with the same to this file.", .value_name = "FILE"},
};

constexpr Example kExamples[] = {
    {"forgelm data preview job.yaml", "the first five rows"},
    {"forgelm data preview job.yaml --n 20 --html preview.html", "a page to look at, with every token's border"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error};

}  // namespace

const CommandSpec command_data_preview = {
    .name = "data preview",
    .summary = "Show rows as the model will see them, and what of them is learnt",
    .details =
        "Reads the tokenizer of the job's model and the first rows of its data set; nothing is trained or written. "
        "Learnt tokens are green, or stand between \u27e6 and \u27e7 where there is no colour. What is shown is what "
        "the token ids "
        "say, so that whatever the template or the tokenizer does to a row is seen.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
