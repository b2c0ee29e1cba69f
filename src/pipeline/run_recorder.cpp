#include "run_recorder.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <utility>

#include "forgelm/core/env.hpp"
#include "forgelm/core/interrupt.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::pipeline {
namespace {

constexpr Logger logger("forgelm.train");

std::string short_number(double value, const char* format = "%.4g") {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

double per_second(std::uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0.0;
}

Json now() { return utc_stamp(environment().utc_now()); }

/// The tag that transformers gives a metric in TensorBoard: "eval_loss" is "eval/loss", "loss" is "train/loss".
std::string tag_of(const std::string& name) {
  constexpr std::string_view kEval = "eval_";
  return name.starts_with(kEval) ? cat("eval/", name.substr(kEval.size())) : cat("train/", name);
}

void add_scalars(formats::EventWriter& events, const Json& line, std::int64_t step) {
  for (const auto& [name, value] : line.members())
    if (name != "step" && value.is_number()) events.add_scalar(tag_of(name), value.real(), step);
}

}  // namespace

RunRecorder::RunRecorder(RecorderOptions options) : options_(std::move(options)) {}

void RunRecorder::restore(const Json& line) {
  is_evaluated_ |= line.find("eval_loss") != nullptr && line.at("step") == Json(resumed_step_);
  const Json* loss = line.find("loss");
  if (loss == nullptr || !loss->is_number()) return;
  if (!first_loss_) first_loss_ = loss->real();
  last_loss_ = loss->real();
  last_step_ = line.at("step").integer();
  last_epoch_ = line.at("epoch").real();
  ++window_.num_steps;
  window_.loss += loss->real();
  if (last_step_ % options_.log_steps == 0) window_ = {};
}

void RunRecorder::on_start(const engine::TrainingStart& start) {
  const auto& folder = options_.run_folder;
  num_steps_ = start.num_steps;
  // A run that begins at its start keeps nothing, the evaluation before the first step neither.
  const std::int64_t last_kept = start.first_step > 0 ? start.first_step : -1;
  resumed_step_ = last_kept;
  loss_.emplace(folder / kLossFile, last_kept, [this](const Json& line) { restore(line); });
  metrics_.emplace(folder / kMetricsFile, last_kept);
  if (options_.has_samples)
    samples_.emplace(folder / kSamplesFile, last_kept,
                     [this](const Json& line) { is_sampled_ |= line.at("step") == Json(resumed_step_); });
  if (last_step_ < start.first_step)
    logger.warning((folder / kLossFile).native(), " lacks the steps ", last_step_ + 1, " to ", start.first_step,
                   ", which came before the checkpoint");
  if (options_.tensorboard_folder) {
    try {
      events_.emplace(*options_.tensorboard_folder);
    } catch (const std::exception& error) {
      logger.warning("TensorBoard events are not written: ", error.what());
    }
    track([&](formats::EventWriter& events) {
      if (start.first_step > 0) events.add_restart(start.first_step + 1);
      events.add_text("args", options_.configuration, start.first_step);
      events.flush();
    });
  }
  if (options_.shows_progress)
    progress_ = std::make_unique<Progress>(
        ProgressOptions{.label = "train", .unit = "step", .total = start.num_steps, .start = start.first_step});
}

void RunRecorder::on_step(const engine::StepReport& report) {
  loss_->add(Json::object({{"step", report.step},
                           {"epoch", report.epoch},
                           {"loss", report.loss},
                           {"grad_norm", report.grad_norm},
                           {"learning_rate", report.learning_rate},
                           {"num_tokens", report.num_tokens}}));
  if (!first_loss_) first_loss_ = report.loss;
  last_loss_ = report.loss;
  last_step_ = report.step;
  last_epoch_ = report.epoch;
  peak_memory_bytes_ = std::max(peak_memory_bytes_, report.memory_bytes);
  ++window_.num_steps;
  window_.loss += report.loss;
  for (const auto& [name, value] : report.metrics) window_.metrics[name] += value;
  ++window_.num_timed_steps;
  window_.seconds += report.step_seconds;
  window_.num_tokens += report.step_tokens;
  if (progress_)
    progress_->update(report.step,
                      {{"loss", short_number(report.loss)},
                       {"lr", short_number(report.learning_rate, "%.3g")},
                       {"tok/s", short_number(per_second(report.step_tokens, report.step_seconds), "%.0f")},
                       {"mem", format_bytes(static_cast<std::int64_t>(report.memory_bytes))}});
  if (report.step % options_.log_steps == 0 || report.step == num_steps_) write_metrics(report);
}

void RunRecorder::write_metrics(const engine::StepReport& report) {
  const Window window = std::exchange(window_, {});
  const double mean_loss = window.loss / static_cast<double>(window.num_steps);
  const double tokens_per_s = per_second(window.num_tokens, window.seconds);
  Json line = Json::object({{"step", report.step},
                            {"epoch", report.epoch},
                            {"loss", mean_loss},
                            {"grad_norm", report.grad_norm},
                            {"learning_rate", report.learning_rate},
                            {"num_tokens", report.num_tokens}});
  for (const auto& [name, sum] : window.metrics) line.set(name, sum / static_cast<double>(window.num_timed_steps));
  line.set("tokens_per_s", tokens_per_s);
  line.set("step_seconds", window.seconds / static_cast<double>(window.num_timed_steps));
  line.set("memory_bytes", report.memory_bytes);
  track([&](formats::EventWriter& events) {
    add_scalars(events, line, report.step);
    events.flush();
  });
  line.set("time", now());
  metrics_->add(line);
  logger.info("step ", report.step, "/", num_steps_, ": loss ", short_number(mean_loss), ", gradient norm ",
              short_number(report.grad_norm), ", learning rate ", short_number(report.learning_rate, "%.3g"), ", ",
              short_number(tokens_per_s, "%.0f"), " tokens/s");
}

void RunRecorder::on_evaluation(const engine::EvaluationReport& report) {
  // A run that was interrupted between a step and its evaluation may be killed after it, and evaluates once more.
  if (is_evaluated_ && report.step == resumed_step_) return;
  Json line = Json::object({{"step", report.step}, {"epoch", report.epoch}, {"eval_loss", report.loss}});
  for (const auto& [name, value] : report.metrics) line.set(cat("eval_", name), value);
  loss_->add(line);
  line.set("eval_runtime", report.seconds);
  line.set("eval_samples_per_second", per_second(report.num_examples, report.seconds));
  track([&](formats::EventWriter& events) {
    add_scalars(events, line, report.step);
    events.flush();
  });
  line.set("eval_num_tokens", report.num_learnt_tokens);
  line.set("is_best", report.is_best);
  line.set("time", now());
  metrics_->add(line);
  logger.info("step ", report.step, "/", num_steps_, ": evaluation loss ", short_number(report.loss), " over ",
              grouped(static_cast<std::int64_t>(report.num_examples)), " examples",
              report.is_best && report.step > 0 ? ", the best so far" : "");
}

void RunRecorder::on_sample(const engine::SampleReport& report) {
  if (!samples_ || (is_sampled_ && report.step == resumed_step_)) return;
  samples_->add(Json::object({{"step", report.step}, {"prompt", report.prompt}, {"text", report.text}}));
  track([&](formats::EventWriter& events) {
    events.add_text(cat("samples/", prefix_code_points(report.prompt, 60)), report.text, report.step);
  });
  logger.info("step ", report.step, "/", num_steps_, ": ", quote(report.prompt), " -> ", quote(report.text, 400));
}

void RunRecorder::on_checkpoint_begin(std::int64_t) {
  loss_->sync();
  metrics_->sync();
  if (samples_) samples_->sync();
  track([](formats::EventWriter& events) { events.flush(); });
}

void RunRecorder::on_checkpoint(const engine::CheckpointReport& report) {
  logger.info("step ", report.step, "/", num_steps_, ": saved ", report.path.native(), report.is_best ? " (best)" : "");
}

void RunRecorder::on_oom(const engine::OomReport& report) {
  metrics_->add(Json::object({{"step", report.step},
                              {"event", "out_of_memory"},
                              {"batch_size", report.batch_size},
                              {"gradient_accumulation_steps", report.accumulation_steps},
                              {"time", now()}}));
}

bool RunRecorder::wants_stop() { return is_interrupt_requested(); }

void RunRecorder::finish(const engine::TrainingOutcome& outcome) {
  if (progress_) progress_->finish();
  progress_.reset();
  const Json line = Json::object({{"train_loss", outcome.train_loss}, {"train_runtime", outcome.seconds}});
  track([&](formats::EventWriter& events) {
    add_scalars(events, line, outcome.step);
    events.flush();
  });
  if (loss_) on_checkpoint_begin(outcome.step);
}

void RunRecorder::track(const std::function<void(formats::EventWriter&)>& write) {
  if (!events_) return;
  try {
    write(*events_);
  } catch (const std::exception& error) {
    logger.warning("TensorBoard events are not written any more: ", error.what());
    events_.reset();
  }
}

}  // namespace forgelm::pipeline
