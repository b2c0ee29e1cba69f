// A TrainingSession without tensors: its losses follow from the step alone, its checkpoints hold only their step, and
// its model is a file that says who made it. What happens after a step is up to the test.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/engine/training.hpp"
#include "forgelm/formats/checkpoint_folder.hpp"

namespace forgelm::test {

struct FakeTraining {
  std::int64_t num_steps = 12;
  std::int64_t save_steps = 4;
  std::int64_t eval_steps = 4;
  std::function<void(std::int64_t step)> after_step = [](std::int64_t) {};
  std::function<void()> before_open = [] {};
  std::function<void()> before_save = [] {};
  std::string weights = "weights";
  bool evaluates = true;
  std::optional<double> initial_loss = 6.0;  ///< before training, where there is an evaluation
  std::optional<double> final_loss;          ///< of the evaluation at the end; nothing: as it follows from the step
  engine::TrainingRequest request;           ///< what was asked for last

  std::unique_ptr<engine::TrainingSession> open(engine::TrainingRequest asked);
};

class FakeSession final : public engine::TrainingSession {
 public:
  explicit FakeSession(FakeTraining& training) : training_(training) {
    if (training_.request.resume_from)
      step_ = std::stoll(training_.request.resume_from->filename().native().substr(11));
  }

  engine::TrainingOutcome run(engine::TrainingObserver& observer) override {
    engine::TrainingStart start;
    start.family = "llama";
    start.method = "lora";
    start.precision = "float32";
    start.quantization = "none";
    start.num_weights = 1000;
    start.num_trained = 10;
    start.num_steps = training_.num_steps;
    start.num_steps_per_epoch = 6;
    start.first_step = step_;
    observer.on_start(start);
    engine::TrainingOutcome outcome;
    if (step_ == 0) evaluate(observer);
    while (step_ < training_.num_steps) {
      ++step_;
      report_step(observer);
      training_.after_step(step_);
      if (observer.wants_stop()) {
        save_checkpoint(observer);
        outcome.reason = engine::StopReason::interrupted;
        break;
      }
      if (step_ % training_.eval_steps == 0) evaluate(observer);
      if (step_ % training_.save_steps == 0) save_checkpoint(observer);
    }
    outcome.step = step_;
    outcome.train_loss = 4.0;
    if (training_.evaluates) outcome.initial_eval_loss = training_.initial_loss;
    if (training_.evaluates && outcome.reason == engine::StopReason::finished)
      outcome.eval_loss = training_.final_loss.value_or(6.0 - 0.1 * static_cast<double>(step_));
    outcome.num_tokens = static_cast<std::uint64_t>(step_) * 100;
    outcome.seconds = 1.5;
    return outcome;
  }

  void save(const std::filesystem::path& folder) override {
    training_.before_save();
    write_file_durably(folder / "adapter_config.json", "{}");
    write_file_durably(folder / "adapter_model.safetensors", training_.weights);
  }

 private:
  void report_step(engine::TrainingObserver& observer) {
    engine::StepReport report;
    report.step = step_;
    report.epoch = static_cast<double>(step_) / 6;
    report.loss = 5.0 - 0.25 * static_cast<double>(step_);
    report.grad_norm = 1.0 / static_cast<double>(step_);
    report.learning_rate = 1e-4;
    report.num_tokens = static_cast<std::uint64_t>(step_) * 100;
    report.step_tokens = 100;
    report.step_seconds = 0.5;
    report.memory_bytes = 1 << 20;
    report.metrics = {{"mean_token_accuracy", 0.125 * static_cast<double>(step_ % 8)}};
    observer.on_step(report);
  }

  void evaluate(engine::TrainingObserver& observer) {
    if (!training_.evaluates) return;
    engine::EvaluationReport report;
    report.step = step_;
    report.epoch = static_cast<double>(step_) / 6;
    report.loss = 6.0 - 0.1 * static_cast<double>(step_);
    report.seconds = 0.25;
    report.num_examples = 3;
    report.is_best = true;
    observer.on_evaluation(report);
    observer.on_sample({step_, "a prompt", cat("text at ", step_)});
  }

  void save_checkpoint(engine::TrainingObserver& observer) {
    formats::CheckpointWriter writer(training_.request.run_folder, step_);
    write_file_durably(writer.staging() / "weights", cat(step_));
    observer.on_checkpoint_begin(step_);
    const auto path = writer.commit(Json::object({{"step", step_}}));
    observer.on_checkpoint({step_, path, true, 0.1});
  }

  FakeTraining& training_;
  std::int64_t step_ = 0;
};

inline std::unique_ptr<engine::TrainingSession> FakeTraining::open(engine::TrainingRequest asked) {
  before_open();
  request = std::move(asked);
  return std::make_unique<FakeSession>(*this);
}

}  // namespace forgelm::test
