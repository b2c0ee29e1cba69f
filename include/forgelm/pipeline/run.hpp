// A run: one job from start to end, as named stages. In the run's folder O (training.output_dir):
//   O/forgelm_run.json    what was run with what and how it ended; rewritten, durably, at each change of state
//   O/checkpoint-<step>   whole or not there
//   O/loss.jsonl, metrics.jsonl, samples.jsonl, runs/    what was measured (src/pipeline/run_recorder.hpp)
//   O/audit_log.jsonl     what an auditor must be able to see, in the order in which it happened
//   O/compliance/         the evidence of the run
//   O/F                   the final model (training.final_model_dir), which appears when it is whole and has passed
//   O/F.staging.<run>     the model instead, while a person has to approve it, or when a gate refused it and the job
//                         does not revert
// One run at a time has the folder (O/.forgelm.lock). A run that does not resume begins anew in a folder that an
// earlier run has used: when its first step is about to begin, the earlier run's records and checkpoints move to
// O/earlier-<id>, so that they are never taken for its own; they go when the new run has finished, and the final model
// is replaced in one step then. A run that fails, is interrupted or refused leaves them, and the earlier final model.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/config/load.hpp"
#include "forgelm/core/audit_sink.hpp"
#include "forgelm/core/exit_code.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/engine/training.hpp"
#include "forgelm/eval/gate.hpp"

namespace forgelm::pipeline {

inline constexpr const char* kRunFile = "forgelm_run.json";
inline constexpr const char* kRunLock = ".forgelm.lock";

/// The audit log of a run. ConfigError when nobody can be named as its operator, or the log cannot be gone on with.
std::unique_ptr<AuditSink> open_run_audit(const config::JobConfig& job, const std::filesystem::path& run_folder,
                                          const std::string& run_id);

/// Where the model of a run waits: beside its place, with the run in its name.
std::filesystem::path staging_path(const std::filesystem::path& final_model, const std::string& run_id);

enum class RunState {
  running,
  finished,           ///< the model is in its place
  awaiting_approval,  ///< staged; `forgelm approve` puts it in its place
  rejected,           ///< a gate refused the model; it never was in its place
  interrupted,
  failed,
  data_changed,  ///< the data are not what was registered: nothing was trained
};
const char* to_string(RunState state) noexcept;
/// Of a run that came to this end: 0, 4, 3, 7, 6; 2 for running and failed.
ExitCode exit_code_of(RunState state) noexcept;

struct RunResult {
  std::string run_id;
  RunState state = RunState::finished;  ///< never running or failed
  std::string message, hint;            ///< interrupted, rejected, data_changed: by what, and how to go on
  Json metrics = Json::object();        ///< by the names of transformers: train_loss, eval_loss, ...
  std::filesystem::path final_model;    ///< where the model is; empty when there is none
  std::filesystem::path staging;        ///< the same where it is staged; empty when it is not
  bool is_reverted = false;             ///< rejected, and nothing that holds its weights is left
  std::vector<eval::GateResult> gates;  ///< in the order in which they judged
  bool is_adapter = false;              ///< what the model's folder holds: an adapter, or a whole model
  std::filesystem::path record;         ///< forgelm_run.json
  std::string config_hash;
  engine::StopReason reason = engine::StopReason::finished;
  std::optional<double> first_loss, last_loss;
  std::optional<double> first_eval_loss, eval_loss;
  Json resource_usage;  ///< time, device, cost, operations (compliance/resource_usage.hpp); null before training
  double seconds = 0;   ///< of the whole run, this process
};

/// Hears how a run goes, for notices to people. What it throws is logged and never fails the run.
class RunListener {
 public:
  virtual ~RunListener();
  /// The first step is about to be taken.
  virtual void on_started(const std::string& /*run_id*/) {}
  /// The run has come to an end that is no error; it stands in the folder already.
  virtual void on_ended(const RunResult&) {}
  /// An error ends the run.
  virtual void on_failed(const std::string& /*run_id*/, const std::string& /*what*/) {}
};

struct RunOptions {
  /// A checkpoint's folder to go on from, or "auto": the newest of this run's folder; when there is none, the run
  /// begins at its start, with a warning.
  std::optional<std::string> resume;
  bool shows_progress = true;
  std::optional<std::filesystem::path> sign_key;  ///< signs the model; goes before the job's compliance.model_key
  std::function<std::unique_ptr<engine::TrainingSession>(engine::TrainingRequest)> open_training =
      engine::open_training;  ///< tests give their own
  /// Opens the audit log of a run.
  std::function<std::unique_ptr<AuditSink>(const config::JobConfig& job, const std::filesystem::path& run_folder,
                                           const std::string& run_id)>
      open_audit = open_run_audit;
  std::vector<RunListener*> listeners;  ///< besides those that the job asks for
};

/// Runs a job without a pipeline section whose plan (plan.hpp, PlanMode::run) has no error. The gates that it asks for
/// judge the staged model before it takes its place; a refusal is a state of the result. SIGINT, SIGTERM and SIGUSR1
/// end a run after the step under way with a checkpoint (core/interrupt.hpp). Errors: ConfigError for what is found
/// before the first step (the folder is in use, the model or data do not do, the checkpoint does not fit), RunError for
/// what breaks later; the record then says so.
RunResult run_job(const config::LoadedJob& loaded, const RunOptions& options);

}  // namespace forgelm::pipeline
