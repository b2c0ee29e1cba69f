// The stages: check (folder, checkpoint, log), data (rows to tokens), open (the model in memory), train, stage (the
// model on disk, not in its place), gates (they judge it), record (evidence), and then promote it, hold it for a
// person, or refuse it. What stage an error came from stands in the record. The record is first written when nothing
// but work is left to do: a job that cannot run leaves an earlier run's record as it is. The order of the audit log's
// events is the order of the stages; an event that cannot be recorded ends the run.
#include "forgelm/pipeline/run.hpp"

#include <cmath>
#include <exception>
#include <utility>

#include "forgelm/compliance/approval.hpp"
#include "forgelm/compliance/audit_log.hpp"
#include "forgelm/compliance/model_integrity.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/interrupt.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/redact.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/token_cache.hpp"
#include "forgelm/formats/checkpoint_folder.hpp"
#include "model_card.hpp"
#include "monitoring.hpp"
#include "observed_run.hpp"
#include "retention_check.hpp"
#include "revert.hpp"
#include "run_evidence.hpp"
#include "run_facts.hpp"
#include "run_folder.hpp"
#include "run_record.hpp"
#include "tokenizer_files.hpp"
#include "webhook_listener.hpp"

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

Json metrics_of(const engine::TrainingOutcome& outcome, const RunRecorder& recorder, std::uint64_t num_examples,
                bool wants_perplexity) {
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
  if (outcome.eval_loss && wants_perplexity) metrics.set("eval_perplexity", std::exp(*outcome.eval_loss));
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
      if (const auto why_not = check_retention(job_)) return kept_too_long(*why_not);
      check();
      prepare_data();
      open();
      train();
      if (outcome_->reason == engine::StopReason::interrupted) return told(end_interrupted());
      stage();
      judge();
      if (refusal() != nullptr) return told(refuse());
      record();
      return told(needs_approval() ? await_approval() : promote());
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
    signing_key_ = signing_key(job_, options_.sign_key);
    audit_ = options_.open_audit(job_, folder_.path(), record_->id());
    orphan_ = find_orphan();
  }

  /// The model of a run that was stopped between staging it and asking for its approval: nobody can decide about it.
  std::optional<fs::path> find_orphan() const {
    const Json earlier = folder_.record();
    const Json* id = earlier.find("id");
    if (id == nullptr || id->kind() != Json::Kind::text) return std::nullopt;
    const Json* state = earlier.find("state");
    if (state != nullptr && *state == Json(to_string(RunState::rejected))) return std::nullopt;
    const fs::path waiting = staging_path(model_place(), id->text());
    if (!fs::is_directory(waiting) || compliance::has_asked_for_approval(folder_.path(), id->text()))
      return std::nullopt;
    return waiting;
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
    record_->set_data(job_, data_);
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
    request.needs_baseline = eval::needs_measured_baseline(job_);
    request.run_id = record_->id();
    request.made_with = made_with(job_, data_, model_digest_);
    session_ = options_.open_training(std::move(request));
    audit_->record({"pipeline.initialized", Json::object({{"model", job_.model.name_or_path},
                                                          {"trainer_type", to_text(job_.training.trainer_type)}})});
    is_initialized_ = true;
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
    observer_.emplace(std::move(options), folder_, *record_, *audit_, beginning_.continues);
    observer_->batch_size = job_.training.per_device_train_batch_size;
    observer_->on_ready = [this] { tell([this](RunListener& one) { one.on_started(record_->id()); }); };
    outcome_ = session_->run(*observer_);
    observer_->finish(*outcome_);
    record_->set_metrics(metrics_of(*outcome_, *observer_, data_.train->size(), job_.evaluation.has_value()));
    record_->set_resources(job_, compute_facts(observer_->start(), *outcome_, observer_->peak_memory_bytes()));
  }

  void stage() {
    stage_ = "stage";
    if (orphan_) fs::remove_all(*orphan_);
    staged_ = final_model_.stage();
    session_->save(staged_);
    write_tokenizer_files(job_.model, data_.model, staged_);
    is_adapter_ = fs::exists(staged_ / "adapter_config.json");
  }

  void judge() {
    stage_ = "gates";
    const eval::GateInput input{job_, staged_, folder_.path(), outcome_->eval_loss, outcome_->initial_eval_loss};
    gates_ = eval::run_gates(input, [this](const eval::GateResult& result) {
      for (const AuditEvent& event : result.events) audit_->record(event);
      if (result.is_failed()) logger.error("the ", result.name, " gate refuses the model: ", result.detail);
      else if (result.verdict == eval::Verdict::skipped)
        logger.warning("the ", result.name, " gate is skipped: ", result.detail);
      else logger.info("the ", result.name, " gate passes the model: ", result.detail);
    });
    record_->set_gates(gates_.results);
  }

  const eval::GateResult* refusal() const { return gates_.failure(); }
  bool needs_approval() const { return job_.evaluation && job_.evaluation->require_human_approval; }
  fs::path model_place() const { return fs::absolute(final_model_.path()).lexically_normal(); }

  void record() {
    stage_ = "record";
    write_evidence({loaded_, record_->document(), data_, observer_->start(), *outcome_, gates_.results, record_->id(),
                    config::config_hash(loaded_), folder_.path(), staged_, model_place(), is_adapter_, seconds(),
                    *audit_, signing_key_ ? &*signing_key_ : nullptr});
  }

  RunResult promote() {
    stage_ = "promote";
    final_model_.commit();
    logger.info("the final model is in ", final_model_.path().native());
    stage_ = "finish";
    see_to_checkpoints();
    record_->set_outputs(folder_.path(), final_model_.path());
    // The log has the last word: should it fail to take it, the record is written anew.
    watch(RunState::finished);
    record_->write_ended(folder_.path(), RunState::finished, seconds());
    audit_->record({"pipeline.completed",
                    Json::object({{"success", true}, {"metrics_summary", record_->document().at("metrics")}})});
    folder_.remove_earlier_runs();
    RunResult result = this->result(RunState::finished);
    result.final_model = final_model_.path();
    return result;
  }

  RunResult await_approval() {
    stage_ = "approval";
    const fs::path waiting = hold();
    see_to_checkpoints();
    record_->set_held(waiting, false);
    record_->set_outputs(folder_.path(), waiting);
    watch(RunState::awaiting_approval);
    record_->write_ended(folder_.path(), RunState::awaiting_approval, seconds());
    audit_->record({"human_approval.required", approval_request(waiting)});
    logger.info("a person has to approve the model, which waits in ", waiting.native());
    folder_.remove_earlier_runs();
    RunResult result = this->result(RunState::awaiting_approval);
    result.final_model = result.staging = waiting;
    return result;
  }

  Json approval_request(const fs::path& waiting) const {
    Json request = Json::object({{"gate", "final_model"},
                                 {"reason", "require_human_approval=true"},
                                 {"metrics", record_->document().at("metrics")},
                                 {"staging_path", waiting.native()},
                                 {"run_id", record_->id()},
                                 {"config_hash", config::config_hash(loaded_)}});
    // The log then vouches for the manifest, and the manifest for the files.
    if (const auto manifest = read_file_if_exists(waiting / compliance::kModelIntegrityFile))
      request.set("integrity_sha256", sha256_hex(*manifest));
    if (job_.evaluation->four_eyes) request.set("four_eyes", true);
    return request;
  }

  RunResult refuse() {
    stage_ = "refuse";
    RunResult result = this->result(RunState::rejected);
    result.message = refusal()->detail;
    if (job_.evaluation->auto_revert) {
      const RevertOutcome reverted = revert(folder_.path(), staged_, *refusal(), *audit_);
      result.is_reverted = reverted.is_reverted;
      if (!reverted.is_reverted) {
        result.message += cat("; auto_revert could not remove ", reverted.left.native(), ": ", reverted.why);
        if (fs::exists(staged_)) result.final_model = result.staging = fs::absolute(staged_);
      }
    } else {
      result.final_model = result.staging = hold();
      see_to_checkpoints();
    }
    result.hint = result.is_reverted ? "nothing of the model is left; the record says what was measured"
                                     : cat("it waits in ", result.staging.native(), " and is in nobody's way");
    record_->set_held(result.staging, result.is_reverted);
    watch(RunState::rejected);
    record_->write_ended(folder_.path(), RunState::rejected, seconds());
    return result;
  }

  /// Metrics leave as `monitoring` says; what became of that stands in the record.
  void watch(RunState state) {
    Json told = monitor(job_, record_->document(), state, folder_.path());
    if (!told.is_null()) record_->set("monitoring", std::move(told));
  }

  /// The staged model waits where the run's id is in its name.
  fs::path hold() {
    const fs::path waiting = staging_path(model_place(), record_->id());
    final_model_.hold(waiting);
    return waiting;
  }

  void see_to_checkpoints() const {
    for (const auto& checkpoint : formats::list_checkpoints(folder_.path())) switch (job_.training.checkpoint_action) {
        case config::CheckpointAction::keep: break;
        case config::CheckpointAction::delete_: formats::remove_checkpoint(checkpoint.path); break;
        case config::CheckpointAction::compress: formats::compress_checkpoint(checkpoint.path); break;
      }
  }

  RunResult end_interrupted() {
    stage_ = "finish";
    audit_->record({"pipeline.interrupted", Json::object({{"signal", signal_name(interrupt_signal())},
                                                          {"step", outcome_->step},
                                                          {"checkpoint", observer_->last_checkpoint().native()}})});
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
    result.resource_usage = record_->document().at("resource_usage");
    result.is_adapter = is_adapter_;
    result.reason = outcome_->reason;
    result.first_loss = observer_->first_loss();
    result.last_loss = observer_->last_loss();
    result.first_eval_loss = outcome_->initial_eval_loss;
    result.eval_loss = outcome_->eval_loss;
    result.gates = gates_.results;
    return result;
  }

  /// Not a failure of this run, which has not begun: what others left is in its way.
  static RunResult kept_too_long(const std::string& why) {
    RunResult result;
    result.state = RunState::rejected;
    result.message = why;
    result.hint = "`forgelm purge --check-policy` lists it; remove it, or change retention.enforce";
    return result;
  }

  RunResult told(RunResult result) {
    tell([&](RunListener& one) { one.on_ended(result); });
    return result;
  }

  /// Listeners hear; what goes wrong with one is its own matter.
  void tell(const std::function<void(RunListener&)>& message) noexcept {
    const auto tell_one = [&](RunListener& listener) noexcept {
      try {
        message(listener);
      } catch (const std::exception& error) {
        logger.warning("a notice about the run could not be given: ", error.what());
      }
    };
    for (RunListener* listener : options_.listeners) tell_one(*listener);
    const std::size_t num_notices = webhook_.num_notices();
    tell_one(webhook_);
    if (webhook_.num_notices() > num_notices && observer_ && observer_->has_started())
      record_->write_notices(folder_.path(), webhook_.notices());
  }

  void note_failure(const std::string& what, std::string_view kind) noexcept {
    // Before its first step a run has changed nothing, and an earlier one's record is still true.
    if (observer_ && observer_->has_started()) record_->write_failed(folder_.path(), stage_, what, kind, seconds());
    if (!is_initialized_) return;
    try {
      audit_->record({"pipeline.failed", Json::object({{"error", redact(what)}})});
    } catch (const std::exception& error) {
      logger.warning("the failure cannot be recorded in the audit log: ", error.what());
    }
    tell([&](RunListener& one) { one.on_failed(record_->id(), what); });
  }

  double seconds() const { return static_cast<double>(environment().monotonic_ns() - begin_ns_) * 1e-9; }

  const config::LoadedJob& loaded_;
  const config::JobConfig& job_;
  const RunOptions& options_;
  const std::int64_t begin_ns_ = environment().monotonic_ns();
  std::string_view stage_ = "check";
  RunFolder folder_;
  FinalModel final_model_;
  WebhookListener webhook_{job_};
  Beginning beginning_;
  std::optional<fs::path> orphan_;
  std::optional<RunRecord> record_;
  std::optional<PrivateKey> signing_key_;
  std::unique_ptr<AuditSink> audit_;
  bool is_initialized_ = false;  ///< the log knows of this run
  data::PreparedData data_;
  std::string model_digest_;
  std::unique_ptr<engine::TrainingSession> session_;
  std::optional<ObservedRun> observer_;
  std::optional<engine::TrainingOutcome> outcome_;
  fs::path staged_;
  bool is_adapter_ = false;
  eval::GateReport gates_;
};

}  // namespace

