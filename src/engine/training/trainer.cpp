#include "engine/training/trainer.hpp"

#include <algorithm>
#include <cmath>

#include "engine/errors.hpp"
#include "engine/training/checkpoint.hpp"
#include "engine/training/memory.hpp"
#include "engine/training/samples.hpp"
#include "forgelm/config/lr_schedule.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

constexpr Logger logger("forgelm.training");

double seconds_now() { return static_cast<double>(environment().monotonic_ns()) * 1e-9; }

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

StepRules step_rules(const config::TrainingSection& training, const TrainerState& state) {
  return {static_cast<std::uint64_t>(training.seed), training.max_grad_norm, training.neftune_noise_alpha.value_or(0),
          state.conditions.recomputes_blocks};
}

}  // namespace

Trainer::Trainer(const TrainerParts& parts, TrainerState state)
    : parts_(parts),
      training_(parts.job.training),
      state_(std::move(state)),
      first_step_(state_.step),
      num_warmup_steps_(config::num_warmup_steps(training_, state_.num_steps)),
      evaluation_set_(evaluation_set(parts.data.eval, training_.eval_fraction)),
      gradients_(parts.trained.model, parts.objective, parts.weights, parts.ranks, parts.data,
                 step_rules(training_, state_)) {}

TrainingOutcome Trainer::run(TrainingObserver& observer) {
  observer_ = &observer;
  for (;;) {
    if (const auto reason = settle()) return finish(*reason);
    train_step();
    if (parts_.ranks.any(observer_->wants_stop())) {
      save(false);
      return finish(StopReason::interrupted);
    }
  }
}

// ---- a step -------------------------------------------------------------------------------------------------------

void Trainer::train_step() {
  const double start = seconds_now();
  const std::vector<data::Batch> batches = parts_.batches.next();
  if (batches.empty()) throw RunError(RunErrorKind::internal, cat("there is no data for step ", state_.step + 1));
  const double epoch = parts_.batches.epoch_after(batches.back());
  const StepGradients gradients = make_gradients(batches, epoch);
  const double rate = learning_rate();
  guarded(cat("update the weights in step ", state_.step + 1), [&] { parts_.optimizer.step(rate); });

  ++state_.step;
  state_.is_settled = false;
  state_.epoch = epoch;
  state_.cursor = parts_.batches.cursor();
  state_.num_tokens += gradients.num_tokens;
  state_.num_learnt_tokens += gradients.num_learnt_tokens;
  state_.loss_sum += gradients.loss;
  ++state_.num_losses;
  const double seconds = seconds_now() - start;
  state_.seconds += seconds;

  StepReport report;
  report.step = state_.step;
  report.epoch = epoch;
  report.loss = gradients.loss;
  report.grad_norm = gradients.norm;
  report.learning_rate = rate;
  report.num_tokens = state_.num_tokens;
  report.num_learnt_tokens = state_.num_learnt_tokens;
  report.step_tokens = gradients.num_tokens;
  report.step_seconds = seconds;
  report.memory_bytes = peak_memory_bytes(parts_.trained.model.device());
  report.metrics = gradients.metrics;
  observer_->on_step(report);
}

StepGradients Trainer::make_gradients(const std::vector<data::Batch>& batches, double epoch) {
  for (;;) {
    // As many examples together as memory is known to hold. Items of packed batches hold several examples each; then
    // their number is cut in the same proportion.
    std::vector<data::Batch> pieces;
    for (const data::Batch& batch : batches) {
      if (batch.examples.empty()) continue;  // this rank is beyond the end of the epoch
      const auto num_examples = static_cast<std::int64_t>(batch.examples.size());
      const std::int64_t at_most = training_.packing ? ceil_div(num_examples, num_pieces()) : state_.batch_size;
      for (data::Batch& piece : cut(batch, static_cast<std::size_t>(at_most))) pieces.push_back(std::move(piece));
    }
    try {
      return guarded(cat("compute step ", state_.step + 1),
                     [&] { return gradients_.make(state_.step, epoch, pieces); });
    } catch (const RunError& error) {
      if (error.kind() != RunErrorKind::out_of_memory) throw;
      shrink_micro_batches(error);
    }
  }
}

