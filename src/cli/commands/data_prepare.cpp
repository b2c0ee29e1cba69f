// `forgelm data prepare JOB`: the data of a job, read, rendered and tokenized into the cache, with a report.
#include "../load_job.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/packing.hpp"
#include "forgelm/data/prepare.hpp"
#include "forgelm/data/token_cache.hpp"

namespace forgelm::cli {
extern const CommandSpec command_data_prepare;

namespace {

/// How full the sequences of a packed epoch are.
struct PackingReport {
  std::size_t num_sequences = 0;
  double share_filled = 0;
};

PackingReport packing_report(const data::ExampleList& examples, std::int64_t max_length) {
  std::vector<std::uint32_t> lengths;
  lengths.reserve(examples.size());
  std::uint64_t num_tokens = 0;
  for (std::uint64_t i = 0; i < examples.size(); ++i) {
    lengths.push_back(examples.length(i));
    num_tokens += lengths.back();
  }
  const data::Bins bins = data::pack_best_fit(lengths, static_cast<std::uint32_t>(max_length));
  PackingReport report;
  report.num_sequences = bins.size();
  if (bins.size() > 0)
    report.share_filled =
        static_cast<double>(num_tokens) / (static_cast<double>(bins.size()) * static_cast<double>(max_length));
  return report;
}

std::uint64_t num_tokens(const data::ExampleList& examples) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < examples.size(); ++i) sum += examples.num_tokens(i);
  return sum;
}

ExitCode run(const Arguments& arguments, Output& output) {
  const config::LoadedJob loaded = load_checked_job(arguments.text("JOB"), output);
  const config::JobConfig job = stage_of(loaded, arguments);
  data::TokenizeOptions options;
  options.cache_folder = data::token_cache_folder();
  options.num_threads = num_processors();
  options.shows_progress = !output.is_quiet() && !output.is_json();
  const data::PreparedData prepared = data::prepare(job, options);

  Json sources = Json::array();
  for (const auto& source : prepared.sources) {
    const auto& tokens = source.tokens;
    output.print(cat(source.name, tokens.was_cached ? "  (from the cache)" : "", "\n"));
    for (const std::string& line : tokens.report.to_lines()) output.print(cat("  ", line, "\n"));
    sources.push(Json::object({{"name", source.name},
                               {"was_cached", tokens.was_cached},
                               {"digest", tokens.store->digest()},
                               {"report", tokens.report.to_json()}}));
  }
  const std::uint64_t train_tokens = num_tokens(*prepared.train);
  const std::uint64_t eval_tokens = num_tokens(*prepared.eval);
  output.print(cat("training: ", prepared.train->size(), " examples, ", train_tokens, " tokens an epoch\n"));
  output.print(
      cat("evaluation: ", prepared.eval->size(), " examples, ", eval_tokens, " tokens (", prepared.eval_origin, ")\n"));
  Json document =
      Json::object({{"success", true},
                    {"sources", std::move(sources)},
                    {"train", Json::object({{"num_examples", prepared.train->size()}, {"num_tokens", train_tokens}})},
                    {"eval", Json::object({{"num_examples", prepared.eval->size()},
                                           {"num_tokens", eval_tokens},
                                           {"origin", prepared.eval_origin}})},
                    {"chat_template", prepared.model.chat_template->name()}});
  if (job.training.packing) {
    const PackingReport packing = packing_report(*prepared.train, job.model.max_length);
    output.print(cat("packed: ", packing.num_sequences, " sequences of up to ", job.model.max_length, " tokens, ",
                     static_cast<int>(100 * packing.share_filled + 0.5), " % filled\n"));
    document.set("packing",
                 Json::object({{"num_sequences", packing.num_sequences}, {"share_filled", packing.share_filled}}));
  }
  Json warnings = Json::array();
  for (const std::string& warning : prepared.warnings) {
    output.note(cat("warning: ", warning));
    warnings.push(warning);
  }
  document.set("warnings", std::move(warnings));
  output.set_document(std::move(document));
  return ExitCode::ok;
}

constexpr OptionSpec kOptions[] = {kJobArgument, kStageOption};

constexpr Example kExamples[] = {
    {"forgelm data prepare job.yaml", "read all rows, and report what is kept, dropped and learnt"},
    {"forgelm data prepare job.yaml --output-format json", "the same as one JSON document"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error};

}  // namespace

const CommandSpec command_data_prepare = {
    .name = "data prepare",
    .summary = "Read, render and tokenize a job's data into the token cache, and report",
    .details =
        "Training does the same before its first step; what is in the cache already is not made again, and what was "
        "interrupted goes on where it stopped. The report counts rows read, kept and dropped with reasons, tokens, and "
        "how many of them are learnt. A job in which nothing would be learnt is refused.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
