#include "preflight.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "admission.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/row_format.hpp"
#include "forgelm/eval/gate.hpp"
#include "forgelm/formats/model_config.hpp"

namespace forgelm::pipeline {
namespace {

namespace fs = std::filesystem;
using config::TrainerType;

bool exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

/// A file that the job reads, when a condition holds.
struct InputFile {
  std::string_view path;
  bool (*is_read)(const config::JobConfig&);
};
constexpr InputFile kInputs[] = {
    {"evaluation.safety.test_prompts",
     [](const config::JobConfig& job) {
       return job.evaluation && job.evaluation->safety && job.evaluation->safety->enabled;
     }},
    {"evaluation.llm_judge.eval_dataset",
     [](const config::JobConfig& job) {
       return job.evaluation && job.evaluation->llm_judge && job.evaluation->llm_judge->enabled;
     }},
    {"synthetic.seed_file",
     [](const config::JobConfig& job) {
       return job.synthetic && job.synthetic->enabled && !job.synthetic->seed_file.empty();
     }},
    {"compliance.model_key", [](const config::JobConfig& job) { return job.compliance && job.compliance->model_key; }},
    {"webhook.tls_ca_bundle", [](const config::JobConfig& job) { return job.webhook && job.webhook->tls_ca_bundle; }},
};

/// An environment variable that the job names, when a condition holds.
struct InputVariable {
  std::string_view path;
  bool (*is_read)(const config::JobConfig&);
};
constexpr InputVariable kVariables[] = {
    {"evaluation.llm_judge.judge_api_key_env",
     [](const config::JobConfig& job) {
       return job.evaluation && job.evaluation->llm_judge && job.evaluation->llm_judge->enabled;
     }},
    {"webhook.url_env",
     [](const config::JobConfig& job) { return job.webhook && job.webhook->url.value_or("").empty(); }},
    {"monitoring.endpoint_env", [](const config::JobConfig& job) { return job.monitoring && job.monitoring->enabled; }},
    {"synthetic.api_key_env", [](const config::JobConfig& job) { return job.synthetic && job.synthetic->enabled; }},
};

void check_model(const Preflight& preflight) {
  const std::string& name = preflight.stage.job.model.name_or_path;
  const bool is_path = !name.empty() && (name.front() == '/' || name.front() == '.' || name.front() == '~' ||
                                         std::count(name.begin(), name.end(), '/') > 1);
  if (exists(name)) {
    const bool has_config = exists(name + "/config.json") || exists(name + "/adapter_config.json");
    if (!has_config) {
      preflight.add("model_not_usable", "model.name_or_path", cat(quote(name), " holds no config.json"),
                    "name the folder of a model in Hugging Face layout");
      return;
    }
    try {
      formats::read_model_config(formats::find_model_folders(name).base);
    } catch (const Error& error) {
      preflight.add("model_not_usable", "model.name_or_path", error.what(), error.hint());
    }
  } else if (is_path) {
    preflight.add("missing_file", "model.name_or_path", cat("there is nothing at ", quote(name)),
                  "check the path; it is taken relative to the working directory");
  } else if (preflight.stage.job.model.offline) {
    preflight.add("offline", "model.name_or_path", cat(quote(name), " is not on this machine, and the job is offline"),
                  "name a local folder");
  } else if (const auto& hub = config::info(config::Capability::hub_access); !hub.is_available) {
    preflight.add("absent_capability", "model.name_or_path",
                  cat("there is no folder ", quote(name), ", and this build has no ", hub.what),
                  "download the model, and name its folder");
  }
}

bool is_preset(const std::string& name) { return name == "zero2" || name == "zero3" || name == "zero3_offload"; }

}  // namespace

void Preflight::add(std::string code, std::string_view path, std::string message, std::string hint) const {
  Diagnostic diagnostic;
  diagnostic.severity = mode == PlanMode::dry_run ? Severity::warning : Severity::error;
  diagnostic.code = std::move(code);
  diagnostic.path = stage.path_of(loaded, path);
  diagnostic.message = std::move(message);
  diagnostic.hint = std::move(hint);
  diagnostic.spot.file = loaded.file;
  for (std::string place = diagnostic.path; !place.empty();
       place.resize(place.rfind('.') == std::string::npos ? 0 : place.rfind('.')))
    if (const auto found = loaded.given.find(place); found != loaded.given.end()) {
      diagnostic.spot = found->second;
      break;
    }
  const bool known = std::any_of(findings.begin(), findings.end(), [&](const Diagnostic& other) {
    return other.code == diagnostic.code && other.path == diagnostic.path && other.message == diagnostic.message;
  });
  if (!known) findings.push_back(std::move(diagnostic));
}

void check_files_and_environment(const Preflight& preflight) {
  const auto& job = preflight.stage.job;
  check_model(preflight);
  for (const auto& input : kInputs) {
    if (!input.is_read(job)) continue;
    const std::string file = config::value_at(job, input.path).text();
    if (!exists(file))
      preflight.add("missing_file", input.path, cat("there is no file ", quote(file)),
                    "check the path; it is taken relative to the working directory");
  }
  for (const auto& variable : kVariables) {
    const Json name = config::value_at(job, variable.path);
    if (!variable.is_read(job) || name.is_null()) continue;
    if (!environment().variable(name.text()).has_value())
      preflight.add("missing_variable", variable.path, cat("the environment variable ", name.text(), " is not set"),
                    cat("set ", name.text(), " before the run"));
    // Notices never fail a run: without its address there is nobody to tell.
    if (variable.path == std::string_view("webhook.url_env") && preflight.mode == PlanMode::run &&
        !preflight.findings.empty() && preflight.findings.back().path == "webhook.url_env")
      preflight.findings.back().severity = Severity::warning;
  }
  if (job.distributed && job.distributed->strategy == config::DistributedStrategy::deepspeed) {
    const std::string file = job.distributed->deepspeed_config.value_or("zero2");
    if (!is_preset(file) && !exists(file))
      preflight.add("missing_file", "distributed.deepspeed_config", cat("there is no file ", quote(file)),
                    "name a file, zero2, zero3 or zero3_offload");
  }
}

std::optional<config::DataSection> check_registered_data(const Preflight& preflight) {
  // What costs more than this is left to the run, which looks at it before its first step.
  constexpr std::uint64_t kMaxHashedBytes = std::uint64_t{64} << 20;
  ResolvedJob resolved;
  try {
    resolved = resolve_data(preflight.stage.job);
  } catch (const Error& error) {
    constexpr std::string_view kPath = "data.dataset_ref", kBefore = "data.dataset_ref: ";
    std::string_view what = error.what();
    if (what.starts_with(kBefore)) what.remove_prefix(kBefore.size());  // the place says it
    preflight.add("unknown_dataset", kPath, std::string(what), error.hint());
    return std::nullopt;
  }
  const config::DataSection& data = resolved.job.data;
  if (preflight.mode == PlanMode::run) return data;  // the run itself refuses, with exit codes of its own
  if (resolved.dataset)
    for (const FileMismatch& mismatch : glance_at_dataset(*resolved.dataset))
      preflight.add("data_changed", "data.dataset_ref", describe(mismatch), "a run of this job would end with 6");
  try {
    Json evidence;
    if (data.require_audit && num_audited_bytes(resolved.job) <= kMaxHashedBytes)
      if (const auto refusal = check_audited(resolved.job, evidence))
        preflight.add("data_not_audited", "data.require_audit", refusal->message, refusal->hint);
  } catch (const Error&) {
    // What is wrong with the files is found by the check of the rows.
  }
  return data;
}

void check_rows(const Preflight& preflight, const data::Glance& primary, const StagePlan& plan) {
  const auto& job = preflight.stage.job;
  const std::string_view path = job.data.dataset_ref ? "data.dataset_ref" : "data.dataset_name_or_path";
  if (primary.where == data::Where::missing)
    return preflight.add("missing_file", path, cat("there is nothing at ", quote(primary.path)),
                         "check the path; it is taken relative to the working directory");
  if (primary.where == data::Where::hub && job.model.offline)
    return preflight.add("offline", path, cat(quote(primary.path), " is not on this machine, and the job is offline"),
                         "name a local file or directory");
  if (!primary.problem.empty()) preflight.add("data_not_readable", path, primary.problem);
  if (plan.num_train_rows && *plan.num_train_rows < job.data.min_examples)
    preflight.add("too_few_rows", path,
                  cat(*plan.num_train_rows, " training rows where data.min_examples asks for ", job.data.min_examples));
  if (primary.columns.empty()) return;
  for (auto& problem : data::rename_problems(job.data.columns, primary.columns))
    preflight.add(problem.code, problem.path, cat(problem.message, "; allowed: ", problem.allowed), problem.hint);
  if (const auto problem = data::column_problem(job.training.trainer_type, job.data.columns, primary.columns))
    preflight.add("missing_column", path, problem->message, problem->hint);
}

void check_steps(const Preflight& preflight, const StagePlan& plan) {
  const auto& training = preflight.stage.job.training;
  const bool evaluates = plan.num_eval_rows.value_or(0) > 0 && training.trainer_type != TrainerType::grpo;
  if (evaluates && training.save_steps % training.eval_steps != 0)
    preflight.add("steps_do_not_divide",
                  preflight.given("training.save_steps") ? "training.save_steps" : "training.eval_steps",
                  cat("save_steps ", training.save_steps, " is not a multiple of eval_steps ", training.eval_steps),
                  "the best checkpoint is one that was evaluated");
  if (!evaluates && plan.num_eval_rows && eval::is_loss_gate_asked_for(preflight.stage.job)) {
    Preflight as = preflight;  // the reference lets such a job pass, and so its run is only warned
    if (as.mode == PlanMode::run) as.mode = PlanMode::dry_run;
    as.add("gate_without_rows", "evaluation",
           "the loss gate has nothing to judge by: there are no evaluation rows, and it would pass every model",
           "add a validation split, or let data.eval_split take one from the training rows");
  }
  if (training.trainer_type == TrainerType::grpo && plan.effective_batch_size % training.grpo_num_generations != 0)
    preflight.add("steps_do_not_divide", "training.grpo_num_generations",
                  cat("the effective batch of ", plan.effective_batch_size,
                      " rows is not a multiple of grpo_num_generations ", training.grpo_num_generations),
                  "change per_device_train_batch_size or gradient_accumulation_steps");
  if (training.trainer_type == TrainerType::kto && training.per_device_train_batch_size < 2)
    preflight.add("batch_too_small", "training.per_device_train_batch_size",
                  "KTO compares rows within a batch, and 1 is too few", "use 2 or more");
  if (plan.num_steps && training.warmup_steps.value_or(0) > *plan.num_steps)
    preflight.add("warmup_too_long", "training.warmup_steps",
                  cat(*training.warmup_steps, " steps of warm-up in a run of ", *plan.num_steps, " steps"),
                  "the peak learning rate would never be reached");
}

void check_stage_folders(const config::LoadedJob& loaded, const std::vector<config::StageJob>& stages,
                         std::vector<Diagnostic>& findings) {
  std::map<fs::path, std::string> owners;
  for (const auto& stage : stages) {
    const fs::path folder = fs::weakly_canonical(fs::absolute(stage.job.training.output_dir));
    const auto [owner, is_new] = owners.emplace(folder, stage.name);
    if (is_new) continue;
    const Preflight preflight{loaded, stage, PlanMode::strict, findings};
    preflight.add("shared_folder", "training.output_dir",
                  cat("stages ", quote(owner->second), " and ", quote(stage.name), " write into the same folder ",
                      quote(stage.job.training.output_dir)),
                  "give every stage a training.output_dir of its own");
  }
}

}  // namespace forgelm::pipeline