const char* to_string(RunState state) noexcept {
  switch (state) {
    case RunState::running: return "running";
    case RunState::finished: return "finished";
    case RunState::awaiting_approval: return "awaiting_approval";
    case RunState::rejected: return "rejected";
    case RunState::interrupted: return "interrupted";
    case RunState::failed: return "failed";
  }
  return "unknown";
}

ExitCode exit_code_of(RunState state) noexcept {
  switch (state) {
    case RunState::finished: return ExitCode::ok;
    case RunState::awaiting_approval: return ExitCode::awaiting_approval;
    case RunState::rejected: return ExitCode::gate_failed;
    case RunState::interrupted: return ExitCode::interrupted;
    case RunState::running:
    case RunState::failed: break;
  }
  return ExitCode::run_error;
}

RunListener::~RunListener() = default;

std::unique_ptr<AuditSink> open_run_audit(const config::JobConfig& job, const fs::path& run_folder,
                                          const std::string& run_id) {
  compliance::AuditLogOptions options;
  options.directory = run_folder;
  options.run_id = run_id;
  if (job.compliance && job.compliance->audit_key) options.key = PrivateKey::from_pem_file(*job.compliance->audit_key);
  if (job.compliance && job.compliance->anchor_path) options.anchor_path = *job.compliance->anchor_path;
  return std::make_unique<compliance::AuditLog>(std::move(options));
}

RunResult run_job(const config::LoadedJob& loaded, const RunOptions& options) {
  const InterruptScope interrupts;
  set_offline(loaded.job.model.offline);
  return Run(loaded, options).run();
}

}  // namespace forgelm::pipeline
