// From the trained model to the end of the run: stage, gates, record, and then promote, approval, or refusal; and the
// ends of runs that were interrupted.
#include "forgelm/compliance/model_integrity.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/interrupt.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/checkpoint_folder.hpp"
#include "monitoring.hpp"
#include "revert.hpp"
#include "run_stages.hpp"
#include "tokenizer_files.hpp"

namespace forgelm::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.run");

}  // namespace

void Run::stage() {
  stage_ = "stage";
  if (orphan_) fs::remove_all(*orphan_);
  staged_ = final_model_.stage();
  session_->save(staged_);
  write_tokenizer_files(job_.model, data_.model, staged_);
  is_adapter_ = fs::exists(staged_ / "adapter_config.json");
}

void Run::judge() {
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

void Run::record() {
  stage_ = "record";
  const RunEvidence evidence =
      this->evidence(needs_approval() ? RunState::awaiting_approval : RunState::finished, staged_, model_place());
  attest_model(evidence, is_adapter_, signing_key_ ? &*signing_key_ : nullptr);
  write_compliance(evidence);
}

RunResult Run::promote() {
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

RunResult Run::await_approval() {
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

Json Run::approval_request(const fs::path& waiting) const {
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

RunResult Run::refuse() {
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
  write_compliance(evidence(RunState::rejected, result.staging, result.staging));
  watch(RunState::rejected);
  record_->write_ended(folder_.path(), RunState::rejected, seconds());
  return result;
}

void Run::watch(RunState state) {
  Json told = monitor(job_, record_->document(), state, folder_.path());
  if (!told.is_null()) record_->set("monitoring", std::move(told));
}

fs::path Run::hold() {
  const fs::path waiting = staging_path(model_place(), record_->id());
  final_model_.hold(waiting);
  return waiting;
}

void Run::see_to_checkpoints() const {
  for (const auto& checkpoint : formats::list_checkpoints(folder_.path())) switch (job_.training.checkpoint_action) {
      case config::CheckpointAction::keep: break;
      case config::CheckpointAction::delete_: formats::remove_checkpoint(checkpoint.path); break;
      case config::CheckpointAction::compress: formats::compress_checkpoint(checkpoint.path); break;
    }
}

RunResult Run::end_interrupted() {
  stage_ = "finish";
  write_compliance(evidence(RunState::interrupted));
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

RunResult Run::interrupted_early() {
  RunResult result = this->result(RunState::interrupted);
  result.record.clear();
  result.message = cat("interrupted by ", signal_name(interrupt_signal()), " while the data was prepared");
  result.hint = "the same command goes on with what is in the token cache";
  return result;
}

}  // namespace forgelm::pipeline
