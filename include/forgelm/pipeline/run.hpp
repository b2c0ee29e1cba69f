// A run: one job from start to end, as named stages. In the run's folder O (training.output_dir):
//   O/forgelm_run.json    what was run with what and how it ended; rewritten, durably, at each change of state
//   O/checkpoint-<step>   whole or not there
//   O/loss.jsonl, metrics.jsonl, samples.jsonl, runs/    what was measured (src/pipeline/run_recorder.hpp)
//   O/F                   the final model (training.final_model_dir), which appears when it is whole
// One run at a time has the folder (O/.forgelm.lock). A run that does not resume begins anew in a folder that an
// earlier run has used: when its first step is about to begin, the earlier run's records and checkpoints move to
// O/earlier-<id>, so that they are never taken for its own; they go when the new run has finished, and the final model
// is replaced in one step then. A run that fails or is interrupted leaves them, and the earlier final model.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/config/load.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/engine/training.hpp"

namespace forgelm::pipeline {

inline constexpr const char* kRunFile = "forgelm_run.json";
inline constexpr const char* kRunLock = ".forgelm.lock";

struct RunOptions {
  /// A checkpoint's folder to go on from, or "auto": the newest of this run's folder; when there is none, the run
  /// begins at its start, with a warning.
  std::optional<std::string> resume;
  bool shows_progress = true;
  std::function<std::unique_ptr<engine::TrainingSession>(engine::TrainingRequest)> open_training =
      engine::open_training;  ///< tests give their own
};

enum class RunState { running, finished, interrupted, failed };
const char* to_string(RunState state) noexcept;

struct RunResult {
  std::string run_id;
  RunState state = RunState::finished;  ///< finished or interrupted
  std::string message, hint;            ///< interrupted: by what, and how to go on
  Json metrics = Json::object();        ///< by the names of transformers: train_loss, eval_loss, ...
  std::filesystem::path final_model;    ///< empty when interrupted
  bool is_adapter = false;              ///< what is in it: an adapter, or a whole model
  std::filesystem::path record;         ///< forgelm_run.json
  std::string config_hash;
  engine::StopReason reason = engine::StopReason::finished;
  std::optional<double> first_loss, last_loss;
  std::optional<double> first_eval_loss, eval_loss;
  double seconds = 0;  ///< of the whole run, this process
};

/// Runs a job without a pipeline section whose plan (plan.hpp, PlanMode::run) has no error. SIGINT, SIGTERM and SIGUSR1
/// end it after the step under way with a checkpoint (core/interrupt.hpp). Errors: ConfigError for what is found before
/// the first step (the folder is in use, the model or data do not do, the checkpoint does not fit), RunError for what
/// breaks later; the record then says so.
RunResult run_job(const config::LoadedJob& loaded, const RunOptions& options);

}  // namespace forgelm::pipeline
