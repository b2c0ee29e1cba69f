// The stages: check (folder, checkpoint, log), data (rows to tokens), open (the model in memory), train, stage (the
// model on disk, not in its place), gates (they judge it), record (evidence), and then promote it, hold it for a
// person, or refuse it. What stage an error came from stands in the record. The record is first written when nothing
// but work is left to do: a job that cannot run leaves an earlier run's record as it is. The order of the audit log's
// events is the order of the stages; an event that cannot be recorded ends the run. Here: the order of the stages, and
// what is told of them; run_begin.cpp and run_end.cpp are the stages themselves.
#include "forgelm/pipeline/run.hpp"

#include <exception>
#include <utility>

#include "forgelm/compliance/audit_log.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/interrupt.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/redact.hpp"
#include "forgelm/core/text.hpp"
#include "retention_check.hpp"
#include "run_stages.hpp"

namespace forgelm::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.run");

/// Not a failure of this run, which has not begun: its data are not what they have to be.
RunResult refused_data(const Refusal& refusal) {
  RunResult result;
  result.state = refusal.state;
  result.message = refusal.message;
  result.hint = refusal.hint;
  return result;
}

/// Nor this: what others left is in its way.
RunResult kept_too_long(const std::string& why) {
  RunResult result;
  result.state = RunState::rejected;
  result.message = why;
  result.hint = "`forgelm purge --check-policy` lists it; remove it, or change retention.enforce";
  return result;
}

}  // namespace

Run::Run(const config::LoadedJob& loaded, const RunOptions& options)
    : loaded_(loaded),
      resolved_(resolve_data(loaded.job)),
      job_(resolved_.job),
      options_(options),
      begin_ns_(environment().monotonic_ns()),
      folder_(job_.training.output_dir),
      final_model_(config::final_model_path(job_)),
      webhook_(job_) {}

RunResult Run::run() {
  try {
    if (const auto why_not = check_retention(job_)) return kept_too_long(*why_not);
    check();
    if (const auto refusal = check_data()) return refused_data(*refusal);
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

RunResult Run::result(RunState state) const {
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

RunResult Run::told(RunResult result) {
  note_in_index(result.state);
  tell([&](RunListener& one) { one.on_ended(result); });
  return result;
}

void Run::tell(const std::function<void(RunListener&)>& message) noexcept {
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

void Run::note_failure(const std::string& what, std::string_view kind) noexcept {
  // Before its first step a run has changed nothing, and an earlier one's record is still true.
  const bool has_begun = observer_ && observer_->has_started();
  if (has_begun) record_->write_failed(folder_.path(), stage_, what, kind, seconds());
  if (has_begun) note_in_index(RunState::failed);
  if (!is_initialized_) return;
  try {
    if (has_begun) write_compliance(evidence(RunState::failed));
    audit_->record({"pipeline.failed", Json::object({{"error", redact(what)}})});
  } catch (const std::exception& error) {
    logger.warning("the failure cannot be recorded in the audit log: ", error.what());
  }
  tell([&](RunListener& one) { one.on_failed(record_->id(), what); });
}

RunEvidence Run::evidence(RunState state, const fs::path& model, const fs::path& model_place) const {
  return {loaded_, record_->document(), state, folder_, model, model_place, *audit_};
}

double Run::seconds() const { return static_cast<double>(environment().monotonic_ns() - begin_ns_) * 1e-9; }

const char* to_string(RunState state) noexcept {
  switch (state) {
    case RunState::running: return "running";
    case RunState::finished: return "finished";
    case RunState::awaiting_approval: return "awaiting_approval";
    case RunState::rejected: return "rejected";
    case RunState::interrupted: return "interrupted";
    case RunState::failed: return "failed";
    case RunState::data_changed: return "data_changed";
  }
  return "unknown";
}

ExitCode exit_code_of(RunState state) noexcept {
  switch (state) {
    case RunState::finished: return ExitCode::ok;
    case RunState::awaiting_approval: return ExitCode::awaiting_approval;
    case RunState::rejected: return ExitCode::gate_failed;
    case RunState::interrupted: return ExitCode::interrupted;
    case RunState::data_changed: return ExitCode::integrity_failure;
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
