// The stages: check (folder, checkpoint), data (rows to tokens), open (the model in memory), train, save, finish. What
// stage an error came from stands in the record. The record is first written when nothing but work is left to do: a job
// that cannot run leaves an earlier run's record as it is.
#include "forgelm/pipeline/run.hpp"

#include <chrono>
#include <exception>
#include <utility>

#include "forgelm/core/env.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/interrupt.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/progress.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/token_cache.hpp"
#include "forgelm/formats/checkpoint_folder.hpp"
#include "model_card.hpp"
#include "run_folder.hpp"
#include "run_record.hpp"
#include "run_recorder.hpp"
#include "tokenizer_files.hpp"

namespace forgelm::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.run");

/// Where a run begins, and whether it is the continuation of the run in its folder.
struct Beginning {
  std::optional<fs::path> checkpoint;
  bool continues = false;
  bool is_checked = false;  ///< the checkpoint's digests
};

Beginning find_beginning(const std::optional<std::string>& resume, const fs::path& folder) {
  if (!resume) return {};
  if (*resume == "auto") {
    const auto newest = formats::newest_checkpoint(folder);
    if (newest) return {newest->path, true, true};
    logger.warning("there is no checkpoint in ", folder.native(), " to go on from: the run begins at its start");
    return {};
  }
  if (!fs::is_directory(*resume))
    throw ConfigError(cat("--resume: there is no folder ", quote(*resume)),
                      cat("name a checkpoint's folder, or leave the path out for the newest in ", folder.native()));
  std::error_code error;
  const bool is_here = fs::equivalent(
      fs::absolute(fs::path(*resume) / ".").lexically_normal().parent_path().parent_path(), folder, error);
  return {*resume, is_here && !error && fs::exists(fs::path(*resume) / formats::kCommittedFile), false};
}

/// Sees to the folder and the record at the first step, then records.
class ObservedRun final : public RunRecorder {
 public:
  ObservedRun(RecorderOptions options, RunFolder& folder, RunRecord& record, bool continues)
      : RunRecorder(std::move(options)), folder_(folder), record_(record), continues_(continues) {}

  void on_start(const engine::TrainingStart& start) override {
    if (continues_) forget_later_checkpoints(start.first_step);
    else folder_.set_aside_earlier_run();
    record_.set_start(start);
    record_.write_running(folder_.path());
    logger.info("run ", record_.id(), ": ", start.family, " with ",
                grouped(static_cast<std::int64_t>(start.num_weights)), " weights, ",
                grouped(static_cast<std::int64_t>(start.num_trained)), " of them trained (", start.method, "), in ",
                start.precision, start.precision_reason.empty() ? "" : cat(" (", start.precision_reason, ")"),
                start.quantization == "none" ? "" : cat(", held in ", start.quantization), ", on ",
                engine::to_string(start.device));
    logger.info(start.num_steps, " steps, ", start.num_steps_per_epoch, " an epoch",
                start.first_step > 0 ? cat("; goes on after step ", start.first_step) : "");
    for (const std::string& note : start.notes) logger.warning(note);
    RunRecorder::on_start(start);
    has_started_ = true;
  }

  void on_checkpoint(const engine::CheckpointReport& report) override {
    last_checkpoint_ = report.path;
    RunRecorder::on_checkpoint(report);
  }

  /// Those of steps that are about to be taken again: the records are cut back, and would not go with them.
  void forget_later_checkpoints(std::int64_t step) const {
    for (const auto& checkpoint : formats::list_checkpoints(folder_.path()))
      if (checkpoint.step > step) formats::remove_checkpoint(checkpoint.path);
  }

  bool has_started() const noexcept { return has_started_; }
  const fs::path& last_checkpoint() const noexcept { return last_checkpoint_; }

 private:
  RunFolder& folder_;
  RunRecord& record_;
  bool continues_;
  bool has_started_ = false;
  fs::path last_checkpoint_;
};

