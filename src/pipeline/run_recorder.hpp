// What a run writes down while it trains, and what it shows. In the run's folder:
//   loss.jsonl     a line for every optimizer step and every evaluation, with nothing in it but what follows from the
//                  training: a run that was killed and went on ends with the same bytes as one that was not.
//   metrics.jsonl  every `training.log_steps` steps and at evaluations, with speed, memory and time; means over the
//                  steps since the line before, under the names that transformers and TRL use.
//   samples.jsonl  continuations of `training.sample_prompts`.
//   runs/NAME      TensorBoard events, under the names that transformers uses.
// The trap: a tracker that fails never fails the run; a file of the run that cannot be written does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "forgelm/core/progress.hpp"
#include "forgelm/engine/training.hpp"
#include "forgelm/formats/tensorboard.hpp"
#include "record_file.hpp"

namespace forgelm::pipeline {

inline constexpr const char* kLossFile = "loss.jsonl";
inline constexpr const char* kMetricsFile = "metrics.jsonl";
inline constexpr const char* kSamplesFile = "samples.jsonl";

struct RecorderOptions {
  std::filesystem::path run_folder;
  std::optional<std::filesystem::path> tensorboard_folder;  ///< nothing: no TensorBoard
  std::string configuration;                                ///< shown by TensorBoard
  std::int64_t log_steps = 10;
  bool has_samples = false;
  bool shows_progress = true;
};

/// From one thread. Errors of all: RunError(io, out_of_disk) of the run's own files.
class RunRecorder : public engine::TrainingObserver {
 public:
  explicit RunRecorder(RecorderOptions options);

  /// Opens the files; those of a run that goes on are cut back to `first_step`.
  void on_start(const engine::TrainingStart& start) override;
  void on_step(const engine::StepReport& report) override;
  void on_evaluation(const engine::EvaluationReport& report) override;
  void on_sample(const engine::SampleReport& report) override;
  void on_checkpoint_begin(std::int64_t step) override;
  void on_checkpoint(const engine::CheckpointReport& report) override;
  void on_oom(const engine::OomReport& report) override;
  /// True once the process was asked to end (forgelm/core/interrupt.hpp).
  bool wants_stop() override;

  /// After training: the last values go to the trackers, and everything to disk.
  void finish(const engine::TrainingOutcome& outcome);

  /// The first loss of the run, which a run that goes on finds in its file.
  const std::optional<double>& first_loss() const noexcept { return first_loss_; }
  const std::optional<double>& last_loss() const noexcept { return last_loss_; }
  std::uint64_t peak_memory_bytes() const noexcept { return peak_memory_bytes_; }
  double last_epoch() const noexcept { return last_epoch_; }

 private:
  /// Sums over the steps since the last line of metrics.
  struct Window {
    std::int64_t num_steps = 0;
    double loss = 0;
    std::map<std::string, double> metrics;
    std::int64_t num_timed_steps = 0;  ///< steps of an earlier process are not timed
    double seconds = 0;
    std::uint64_t num_tokens = 0;
  };

  void restore(const Json& line);
  void write_metrics(const engine::StepReport& report);
  void track(const std::function<void(formats::EventWriter&)>& write);

  RecorderOptions options_;
  std::optional<RecordFile> loss_, metrics_, samples_;
  std::optional<formats::EventWriter> events_;
  std::unique_ptr<Progress> progress_;
  std::int64_t num_steps_ = 0;
  std::int64_t last_step_ = 0;
  std::int64_t resumed_step_ = -1;
  bool is_evaluated_ = false, is_sampled_ = false;  ///< at resumed_step_, by the process before
  double last_epoch_ = 0;
  Window window_;
  std::optional<double> first_loss_, last_loss_;
  std::uint64_t peak_memory_bytes_ = 0;
};

}  // namespace forgelm::pipeline
