#include "webhook_listener.hpp"

#include "forgelm/compliance/audit_log.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::pipeline {

WebhookListener::WebhookListener(const config::JobConfig& job)
    : run_name_(compliance::webhook_run_name(job.model.name_or_path)), notifier_(job.webhook) {
  notifier_.attach_checkpoint_of(std::filesystem::path(job.training.output_dir) / compliance::kAuditLogName);
}

void WebhookListener::on_started(const std::string&) { notifier_.training_started(run_name_); }

void WebhookListener::on_ended(const RunResult& result) {
  switch (result.state) {
    case RunState::finished: notifier_.training_succeeded(run_name_, result.metrics); break;
    case RunState::awaiting_approval: notifier_.approval_required(run_name_, result.staging.native()); break;
    case RunState::rejected:
      if (result.is_reverted) notifier_.training_reverted(run_name_, cat(result.message, " Artifacts discarded."));
      else notifier_.training_failed(run_name_, result.message);
      break;
    case RunState::data_changed:
    case RunState::interrupted:
    case RunState::running:
    case RunState::failed: break;
  }
}

void WebhookListener::on_failed(const std::string&, const std::string& what) {
  notifier_.training_failed(run_name_, what);
}

Json WebhookListener::notices() const {
  Json list = Json::array();
  for (const auto& delivery : notifier_.deliveries()) list.push(to_json(delivery));
  return list;
}

}  // namespace forgelm::pipeline
