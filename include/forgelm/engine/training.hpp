// Training, as the rest of forgelm sees it: a request goes in, reports come out while it runs, and at the end there is
// a model to be saved. Nothing here includes torch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "forgelm/config/job.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/data/prepare.hpp"
#include "forgelm/engine/device.hpp"

namespace forgelm::engine {

struct TrainingRequest {
  config::JobConfig job;
  data::PreparedData data;
  std::filesystem::path run_folder;  ///< checkpoints go to run_folder/checkpoint-<step>
  /// A checkpoint to go on from: one of this run (verified), or a Hugging Face Trainer's folder, whose weights are
  /// taken and whose pickles are not read.
  std::optional<std::filesystem::path> resume_from;
  /// Its digests were compared just now (formats::newest_checkpoint does that): they are not once more.
  bool is_resume_checked = false;
  /// The evaluation loss before training is wanted even of a run that goes on from a checkpoint without it: the model
  /// is then read and evaluated as it was before.
  bool needs_baseline = false;
  std::string run_id;
  Json made_with;  ///< digests of configuration and data: checkpoints carry it, a resume compares it
  std::string device = "auto";
  std::int64_t rank = 0;
  std::int64_t world_size = 1;
};

/// What is trained, known before the first step.
struct TrainingStart {
  std::string family;            ///< "llama"
  std::string method;            ///< "lora", "none" (all weights)
  std::string precision;         ///< "float32", "bfloat16": as resolved
  std::string precision_reason;  ///< "the processor has AMX for bfloat16"
  std::string quantization;      ///< "none", "nf4", "fp4"
  Device device;
  std::string cpu_capability;
  int num_threads = 0;
  std::uint64_t num_weights = 0;
  std::uint64_t num_trained = 0;
  std::int64_t num_steps = 0;
  std::int64_t num_steps_per_epoch = 0;
  std::int64_t first_step = 0;     ///< steps that a resumed run has behind it
  std::vector<std::string> notes;  ///< what differs from the checkpoint's machine, and the like; to be shown
};

/// An optimizer step that is done.
struct StepReport {
  std::int64_t step = 0;  ///< from 1
  double epoch = 0;
  double loss = 0;       ///< mean over what was learnt of this step
  double grad_norm = 0;  ///< before clipping
  double learning_rate = 0;
  std::uint64_t num_tokens = 0;         ///< that went through the model since the start of the run, resumed parts too
  std::uint64_t num_learnt_tokens = 0;  ///< of them, those that carried loss
  std::uint64_t step_tokens = 0;
  double step_seconds = 0;
  std::uint64_t memory_bytes = 0;                       ///< peak: resident set of the process, or the GPU's allocator
  std::vector<std::pair<std::string, double>> metrics;  ///< "mean_token_accuracy"
};

struct EvaluationReport {
  std::int64_t step = 0;  ///< 0: before training
  double epoch = 0;
  double loss = 0;  ///< mean over all learnt tokens of the evaluation set; does not depend on batches
  double seconds = 0;
  std::uint64_t num_examples = 0;
  std::uint64_t num_learnt_tokens = 0;
  bool is_best = false;
  std::vector<std::pair<std::string, double>> metrics;
};

struct SampleReport {
  std::int64_t step = 0;
  std::string prompt;
  std::string text;  ///< the continuation
};

struct CheckpointReport {
  std::int64_t step = 0;
  std::filesystem::path path;
  bool is_best = false;
  double seconds = 0;
};

/// The run went on with smaller micro-batches.
struct OomReport {
  std::int64_t step = 0;
  std::int64_t batch_size = 0;
  std::int64_t accumulation_steps = 0;
};

/// Told from the thread that trains, in order. What it throws ends the run.
class TrainingObserver {
 public:
  virtual ~TrainingObserver();
  virtual void on_start(const TrainingStart&) {}
  virtual void on_step(const StepReport&) {}
  virtual void on_evaluation(const EvaluationReport&) {}
  virtual void on_sample(const SampleReport&) {}
  /// Before a checkpoint becomes visible: bring what was reported to disk.
  virtual void on_checkpoint_begin(std::int64_t /*step*/) {}
  virtual void on_checkpoint(const CheckpointReport&) {}
  virtual void on_oom(const OomReport&) {}
  /// Asked after every step, and within evaluations, which are then given up and made by the resumed run: true saves a
  /// checkpoint and ends the run as interrupted.
  virtual bool wants_stop() { return false; }
};

enum class StopReason { finished, early_stopping, overfitting, interrupted };
const char* to_string(StopReason reason) noexcept;

struct TrainingOutcome {
  StopReason reason = StopReason::finished;
  std::int64_t step = 0;
  double train_loss = 0;  ///< mean of the steps' losses, resumed parts too
  std::optional<double> initial_eval_loss;
  std::optional<double> eval_loss;  ///< of the final model, which is the best checkpoint's where there is an evaluation
  std::optional<std::int64_t> best_step;
  std::int64_t batch_size = 0;  ///< as it ended, after OOM recovery
  std::int64_t accumulation_steps = 0;
  std::uint64_t num_tokens = 0;
  double seconds = 0;  ///< of steps and evaluations, resumed parts too
};

/// A model on its device with what trains it. One thread at a time.
class TrainingSession {
 public:
  virtual ~TrainingSession();
  /// Trains to the end, or until it is stopped. Errors: RunError(diverged) that names step and batch; out_of_memory;
  /// io and out_of_disk when a checkpoint cannot be written (the last good one stays).
  virtual TrainingOutcome run(TrainingObserver& observer) = 0;
  /// The trained model into an existing folder: the adapter, or the whole model when all weights were trained or
  /// `training.merge_adapters` says so. Tokenizer files are the caller's.
  virtual void save(const std::filesystem::path& folder) = 0;
};

/// Reads the model, puts in what is trained, and restores `resume_from`. Errors: ConfigError for what is wrong with the
/// job, the model's files or the checkpoint. Loads the engine.
std::unique_ptr<TrainingSession> open_training(TrainingRequest request);

}  // namespace forgelm::engine