void Trainer::shrink_micro_batches(const RunError& error) {
  const std::int64_t smallest = std::max<std::int64_t>(1, training_.oom_recovery_min_batch_size);
  if (!training_.oom_recovery || state_.batch_size <= smallest)
    throw RunError(
        RunErrorKind::out_of_memory, error.what(),
        cat(training_.oom_recovery ? cat("micro-batches are as small as training.oom_recovery_min_batch_size allows (",
                                         state_.batch_size, "); ")
                                   : std::string("training.oom_recovery: true goes on with smaller micro-batches; "),
            "training.gradient_checkpointing: true, a smaller training.per_device_train_batch_size and a "
            "shorter model.max_length take less memory"),
        {{"step", std::to_string(state_.step + 1)}, {"batch_size", std::to_string(state_.batch_size)}});
  state_.batch_size = std::max(smallest, ceil_div(state_.batch_size, 2));
  for (const TrainedWeight& trained : parts_.weights) trained.weight->value.mutable_grad() = at::Tensor();
  release_cached_memory(parts_.trained.model.device());
  logger.warning("out of memory: going on with ", state_.batch_size, " examples at a time, the same in all per step");
  observer_->on_oom({state_.step + 1, state_.batch_size, training_.gradient_accumulation_steps * num_pieces()});
}

std::int64_t Trainer::num_pieces() const noexcept {
  return ceil_div(training_.per_device_train_batch_size, state_.batch_size);
}

double Trainer::learning_rate() const {
  const double rate = config::learning_rate_at(training_, state_.step, state_.num_steps);
  if (!training_.lr_rewarm_on_resume || first_step_ == 0 || num_warmup_steps_ == 0) return rate;
  return rate * std::min(1.0, static_cast<double>(state_.step - first_step_) / static_cast<double>(num_warmup_steps_));
}

// ---- between steps ------------------------------------------------------------------------------------------------

std::optional<StopReason> Trainer::settle() {
  if (state_.is_settled) return stop_reason();
  if (is_evaluation_due() && !evaluate_and_sample()) {
    save(false);
    return StopReason::interrupted;
  }
  const auto reason = stop_reason();
  if (state_.step > 0 && (reason || state_.step % training_.save_steps == 0)) save(true);
  state_.is_settled = true;
  return reason;
}

bool Trainer::is_evaluation_due() const noexcept {
  return state_.step % training_.eval_steps == 0 || state_.step == state_.num_steps;
}

bool Trainer::evaluate_and_sample() {
  const double start = seconds_now();
  std::optional<Evaluation> evaluation;
  if (evaluation_set_.num_examples > 0) {
    evaluation = evaluate_with_recovery();
    if (!evaluation) return false;
  }
  const double seconds = seconds_now() - start;
  const auto samples = guarded("answer training.sample_prompts", [&] {
    return answer_prompts(parts_.trained.model, parts_.data.model, parts_.job,
                          [this] { return observer_->wants_stop(); });
  });
  if (!samples) return false;
  if (evaluation) {
    const auto lowest = lowest_loss(state_);
    EvaluationReport report;
    report.step = state_.step;
    report.epoch = state_.epoch;
    report.loss = evaluation->loss;
    report.seconds = seconds;
    report.num_examples = evaluation_set_.num_examples;
    report.num_learnt_tokens = evaluation->num_learnt_tokens;
    report.is_best = state_.step > 0 && (!lowest || evaluation->loss < *lowest);
    report.metrics = evaluation->metrics;
    note_evaluation(evaluation->loss);
    observer_->on_evaluation(report);
  }
  for (const Sample& sample : *samples) observer_->on_sample({state_.step, sample.prompt, sample.text});
  state_.seconds += seconds_now() - start;
  return true;
}

