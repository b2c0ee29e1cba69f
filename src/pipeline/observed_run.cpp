#include "observed_run.hpp"

#include "forgelm/core/log.hpp"
#include "forgelm/core/progress.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/checkpoint_folder.hpp"

namespace forgelm::pipeline {
namespace {

constexpr Logger logger("forgelm.run");

}  // namespace

void ObservedRun::on_start(const engine::TrainingStart& start) {
  start_ = start;
  if (continues_) forget_later_checkpoints(start.first_step);
  else folder_.set_aside_earlier_run();
  record_.set_start(start);
  record_.write_running(folder_.path());
  has_started_ = true;
  audit_.record({"training.started", Json::object()});
  logger.info("run ", record_.id(), ": ", start.family, " with ", grouped(static_cast<std::int64_t>(start.num_weights)),
              " weights, ", grouped(static_cast<std::int64_t>(start.num_trained)), " of them trained (", start.method,
              "), in ", start.precision, start.precision_reason.empty() ? "" : cat(" (", start.precision_reason, ")"),
              start.quantization == "none" ? "" : cat(", held in ", start.quantization), ", on ",
              engine::to_string(start.device));
  logger.info(start.num_steps, " steps, ", start.num_steps_per_epoch, " an epoch",
              start.first_step > 0 ? cat("; goes on after step ", start.first_step) : "");
  for (const std::string& note : start.notes) logger.warning(note);
  RunRecorder::on_start(start);
  on_ready();
}

void ObservedRun::on_checkpoint(const engine::CheckpointReport& report) {
  last_checkpoint_ = report.path;
  RunRecorder::on_checkpoint(report);
}

void ObservedRun::on_oom(const engine::OomReport& report) {
  audit_.record({"training.oom_recovery", Json::object({{"old_batch_size", batch_size},
                                                        {"new_batch_size", report.batch_size},
                                                        {"new_grad_accum", report.accumulation_steps}})});
  batch_size = report.batch_size;
  RunRecorder::on_oom(report);
}

void ObservedRun::forget_later_checkpoints(std::int64_t step) const {
  for (const auto& checkpoint : formats::list_checkpoints(folder_.path()))
    if (checkpoint.step > step) formats::remove_checkpoint(checkpoint.path);
}

}  // namespace forgelm::pipeline
