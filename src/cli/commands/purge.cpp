// `forgelm purge`: a person's row out of a corpus, a run's files out of its folder, and what is past its time.
#include "../erasure_audit.hpp"
#include "forgelm/compliance/retention.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/url.hpp"
#include "forgelm/data/model_text.hpp"
#include "forgelm/data/token_cache.hpp"
#include "forgelm/pipeline/erasure.hpp"

namespace forgelm::cli {
extern const CommandSpec command_purge;

namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.purge");

/// Nothing where the machine says no place for caches: then there is none.
fs::path cache_folder() {
  try {
    return data::token_cache_folder();
  } catch (const ConfigError&) {
    return {};
  }
}

Json with_success(Json document) {
  Json all = Json::object({{"success", true}});
  for (auto& [key, value] : document.members()) all.set(key, std::move(value));
  return all;
}

/// Scheme and host of the receivers that a job tells.
std::vector<std::string> webhook_targets(const config::JobConfig& job) {
  std::vector<std::string> targets;
  if (!job.webhook) return targets;
  std::vector<std::string> addresses = {job.webhook->url.value_or("")};
  if (job.webhook->url_env) addresses.push_back(environment().variable(*job.webhook->url_env).value_or(""));
  for (const std::string& address : addresses) {
    if (address.empty()) continue;
    const auto url = parse_url(address);
    const std::string target = url ? cat(url.value().scheme, "://", url.value().host) : "<malformed-url>";
    if (targets.empty() || targets.back() != target) targets.push_back(target);
  }
  return targets;
}

/// The tokenizer that a job's caches were made with; the erasure goes on without it.
std::shared_ptr<const text::Tokenizer> tokenizer_of(const config::JobConfig& job) {
  try {
    return data::load_model_text(job.model).tokenizer;
  } catch (const Error& error) {
    logger.warning("the job's tokenizer: ", error.what(), "; caches of other sources are not looked into");
    return nullptr;
  }
}

ExitCode purge_row(const Arguments& arguments, Output& output) {
  if (!arguments.is_given("corpus"))
    throw UsageError("purge", "--row-id needs --corpus FILE",
                     "every erasure names the file that it changes, and is recorded by itself");
  pipeline::RowErasure request;
  request.row_id = arguments.text("row-id");
  request.corpus = arguments.path("corpus");
  request.row_matches = arguments.choice<pipeline::RowMatches>("row-matches");
  request.cache_folder = cache_folder();
  request.justification = arguments.maybe_text("justification").value_or("");
  request.is_dry_run = arguments.flag("dry-run");
  const auto folder = arguments.maybe_text("output-dir");
  request.output_dir = folder ? fs::path(*folder) : fs::absolute(request.corpus).parent_path();
  if (!folder)
    logger.warning("--output-dir is not given: the folder of the corpus, ", request.output_dir.native(),
                   ", has the audit log and the salt, and is searched for runs and copies");
  const std::optional<config::LoadedJob> loaded = audit_job(arguments);
  request.open_audit = audit_opener(loaded);
  if (loaded) {
    request.webhook_targets = webhook_targets(loaded->job);
    request.tokenizer = tokenizer_of(loaded->job);
  }
  const Json document = with_success(pipeline::erase_row(request));
  const auto matches = document.at("matches").integer();
  if (request.is_dry_run) {
    output.print(cat("[dry-run] Would erase ", matches, " row(s) starting at line ",
                     document.at("first_line").integer(),
                     " (target_id_hash=", document.at("row_id_hash").text().substr(0, 16),
                     "\xE2\x80\xA6, salt_source=", document.at("salt_source").text(), "), and ",
                     document.at("caches").items().size(), " token cache(s).\n"));
  } else {
    output.print(cat("Erased ", matches, " row(s); ", document.at("bytes_freed").integer(), " bytes freed; ",
                     document.at("caches_removed").items().size(), " token cache(s) removed.\n"));
    for (const Json& run : document.at("affected_run_ids").items())
      output.print(cat("  trained on it: ", run.text(), " (its weights are as they were)\n"));
    for (const Json& file : document.at("remaining").items())
      output.print(cat("  still holds the identifier: ", file.text(), "\n"));
  }
  output.set_document(document);
  return ExitCode::ok;
}

ExitCode purge_run(const Arguments& arguments, Output& output) {
  if (!arguments.is_given("kind")) throw UsageError("purge", "--run-id needs --kind staging or --kind artefacts");
  pipeline::RunErasure request;
  request.run_id = arguments.text("run-id");
  request.kind = arguments.choice<pipeline::RunKind>("kind");
  request.output_dir = arguments.maybe_text("output-dir").value_or(".");
  request.cache_folder = cache_folder();
  request.justification = arguments.maybe_text("justification").value_or("");
  request.is_dry_run = arguments.flag("dry-run");
  request.open_audit = audit_opener(audit_job(arguments));
  const Json document = with_success(pipeline::erase_run(request));
  const Json& paths = document.at(request.is_dry_run ? "would_delete" : "deleted");
  const std::string what = cat(paths.items().size(), " ", to_text(request.kind), " path(s) of run ", request.run_id);
  if (request.is_dry_run) output.print(cat("[dry-run] Would delete ", what, ":\n"));
  else output.print(cat("Deleted ", what, "; ", document.at("bytes_freed").integer(), " bytes freed:\n"));
  for (const Json& path : paths.items()) output.print(cat("  - ", path.text(), "\n"));
  output.set_document(document);
  return ExitCode::ok;
}

/// The job, or a file that holds nothing but `retention:`, with what a job must have beside it.
config::LoadedJob load_policy(const std::string& file) {
  constexpr std::string_view kRest =
      "\nmodel: {name_or_path: none}\nlora: {}\ntraining: {}\ndata: {dataset_name_or_path: none}\n";
  config::LoadedJob loaded = config::load_job(file);
  bool holds_only_retention = loaded.is_given("retention");
  for (const auto& [path, spot] : loaded.given)
    holds_only_retention = holds_only_retention && (path == "retention" || path.starts_with("retention."));
  if (holds_only_retention) loaded = config::read_job(read_file(file) + std::string(kRest), file);
  if (!loaded.ok()) throw ConfigError(loaded.diagnostics);
  return loaded;
}

ExitCode check_policy(const Arguments& arguments, Output& output) {
  const auto file = arguments.maybe_text("config");
  const std::optional<config::LoadedJob> loaded = file ? std::optional(load_policy(*file)) : std::nullopt;
  if (!loaded || !loaded->job.retention) {
    const std::string note = "No `retention:` block in the loaded config; nothing to enforce.";
    output.print(cat(note, "\n"));
    output.set_document(Json::object({{"success", true}, {"violations", Json::array()}, {"note", note}}));
    return ExitCode::ok;
  }
  const config::JobConfig& job = loaded->job;
  const std::string folder = arguments.maybe_text("output-dir").value_or(".");
  const auto excesses = compliance::retention_excesses(*job.retention, folder);
  const bool is_high_risk = (job.compliance && is_strict(job.compliance->risk_classification)) ||
                            (job.risk_assessment && is_strict(job.risk_assessment->risk_category));
  const std::vector<std::string> notes = compliance::horizons_below_law(*job.retention, is_high_risk);
  if (excesses.empty()) output.print(cat("No retention-policy violations under ", quote(folder), ".\n"));
  else output.print(cat("Retention-policy violations under ", quote(folder), " (", excesses.size(), "):\n"));
  Json violations = Json::array();
  for (const auto& excess : excesses) {
    output.print(cat("  ", excess.artefact_kind, ": ", excess.path, " (age ", excess.age_days, "d, horizon ",
                     excess.horizon_days, "d, age_source=", excess.age_source, ")\n"));
    violations.push(to_json(excess));
  }
  for (const std::string& note : notes) output.print(cat("note: ", note, "\n"));
  output.set_document(Json::object({{"success", true},
                                    {"violations", std::move(violations)},
                                    {"count", excesses.size()},
                                    {"notes", Json::array_of(notes)}}));
  return ExitCode::ok;
}

ExitCode run(const Arguments& arguments, Output& output) {
  if (arguments.flag("check-policy")) return check_policy(arguments, output);
  return arguments.is_given("row-id") ? purge_row(arguments, output) : purge_run(arguments, output);
}

constexpr OptionSpec kOptions[] = {
    {.name = "row-id",
     .kind = OptionKind::text,
     .doc = "Erase the rows with this identifier from the corpus, and every token cache made from it.",
     .value_name = "ID",
     .is_required = true,
     .one_of = "what is erased"},
    {.name = "run-id",
     .kind = OptionKind::text,
     .doc = "Erase what this run wrote.",
     .value_name = "ID",
     .is_required = true,
     .one_of = "what is erased"},
    {.name = "check-policy",
     .doc = "Only report what is older than the `retention` section of --config allows.",
     .is_required = true,
     .one_of = "what is erased"},
    {.name = "corpus",
     .kind = OptionKind::path,
     .doc = "With --row-id: the file of rows (JSON lines, JSON, CSV or Parquet).",
     .value_name = "FILE"},
    {.name = "row-matches",
     .kind = OptionKind::choice,
     .doc = "With --row-id: whether several rows with the identifier are refused or all erased.",
     .choices = choices<pipeline::RowMatches>,
     .default_text = "one"},
    {.name = "kind",
     .kind = OptionKind::choice,
     .doc = "With --run-id: its staged model, or its records, evidence, checkpoints and caches. The audit log and the "
            "final model stay with either.",
     .choices = choices<pipeline::RunKind>},
    {.name = "output-dir",
     .kind = OptionKind::directory,
     .doc =
         "The runs' folder (training.output_dir), where the audit log and the salt are. Without it: the folder of the "
         "corpus, or the working directory.",
     .value_name = "DIR"},
    {.name = "config",
     .kind = OptionKind::path,
     .doc =
         "The job file: its compliance.audit_key and compliance.anchor_path cover the new entries too, its webhook is "
         "named as a receiver of copies, and caches are looked into with its tokenizer. For --check-policy one that "
         "holds only `retention:` will do.",
     .value_name = "FILE"},
    {.name = "justification",
     .kind = OptionKind::text,
     .doc = "Why; it is recorded. Name no person in it.",
     .value_name = "TEXT"},
    {.name = "dry-run", .doc = "Change nothing; that it was asked is recorded."},
};

constexpr Example kExamples[] = {
    {"forgelm purge --row-id 4711 --corpus data/train.jsonl --output-dir runs/one", "erase one row and its copies"},
    {"forgelm purge --run-id fg-0123456789ab --kind artefacts --output-dir runs/one --dry-run", "see what a run left"},
    {"forgelm purge --check-policy --config job.yaml --output-dir runs/one", "what is kept for too long"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error};

}  // namespace

const CommandSpec command_purge = {
    .name = "purge",
    .summary = "Erase a person's row or a run's files, with a record of it",
    .details =
        "Erasures are recorded in the audit log before and after, with a salted hash in place of an identifier. "
        "Files are replaced in one step. Weights that were trained on a row cannot forget it: the runs that used "
        "the file are named.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
