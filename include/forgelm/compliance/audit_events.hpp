// The events of the audit log: one table of all names, what each carries and when it is written. The first 42 are the
// reference's, with its payload keys; the rest are ours. The log refuses a name that does not stand here, and
// audit_event() refuses it when compiling, so that a misspelt event cannot be recorded.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace forgelm::compliance {

struct AuditEventSpec {
  std::string_view name;     ///< "training.started"
  std::string_view payload;  ///< its keys beyond the envelope, in order, as the reference page shows them
  std::string_view meaning;  ///< one sentence without a full stop
  bool is_ours = false;      ///< not one of the reference's
};

namespace detail {
inline constexpr AuditEventSpec kAuditEvents[] = {
    {"pipeline.initialized", "model, trainer_type", "A run was set up; model and data are loaded next"},
    {"training.started", "", "Training begins"},
    {"training.oom_recovery", "old_batch_size, new_batch_size, new_grad_accum",
     "Memory ran out and training goes on with smaller micro-batches and the same effective batch"},
    {"evaluation.loss_gate_completed", "passed, eval_loss, max_acceptable_loss, baseline_loss",
     "The loss gate gave its verdict"},
    {"benchmark.evaluation_completed", "passed, average, scores, failure_reason",
     "The benchmark gate gave its verdict"},
    {"safety.evaluation_completed",
     "passed, safe_ratio, total_count, evaluation_completed, scored_unsafe_count, unscored_count, safety_score, "
     "categories",
     "The safety gate gave its verdict"},
    {"judge.evaluation_completed", "passed, average_score, failure_reason", "The judge gate gave its verdict"},
    {"audit.classifier_load_failed", "classifier, reason", "The classifier of the safety gate could not be loaded"},
    {"model.reverted", "reason, detail", "A gate failed and its model is removed; written before the removal"},
    {"model.revert_failed", "reason, path, error_class", "A rejected model could not be removed"},
    {"model.integrity_verified", "artifacts",
     "The integrity manifest of the model was written; the number of its files"},
    {"human_approval.required", "gate, reason, metrics, staging_path, run_id, config_hash",
     "The model waits for a person's decision"},
    {"human_approval.granted", "gate, run_id, approver, comment, promote_strategy", "A person approved the model"},
    {"human_approval.rejected", "gate, run_id, approver, comment, staging_path", "A person rejected the model"},
    {"pipeline.completed", "success, metrics_summary; of a chain: pipeline_run_id, final_status, stopped_at",
     "A run, or a chain of stages, came to its end"},
    {"pipeline.failed", "error", "A run broke"},
    {"pipeline.started", "pipeline_run_id, config_hash, stage_count, stage_names", "A chain of stages begins"},
    {"pipeline.stage_started", "pipeline_run_id, stage_name, stage_index, input_model, input_source",
     "A stage of a chain begins"},
    {"pipeline.stage_completed", "pipeline_run_id, stage_name, gate_decision, metrics or auto_revert_triggered",
     "A stage of a chain ended"},
    {"pipeline.stage_gated", "pipeline_run_id, stage_name, gate_decision, staging_path",
     "A stage of a chain waits for a person's decision"},
    {"pipeline.stage_reverted", "pipeline_run_id, stage_name, gate_decision, auto_revert_triggered",
     "The model of a stage was removed after a gate"},
    {"pipeline.force_resume", "pipeline_run_id, old_config_hash, new_config_hash",
     "A chain was resumed by force with another configuration"},
    {"pipeline.resume_refused", "pipeline_run_id, requested_stage, blocking_stage, blocking_status",
     "A chain could not be resumed at the requested stage"},
    {"compliance.governance_exported", "output_path, dataset_count", "The data governance report was written"},
    {"compliance.governance_section_missing", "section, expected_path", "The data governance report lacks a section"},
    {"compliance.governance_failed", "reason", "The data governance report could not be written"},
    {"compliance.artifacts_exported", "output_dir, files, governance_ok", "The compliance bundle was written"},
    {"compliance.artifacts_export_failed", "reason", "The compliance bundle could not be written"},
    {"data.erasure_requested",
     "target_kind, target_id, salt_source, corpus_path, justification, dry_run; of a run: target_kind, target_id, "
     "output_dir, justification, dry_run",
     "An erasure was asked for"},
    {"data.erasure_completed",
     "as requested, bytes_freed, files_modified; of a row: pre_erasure_line_number, match_count",
     "An erasure was done"},
    {"data.erasure_failed", "as requested, error_class, error_message; of a row: match_count, files_modified",
     "An erasure failed"},
    {"data.erasure_warning_memorisation", "as completed, affected_run_ids", "Models were trained on what was erased"},
    {"data.erasure_warning_synthetic_data_present", "as completed, synthetic_files",
     "Synthetic data may repeat what was erased"},
    {"data.erasure_warning_external_copies", "as completed, webhook_targets",
     "Receivers of webhooks may hold what was erased"},
    {"data.access_request_query",
     "query_hash, identifier_type, scan_mode, salt_source, files_scanned, match_count, error_class, error_message",
     "Files were searched for a person's data"},
    {"cache.populate_models_requested", "models, cache_dir, safety_classifier", "Models are about to be fetched"},
    {"cache.populate_models_completed", "models, cache_dir, safety_classifier, total_size_bytes, count",
     "Models were fetched"},
    {"cache.populate_models_failed",
     "models, cache_dir, safety_classifier, models_completed, error_class, error_message",
     "Models could not be fetched"},
    {"cache.populate_tasks_requested", "tasks, cache_dir", "Benchmark tasks are about to be fetched"},
    {"cache.populate_tasks_completed", "tasks, cache_dir, count", "Benchmark tasks were fetched"},
    {"cache.populate_tasks_partial", "tasks, cache_dir, tasks_cached, tasks_failed, tasks_unavailable",
     "Some benchmark tasks were fetched"},
    {"cache.populate_tasks_failed", "tasks, cache_dir, tasks_completed, error_class, error_message",
     "Benchmark tasks could not be fetched"},
    {"pipeline.interrupted", "signal, step, checkpoint", "A run stopped at a signal with its state saved", true},
    {"data.registered", "dataset, id, digest, path, rows, audit_status, audit_note, parent",
     "A data set was given a name and a version in the registry, whose own log this is in", true},
    {"data.unregistered", "dataset, id, digest, path",
     "A data set is taken out of the registry; written before the removal", true},
    {"audit.recovered", "offset, cut_bytes, cut_sha256, kept_at",
     "A write that a crash or a full disk had left unfinished was cut off the end of this log", true},
    {"audit.checkpoint_adopted", "reason, num_entries, size_bytes, head_sha256",
     "The log held entries that no usable checkpoint covered; from here on one does", true},
    {"audit.rerooted", "reason, detail",
     "FORGELM_ALLOW_AUDIT_REROOT=1 let a log go on whose evidence of its past was missing or did not agree", true},
};
}  // namespace detail

/// All events in the order of the reference page.
std::span<const AuditEventSpec> audit_events() noexcept;

/// The event of that name, or nullptr.
const AuditEventSpec* find_audit_event(std::string_view name) noexcept;

/// `name` itself; a compile-time error when it is not an event: sink.record({audit_event("training.started")}).
consteval const char* audit_event(const char* name) {
  for (const AuditEventSpec& spec : detail::kAuditEvents)
    if (spec.name == name) return name;
  throw "this name is not in the table of audit events";
}

/// docs/generated/audit-events.md.
std::string audit_events_markdown();

}  // namespace forgelm::compliance