Json metrics_of(const engine::TrainingOutcome& outcome, const RunRecorder& recorder, std::uint64_t num_examples) {
  const double seconds = outcome.seconds;
  const auto rate = [&](double count) { return seconds > 0 ? count / seconds : 0.0; };
  Json metrics = Json::object({
      {"train_runtime", seconds},
      {"train_samples_per_second", rate(recorder.last_epoch() * static_cast<double>(num_examples))},
      {"train_steps_per_second", rate(static_cast<double>(outcome.step))},
      {"train_loss", outcome.train_loss},
      {"epoch", recorder.last_epoch()},
      {"num_steps", outcome.step},
      {"num_tokens", outcome.num_tokens},
  });
  // A run that was resumed at its end has taken no step and measured nothing.
  if (recorder.peak_memory_bytes() > 0) metrics.set("peak_memory_bytes", recorder.peak_memory_bytes());
  if (outcome.initial_eval_loss) metrics.set("initial_eval_loss", *outcome.initial_eval_loss);
  if (outcome.eval_loss) metrics.set("eval_loss", *outcome.eval_loss);
  if (outcome.best_step) metrics.set("best_step", *outcome.best_step);
  return metrics;
}

class Run {
 public:
  Run(const config::LoadedJob& loaded, const RunOptions& options)
      : loaded_(loaded),
        job_(loaded.job),
        options_(options),
        folder_(job_.training.output_dir),
        final_model_(config::final_model_path(job_)) {}

  RunResult run() {
    try {
      check();
      prepare_data();
      open();
      train();
      if (outcome_->reason == engine::StopReason::interrupted) return end_interrupted();
      save();
      return finish();
    } catch (const RunError& error) {
      if (error.kind() == RunErrorKind::interrupted && !observer_) return interrupted_early();
      note_failure(error.what(), to_string(error.kind()));
      throw;
    } catch (const Error& error) {
      note_failure(error.what(), "config");
      throw;
    } catch (const std::exception& error) {
      note_failure(error.what(), "internal");
      throw;
    }
  }

 private:
  void check() {
    stage_ = "check";
    final_model_.check();
    beginning_ = find_beginning(options_.resume, folder_.path());
    record_.emplace(loaded_, beginning_.continues ? folder_.record() : Json());
    if (beginning_.checkpoint) record_->set_resumed_from(*beginning_.checkpoint);
  }

  void prepare_data() {
    stage_ = "data";
    data::TokenizeOptions options;
    options.cache_folder = data::token_cache_folder();
    options.num_threads = num_processors();
    options.shows_progress = options_.shows_progress;
    options.wants_stop = [] { return is_interrupt_requested(); };
    data_ = data::prepare(job_, options);
    for (const std::string& warning : data_.warnings) logger.warning(warning);
    model_digest_ = model_digest(job_.model);
    record_->set_model(model_digest_);
    record_->set_data(data_);
    logger.info(grouped(static_cast<std::int64_t>(data_.train->size())), " examples to learn, ",
                grouped(static_cast<std::int64_t>(data_.eval->size())), " to evaluate (", data_.eval_origin, ")");
  }

  void open() {
    stage_ = "open";
    engine::TrainingRequest request;
    request.job = job_;
    request.data = data_;
    request.run_folder = folder_.path();
    request.resume_from = beginning_.checkpoint;
    request.is_resume_checked = beginning_.is_checked;
    request.run_id = record_->id();
    request.made_with = made_with(job_, data_, model_digest_);
    session_ = options_.open_training(std::move(request));
  }

  void train() {
    stage_ = "train";
    RecorderOptions options;
    options.run_folder = folder_.path();
    if (job_.training.report_to == config::ReportTo::tensorboard)
      options.tensorboard_folder = folder_.path() / "runs" / record_->tracker_name();
    options.configuration = cat("```yaml\n", to_yaml(config::dump(loaded_)), "```\n");
    options.log_steps = job_.training.log_steps;
    options.has_samples = !job_.training.sample_prompts.empty();
    options.shows_progress = options_.shows_progress;
    observer_.emplace(std::move(options), folder_, *record_, beginning_.continues);
    outcome_ = session_->run(*observer_);
    observer_->finish(*outcome_);
    record_->set_metrics(metrics_of(*outcome_, *observer_, data_.train->size()));
  }

