// Webhooks: a job's notices to people, posted as JSON. Payloads are the reference's, key for key (oracle:
// tests/golden/webhook, made by Python forgelm 0.11.1); Teams and Discord get their own forms. Invariants: a notice
// never fails a run and never throws; every text in it has passed the masks of secrets; where it goes is decided by the
// address guard (core/http.hpp), redirects are not followed, and the address itself, which holds the token, appears
// neither in logs nor in records.
// The trap: a notice whose answer was lost is sent again, so a receiver may see it twice; each carries its own
// Idempotency-Key.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forgelm/config/sections/services.hpp"
#include "forgelm/core/choices.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/retry.hpp"

namespace forgelm::compliance {

/// delivered: the receiver said 2xx. failed: it did not, or was not reached. refused: a rule of ours forbids the
/// address. not_sent: nothing was tried (offline, no address).
FORGELM_CHOICES(DeliveryOutcome, delivered, failed, refused, not_sent)

struct WebhookDelivery {
  std::string event;
  DeliveryOutcome outcome = DeliveryOutcome::not_sent;
  int http_status = 0;  ///< of the last answer; 0: none
  int num_attempts = 0;
  std::string destination;  ///< scheme and host, nothing more
  std::string reason;       ///< why it was not delivered; empty when it was
  double seconds = 0;
};
Json to_json(const WebhookDelivery& delivery);

/// How often and how long a notice is tried, when nothing else is said: a run waits for its notices.
RetryPolicy webhook_retry_policy();

class WebhookNotifier {
 public:
  /// Without a section every notice is dropped. The section's address is registered as a secret.
  explicit WebhookNotifier(std::optional<config::WebhookSection> section, RetryPolicy retry = webhook_retry_policy());

  /// Every notice then carries the checkpoint of this audit log as it is at that time
  /// (forgelm/compliance/checkpoint.hpp), so that the receiver has a copy that who can write the log's folder cannot
  /// change.
  void attach_checkpoint_of(std::filesystem::path audit_log) { audit_log_ = std::move(audit_log); }

  // One function for each event of the reference; each obeys its flag and blocks until the notice is through or given
  // up. `run_name`: webhook_run_name() below.
  void training_started(std::string_view run_name);
  /// Of `metrics` (an object) only numbers are sent.
  void training_succeeded(std::string_view run_name, const Json& metrics);
  void training_failed(std::string_view run_name, std::string_view reason);
  void training_reverted(std::string_view run_name, std::string_view reason);
  void approval_required(std::string_view run_name, std::string_view model_path);
  void pipeline_started(std::string_view run_id, std::int64_t num_stages);
  /// Nothing for a pipeline that waits for approval: its stage has said so.
  void pipeline_completed(std::string_view run_id, std::string_view final_status,
                          std::optional<std::string_view> stopped_at);
  void pipeline_stage_reverted(std::string_view run_id, std::string_view stage, std::string_view reason);

  /// What became of the notices so far, in order.
  const std::vector<WebhookDelivery>& deliveries() const noexcept { return deliveries_; }

 private:
  struct Notice;
  void post(Notice notice) noexcept;
  WebhookDelivery deliver(const Notice& notice);

  std::optional<config::WebhookSection> section_;
  RetryPolicy retry_;
  std::filesystem::path audit_log_;  ///< empty: none
  std::vector<WebhookDelivery> deliveries_;
};

/// The reference's name of a run in notices: the last part of the model's name and "_finetune".
std::string webhook_run_name(std::string_view model);

/// The form that a receiver at `host` reads: its service's own, or generic.
config::WebhookFormat webhook_format_for(std::string_view host);

}  // namespace forgelm::compliance
