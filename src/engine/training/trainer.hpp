// Trainer: the loop. It knows steps, evaluations and checkpoints; what is learnt is the objective's matter.
// Invariants: everything that influences a step is in TrainerState, the weights and the optimizer, so that a run that
// goes on from a checkpoint equals one that was never stopped, bit for bit; what is due after a step (evaluation,
// checkpoint) is decided by the state alone, in settle(), which a resumed run passes as well.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "engine/objectives/objective.hpp"
#include "engine/optimizers/optimizer.hpp"
#include "engine/training/evaluation.hpp"
#include "engine/training/micro_batches.hpp"
#include "engine/training/optimizer_step.hpp"
#include "engine/training/ranks.hpp"
#include "engine/training/trained_model.hpp"
#include "engine/training/trainer_state.hpp"
#include "forgelm/engine/training.hpp"

namespace forgelm::engine {

/// What a Trainer works with; all of it outlives it.
struct TrainerParts {
  const config::JobConfig& job;
  const data::PreparedData& data;
  const std::filesystem::path& run_folder;
  TrainedModel& trained;
  Objective& objective;
  const std::vector<TrainedWeight>& weights;
  Optimizer& optimizer;
  StepBatches& batches;
  Ranks& ranks;
};

class Trainer final {
 public:
  /// `state`: where it begins.
  Trainer(const TrainerParts& parts, TrainerState state);

  /// To the end, or until it is stopped. Afterwards the weights are those of the best checkpoint, if there is one and
  /// the run was not interrupted.
  TrainingOutcome run(TrainingObserver& observer);

 private:
  /// One optimizer step.
  void train_step();
  /// The gradients; again with smaller micro-batches when memory runs out and the job allows it.
  StepGradients make_gradients(const std::vector<data::Batch>& batches, double epoch);
  void shrink_micro_batches(const RunError& error);
  std::int64_t num_pieces() const noexcept;
  double learning_rate() const;

  /// Does what is due after the step; says whether the run is over.
  std::optional<StopReason> settle();
  bool is_evaluation_due() const noexcept;
  /// False when it was stopped; then nothing was reported.
  bool evaluate_and_sample();
  std::optional<Evaluation> evaluate_with_recovery();
  void note_evaluation(double loss);
  std::optional<StopReason> stop_reason() const;
  void save(bool is_settled);
  TrainingOutcome finish(StopReason reason);

  const TrainerParts parts_;
  const config::TrainingSection& training_;
  TrainerState state_;
  const std::int64_t first_step_;
  const std::int64_t num_warmup_steps_;
  const EvaluationSet evaluation_set_;
  GradientMaker gradients_;
  TrainingObserver* observer_ = nullptr;
};

}  // namespace forgelm::engine