  void save() {
    stage_ = "save";
    const fs::path staging = final_model_.stage();
    session_->save(staging);
    write_tokenizer_files(job_.model, data_.model, staging);
    is_adapter_ = fs::exists(staging / "adapter_config.json");
    write_file_durably(staging / "README.md", model_card({loaded_, record_->document(), is_adapter_}));
    final_model_.commit();
    logger.info("the final model is in ", final_model_.path().native());
  }

  RunResult finish() {
    stage_ = "finish";
    for (const auto& checkpoint : formats::list_checkpoints(folder_.path())) switch (job_.training.checkpoint_action) {
        case config::CheckpointAction::keep: break;
        case config::CheckpointAction::delete_: formats::remove_checkpoint(checkpoint.path); break;
        case config::CheckpointAction::compress: formats::compress_checkpoint(checkpoint.path); break;
      }
    record_->set_outputs(folder_.path(), final_model_.path());
    record_->write_ended(folder_.path(), RunState::finished, seconds());
    folder_.remove_earlier_runs();
    RunResult result = this->result(RunState::finished);
    result.final_model = final_model_.path();
    return result;
  }

  RunResult end_interrupted() {
    stage_ = "finish";
    record_->write_ended(folder_.path(), RunState::interrupted, seconds());
    RunResult result = this->result(RunState::interrupted);
    result.message =
        cat("interrupted by ", signal_name(interrupt_signal()), " after step ", outcome_->step,
            observer_->last_checkpoint().empty() ? "" : cat("; saved ", observer_->last_checkpoint().native()));
    result.hint = "the same command with --resume goes on from there";
    return result;
  }

  /// Before the first step there is nothing to save, and nothing is lost: the token cache goes on where it was, and the
  /// same command does the rest.
  RunResult interrupted_early() {
    RunResult result = this->result(RunState::interrupted);
    result.record.clear();
    result.message = cat("interrupted by ", signal_name(interrupt_signal()), " while the data was prepared");
    result.hint = "the same command goes on with what is in the token cache";
    return result;
  }

  RunResult result(RunState state) const {
    RunResult result;
    result.run_id = record_->id();
    result.state = state;
    result.record = folder_.path() / kRunFile;
    result.config_hash = config::config_hash(loaded_);
    result.seconds = seconds();
    if (!outcome_) return result;
    result.metrics = record_->document().at("metrics");
    result.is_adapter = is_adapter_;
    result.reason = outcome_->reason;
    result.first_loss = observer_->first_loss();
    result.last_loss = observer_->last_loss();
    result.first_eval_loss = outcome_->initial_eval_loss;
    result.eval_loss = outcome_->eval_loss;
    return result;
  }

  void note_failure(const std::string& what, std::string_view kind) noexcept {
    // Before its first step a run has changed nothing, and an earlier one's record is still true.
    if (observer_ && observer_->has_started()) record_->write_failed(folder_.path(), stage_, what, kind, seconds());
  }

  double seconds() const { return static_cast<double>(environment().monotonic_ns() - begin_ns_) * 1e-9; }

  const config::LoadedJob& loaded_;
  const config::JobConfig& job_;
  const RunOptions& options_;
  const std::int64_t begin_ns_ = environment().monotonic_ns();
  std::string_view stage_ = "check";
  RunFolder folder_;
  FinalModel final_model_;
  Beginning beginning_;
  std::optional<RunRecord> record_;
  data::PreparedData data_;
  std::string model_digest_;
  std::unique_ptr<engine::TrainingSession> session_;
  std::optional<ObservedRun> observer_;
  std::optional<engine::TrainingOutcome> outcome_;
  bool is_adapter_ = false;
};

}  // namespace

const char* to_string(RunState state) noexcept {
  switch (state) {
    case RunState::running: return "running";
    case RunState::finished: return "finished";
    case RunState::interrupted: return "interrupted";
    case RunState::failed: return "failed";
  }
  return "unknown";
}

RunResult run_job(const config::LoadedJob& loaded, const RunOptions& options) {
  const InterruptScope interrupts;
  return Run(loaded, options).run();
}

}  // namespace forgelm::pipeline
