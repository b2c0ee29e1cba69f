// The observer of a run's training: it sees to the run's folder, its record and its audit log at the first step, and
// records what is reported (run_recorder.hpp).
#pragma once

#include <filesystem>

#include "forgelm/core/audit_sink.hpp"
#include "run_folder.hpp"
#include "run_record.hpp"
#include "run_recorder.hpp"

namespace forgelm::pipeline {

class ObservedRun final : public RunRecorder {
 public:
  /// `continues`: the run goes on from a checkpoint in its own folder. What is referred to outlives it.
  ObservedRun(RecorderOptions options, RunFolder& folder, RunRecord& record, AuditSink& audit, bool continues)
      : RunRecorder(std::move(options)), folder_(folder), record_(record), audit_(audit), continues_(continues) {}

  void on_start(const engine::TrainingStart& start) override;
  void on_checkpoint(const engine::CheckpointReport& report) override;
  void on_oom(const engine::OomReport& report) override;

  bool has_started() const noexcept { return has_started_; }
  const engine::TrainingStart& start() const noexcept { return start_; }
  const std::filesystem::path& last_checkpoint() const noexcept { return last_checkpoint_; }

  /// What is told when the first step is about to be taken, and the folder is this run's.
  std::function<void()> on_ready = [] {};
  /// Of the job: what a smaller micro-batch is compared with.
  std::int64_t batch_size = 0;

 private:
  /// Those of steps that are about to be taken again: the records are cut back, and would not go with them.
  void forget_later_checkpoints(std::int64_t step) const;

  RunFolder& folder_;
  RunRecord& record_;
  AuditSink& audit_;
  bool continues_;
  bool has_started_ = false;
  engine::TrainingStart start_;
  std::filesystem::path last_checkpoint_;
};

}  // namespace forgelm::pipeline