std::optional<Evaluation> Trainer::evaluate_with_recovery() {
  for (;;) {
    try {
      const auto evaluation = guarded(cat("evaluate after step ", state_.step), [&] {
        return evaluate(parts_.trained.model, parts_.objective, evaluation_set_, state_.batch_size, parts_.ranks,
                        [this] { return parts_.ranks.any(observer_->wants_stop()); });
      });
      if (evaluation && !std::isfinite(evaluation->loss))
        throw RunError(RunErrorKind::diverged,
                       cat("the loss on the evaluation rows is ", evaluation->loss, " after step ", state_.step),
                       state_.step == 0 ? "the model gives this before any training: its weights, or its precision"
                                        : "try a smaller training.learning_rate or training.precision: float32",
                       {{"step", std::to_string(state_.step)}, {"batch", "evaluation"}});
      return evaluation;
    } catch (const RunError& error) {
      if (error.kind() != RunErrorKind::out_of_memory) throw;
      shrink_micro_batches(error);
    }
  }
}

/// As transformers' EarlyStoppingCallback: an evaluation is a gain when it is below the lowest so far by more than
/// early_stopping_min_delta. The baseline is none of them.
void Trainer::note_evaluation(double loss) {
  if (state_.step > 0) {
    const auto lowest = lowest_loss(state_);
    const bool is_gain = !lowest || *lowest - loss > training_.early_stopping_min_delta;
    state_.num_evaluations_without_gain = is_gain ? 0 : state_.num_evaluations_without_gain + 1;
  }
  state_.evaluations.push_back({state_.step, state_.epoch, loss});
}

std::optional<StopReason> Trainer::stop_reason() const {
  if (state_.step >= state_.num_steps) return StopReason::finished;
  if (state_.step == 0 || state_.evaluations.empty()) return std::nullopt;
  if (state_.num_evaluations_without_gain >= training_.early_stopping_patience) return StopReason::early_stopping;
  if (training_.overfit_threshold) {
    double lowest = state_.evaluations.front().loss;
    for (const EvaluationPoint& point : state_.evaluations) lowest = std::min(lowest, point.loss);
    if (state_.evaluations.back().loss > lowest * (1.0 + *training_.overfit_threshold)) return StopReason::overfitting;
  }
  return std::nullopt;
}

void Trainer::save(bool is_settled) {
  const double start = seconds_now();
  state_.is_settled = is_settled;
  if (const auto loss = state_.evaluation_at(state_.step); loss && state_.step > 0) {
    const auto best = state_.best_step ? state_.evaluation_at(*state_.best_step) : std::nullopt;
    if (!best || *loss < *best) state_.best_step = state_.step;
  }
  const auto path = guarded(cat("save checkpoint-", state_.step), [&] {
    return write_checkpoint(parts_.run_folder, parts_.trained, parts_.optimizer, state_,
                            [this] { observer_->on_checkpoint_begin(state_.step); });
  });
  remove_old_checkpoints(parts_.run_folder, state_, training_.save_total_limit);
  observer_->on_checkpoint({state_.step, path, state_.best_step == state_.step, seconds_now() - start});
}

TrainingOutcome Trainer::finish(StopReason reason) {
  TrainingOutcome outcome;
  outcome.reason = reason;
  outcome.step = state_.step;
  outcome.train_loss = state_.num_losses > 0 ? state_.loss_sum / static_cast<double>(state_.num_losses) : 0;
  outcome.initial_eval_loss = state_.evaluation_at(0);
  outcome.batch_size = state_.batch_size;
  outcome.accumulation_steps = training_.gradient_accumulation_steps * num_pieces();
  outcome.num_tokens = state_.num_tokens;
  if (!state_.evaluations.empty() && state_.evaluations.back().step > 0)
    outcome.eval_loss = state_.evaluations.back().loss;
  if (reason != StopReason::interrupted && state_.best_step) {
    if (*state_.best_step != state_.step) {
      guarded("read the best checkpoint",
              [&] { load_best_weights(parts_.trained, parts_.run_folder, *state_.best_step); });
      logger.info("the weights are those of step ", *state_.best_step, ", which has the lowest evaluation loss");
    }
    outcome.best_step = state_.best_step;
    outcome.eval_loss = state_.evaluation_at(*state_.best_step);
  }
  outcome.seconds = state_.seconds;
  return outcome;
}

}  // namespace forgelm::engine
