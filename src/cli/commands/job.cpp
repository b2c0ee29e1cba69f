// `forgelm --config JOB`: runs a job, or with --dry-run says what a run would do.
#include <chrono>
#include <cstdio>

#include "forgelm/cli/command.hpp"
#include "forgelm/compliance/evidence_zip.hpp"
#include "forgelm/config/load.hpp"
#include "forgelm/core/progress.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/pipeline/evidence.hpp"
#include "forgelm/pipeline/plan.hpp"
#include "forgelm/pipeline/run.hpp"

namespace forgelm::cli {
extern const CommandSpec command_job;

namespace {

using config::LoadedJob;

/// The reference's summary of a dry run, key for key, with what forgelm adds behind it.
Json summary(const LoadedJob& loaded, const pipeline::Plan& plan, const std::vector<Diagnostic>& warnings) {
  const config::JobConfig& job = loaded.job;
  const auto value = [&](std::string_view path) { return config::value_at(job, path); };
  const bool has_galore = job.training.galore_enabled;
  const auto& safety = job.evaluation ? job.evaluation->safety : std::nullopt;
  const auto is_text = [](const std::optional<std::string>& text) { return text && !text->empty(); };
  Json stages = Json::array();
  for (const auto& stage : plan.stages) stages.push(pipeline::to_json(stage));
  return Json::object({
      {"success", true},
      {"status", "valid"},
      {"model", value("model.name_or_path")},
      {"backend", value("model.backend")},
      {"load_in_4bit", value("model.load_in_4bit")},
      {"trust_remote_code", value("model.trust_remote_code")},
      {"dora", value("lora.use_dora")},
      {"lora_rank", value("lora.r")},
      {"lora_alpha", value("lora.alpha")},
      {"dataset", value(job.data.dataset_ref ? "data.dataset_ref" : "data.dataset_name_or_path")},
      {"epochs", value("training.num_train_epochs")},
      {"batch_size", value("training.per_device_train_batch_size")},
      {"output_dir", config::final_model_path(job)},
      {"offline", value("model.offline")},
      {"distributed", value("distributed.strategy")},
      {"rope_scaling", value("training.rope_scaling")},
      {"neftune_noise_alpha", value("training.neftune_noise_alpha")},
      {"webhook_configured", job.webhook && (is_text(job.webhook->url) || is_text(job.webhook->url_env))},
      {"galore_enabled", has_galore},
      {"galore_optim", has_galore ? value("training.galore_optim") : Json()},
      {"galore_rank", has_galore ? value("training.galore_rank") : Json()},
      {"auto_revert", job.evaluation && job.evaluation->auto_revert},
      {"safety_enabled", safety && safety->enabled},
      {"safety_scoring", value("evaluation.safety.scoring")},
      {"compliance_configured", job.compliance && !job.compliance->provider_name.empty()},
      {"risk_classification", value("compliance.risk_classification")},
      {"config_hash", config::config_hash(loaded)},
      {"plan", std::move(stages)},
      {"warnings", to_json(warnings)},
  });
}

/// All problems, or nothing when none is an error.
void stop_on_errors(const std::vector<Diagnostic>& diagnostics) {
  if (has_errors(diagnostics)) throw ConfigError(diagnostics);
}

std::string count_text(std::size_t count, std::string_view noun) {
  return cat(count, " ", noun, count == 1 ? "" : "s");
}

Json path_or_null(const std::filesystem::path& path) { return path.empty() ? Json() : Json(path.native()); }

Json gate_json(const eval::GateResult& gate) {
  return Json::object({{"name", gate.name},
                       {"verdict", eval::to_string(gate.verdict)},
                       {"reason", gate.reason.empty() ? Json() : Json(gate.reason)},
                       {"detail", gate.detail},
                       {"figures", gate.figures}});
}

/// The reference's document of a training run, key for key, with what forgelm adds behind it.
Json document_of(const pipeline::RunResult& result, const std::vector<Diagnostic>& warnings) {
  using pipeline::RunState;
  const bool is_success = result.state == RunState::finished || result.state == RunState::awaiting_approval;
  Json document = Json::object({{"success", is_success},
                                {"metrics", result.metrics},
                                {"final_model_path", path_or_null(result.final_model)},
                                {"reverted", result.is_reverted},
                                {"awaiting_approval", result.state == RunState::awaiting_approval},
                                {"run_id", result.run_id},
                                {"config_hash", result.config_hash}});
  if (!result.staging.empty()) document.set("staging_path", result.staging.native());
  if (!result.resource_usage.is_null()) {
    document.set("resource_usage", result.resource_usage);
    if (const Json* cost = result.resource_usage.find("estimated_cost_usd")) document.set("estimated_cost_usd", *cost);
  }
  if (!is_success) document.set("error", result.message);
  Json gates = Json::array();
  for (const auto& gate : result.gates) gates.push(gate_json(gate));
  document.set("state", pipeline::to_string(result.state))
      .set("seconds", result.seconds)
      .set("gates", std::move(gates))
      .set("warnings", to_json(warnings));
  if (!result.record.empty()) document.set("record", result.record.native());
  if (result.state != RunState::interrupted) document.set("stopped_by", engine::to_string(result.reason));
  if (!is_success)
    document.set("hint", result.hint).set("exit_code", static_cast<int>(pipeline::exit_code_of(result.state)));
  return document;
}

std::string loss_text(double loss) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", loss);
  return text;
}

std::string from_to(const std::optional<double>& from, const std::optional<double>& to) {
  if (!to) return "not measured";
  return from ? cat(loss_text(*from), " -> ", loss_text(*to)) : loss_text(*to);
}

void print_gates(const pipeline::RunResult& result, Output& output) {
  for (const auto& gate : result.gates) {
    std::string label = cat(gate.name, " gate");
    label.resize(std::max<std::size_t>(12, label.size() + 1), ' ');
    output.print(cat("  ", label, eval::to_string(gate.verdict), ": ", gate.detail, "\n"));
  }
}

ExitCode tell(const pipeline::RunResult& result, const std::vector<Diagnostic>& warnings, Output& output) {
  using pipeline::RunState;
  output.set_document(document_of(result, warnings));
  const auto complain = [&] {
    if (output.is_json()) return;
    output.flush();
    Output::complain(result.message, result.hint);
  };
  if (result.state == RunState::interrupted || result.metrics.find("num_steps") == nullptr) {
    complain();
    return pipeline::exit_code_of(result.state);
  }
  const std::string steps = count_text(static_cast<std::size_t>(result.metrics.at("num_steps").integer()), "step");
  const auto seconds = std::chrono::seconds(static_cast<std::int64_t>(result.seconds));
  const bool is_early = result.reason != engine::StopReason::finished;
  output.print(cat("trained ", steps, " in ", format_duration(seconds),
                   is_early ? cat(" (ended by ", engine::to_string(result.reason), ")") : "", "\n"));
  output.print(cat("  loss        ", from_to(result.first_loss, result.last_loss), "\n"));
  if (result.eval_loss) output.print(cat("  evaluation  ", from_to(result.first_eval_loss, result.eval_loss), "\n"));
  print_gates(result, output);
  const char* place = result.state == RunState::finished ? "  model       " : "  staged      ";
  if (!result.final_model.empty())
    output.print(cat(place, result.final_model.native(), result.is_adapter ? " (adapter)" : "", "\n"));
  if (result.is_reverted) output.print("  model       reverted: nothing of it is left\n");
  output.print(cat("  record      ", result.record.native(), "\n"));
  if (result.state == RunState::awaiting_approval) {
    const std::string folder = result.record.parent_path().native();
    output.print(cat("a person has to approve the model:\n  forgelm approve ", result.run_id, " --output-dir ", folder,
                     "\n  forgelm reject ", result.run_id, " --output-dir ", folder, "\n"));
  } else if (result.state == RunState::rejected) {
    complain();
  }
  return pipeline::exit_code_of(result.state);
}

/// `--compliance-export`: the bundle, without a run.
ExitCode export_compliance(const LoadedJob& loaded, const Arguments& arguments, Output& output) {
  const std::filesystem::path folder = arguments.maybe_text("output").value_or(arguments.text("compliance-export"));
  if (loaded.job.pipeline)
    throw ConfigError("--compliance-export tells of one job, and this file holds a pipeline",
                      "every stage writes a bundle of its own when it runs");
  output.report(loaded.diagnostics);
  const pipeline::ExportedBundle bundle = pipeline::export_bundle(loaded, folder);
  Json files = Json::array();
  output.print(bundle.run_id.empty() ? std::string("the compliance bundle of the job alone:\n")
                                     : cat("the compliance bundle of run ", bundle.run_id, ":\n"));
  for (const std::string& name : bundle.files) {
    files.push((folder / name).native());
    output.print(cat("  ", (folder / name).native(), "\n"));
  }
  output.set_document(Json::object({{"success", true},
                                    {"files", std::move(files)},
                                    {"output_dir", folder.native()},
                                    {"run_id", bundle.run_id.empty() ? Json() : Json(bundle.run_id)}}));
  return ExitCode::ok;
}

void check_companions(const Arguments& arguments) {
  if (arguments.is_given("compliance-export"))
    for (const char* other : {"resume", "bundle", "dry-run", "strict"})
      if (arguments.is_given(other))
        throw UsageError("", cat("--compliance-export trains nothing: --", other, " does not go with it"));
  if (arguments.is_given("output") && !arguments.is_given("compliance-export"))
    throw UsageError("", "--output goes with --compliance-export",
                     "the job names where a run writes: training.output_dir");
  if (arguments.is_given("bundle") && arguments.flag("dry-run"))
    throw UsageError("", "--bundle packs the evidence of a run: it does not go with --dry-run");
}

/// `--bundle ZIP`: after the run, whatever became of it.
void pack(const pipeline::RunResult& result, const std::filesystem::path& archive, Output& output) {
  const auto packed = compliance::pack_evidence(result.record.parent_path(), archive);
  output.print(cat("  evidence    ", archive.native(), " (", count_text(packed.files.size(), "file"), ")\n"));
}

ExitCode run(const Arguments& arguments, Output& output) {
  check_companions(arguments);
  const std::string file = arguments.text("config");
  LoadedJob loaded = config::load_job(file);
  stop_on_errors(loaded.diagnostics);
  if (arguments.flag("offline")) config::force_offline(loaded);
  if (arguments.is_given("compliance-export")) return export_compliance(loaded, arguments, output);
  const auto mode = arguments.flag("strict")    ? pipeline::PlanMode::strict
                    : arguments.flag("dry-run") ? pipeline::PlanMode::dry_run
                                                : pipeline::PlanMode::run;
  const pipeline::Plan plan = pipeline::make_plan(loaded, mode);
  std::vector<Diagnostic> problems = loaded.diagnostics;
  problems.insert(problems.end(), plan.findings.begin(), plan.findings.end());
  sort_by_place(problems);
  stop_on_errors(problems);
  output.report(problems);
  if (!arguments.flag("dry-run")) {
    pipeline::RunOptions options;
    options.resume = arguments.maybe_text("resume");
    options.sign_key = arguments.maybe_text("sign-key");
    options.shows_progress = !output.is_quiet() && !output.is_json();
    const pipeline::RunResult result = pipeline::run_job(loaded, options);
    const ExitCode code = tell(result, problems, output);
    if (const auto archive = arguments.maybe_text("bundle"); archive && !result.record.empty())
      pack(result, *archive, output);
    return code;
  }
  if (arguments.is_given("resume")) output.note("warning: --resume has no effect in a dry run");
  output.print(cat(file, " is valid", problems.empty() ? "" : cat(", with ", count_text(problems.size(), "warning")),
                   "; a run would do this:\n"));
  for (const auto& stage : plan.stages) output.print(pipeline::describe(stage));
  output.set_document(summary(loaded, plan, problems));
  return ExitCode::ok;
}

constexpr OptionSpec kOptions[] = {
    {.name = "config",
     .kind = OptionKind::path,
     .doc = "The job file (YAML).",
     .value_name = "JOB",
     .is_required = true},
    {.name = "resume",
     .kind = OptionKind::directory,
     .doc = "Go on from a checkpoint: a folder, or without one the newest in training.output_dir. A run that was never "
            "stopped and one that went on give the same weights.",
     .value_name = "PATH",
     .default_text = "auto",
     .is_value_optional = true},
    {.name = "sign-key",
     .kind = OptionKind::path,
     .doc = "Sign the final model with this private key (PEM, ECDSA on P-256, P-384 or P-521), whatever "
            "`compliance.model_key` says.",
     .value_name = "PEM"},
    {.name = "dry-run",
     .doc = "Check the job and say what a run would do: steps, tokens, learning rates, and what it would trip over. "
            "Touches no model and no network."},
    {.name = "strict",
     .doc = "What a run would trip over is an error, and so is whatever this build cannot record or announce."},
    {.name = "compliance-export",
     .kind = OptionKind::directory,
     .doc = "Train nothing; write the compliance bundle here. Where training.output_dir holds a run of this very "
            "configuration the bundle tells of it, otherwise of the job alone.",
     .value_name = "DIR",
     .default_text = "./compliance",
     .is_value_optional = true},
    {.name = "output",
     .kind = OptionKind::directory,
     .doc = "With --compliance-export: the folder of the bundle, instead of the one named there.",
     .value_name = "DIR"},
    {.name = "bundle",
     .kind = OptionKind::path,
     .doc = "After the run, pack its evidence into this archive, as `forgelm bundle` does.",
     .value_name = "ZIP"},
    {.name = "offline", .doc = "Contact no public address, whatever the job says."},
};

constexpr Example kExamples[] = {
    {"forgelm --config job.yaml", "train, and keep what was measured beside the model"},
    {"forgelm --config job.yaml --resume", "go on after an interruption"},
    {"forgelm --config job.yaml --dry-run", "check a job in milliseconds"},
    {"forgelm --config job.yaml --compliance-export evidence", "the compliance bundle, without training"},
    {"forgelm --config job.yaml --dry-run --strict --output-format github",
     "the same as a CI step that annotates the file"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok,          ExitCode::config_error,      ExitCode::run_error,
                                   ExitCode::gate_failed, ExitCode::awaiting_approval, ExitCode::interrupted};

}  // namespace

const CommandSpec command_job = {
    .name = "",
    .summary = "Fine-tune a language model as a job file says, judge the result, and keep the evidence",
    .details =
        "One YAML file describes the job: the model, the data, the training, the gates and the record. `forgelm config "
        "template` writes one to start from; `forgelm config explain KEY` tells what a key means.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
