#include "forgelm/compliance/webhook.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "forgelm/compliance/checkpoint.hpp"
#include "forgelm/compliance/mask.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/interrupt.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/redact.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/url.hpp"
#include "webhook_payload.hpp"

namespace forgelm::compliance {
namespace {

constexpr Logger logger("forgelm.webhook");

// The reference's colours.
constexpr std::string_view kBlue = "#0052cc", kGreen = "#36a64f", kRed = "#ff0000", kOrange = "#ff9900",
                           kYellow = "#f2c744", kDarkRed = "#cc0000";

/// Python's repr of a text without quotes and control characters, which names of stages are.
std::string in_quotes(std::string_view text) { return cat("'", text, "'"); }

/// Parts of an address that are long enough to be a token; a path like "/webhook" is none.
void register_tokens(std::string_view address) {
  constexpr std::size_t kMinTokenBytes = 16;
  const std::size_t scheme = address.find("://");
  const std::size_t path = address.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
  if (path == std::string_view::npos || path + 1 == address.size()) return;
  register_secret(address);
  std::string_view rest = address.substr(path);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of("/?&="), rest.size());
    if (end >= kMinTokenBytes) register_secret(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

bool is_at_or_below(std::string_view host, std::string_view domain) {
  if (host == domain) return true;
  return host.size() > domain.size() && host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.';
}

/// Nothing for a log without one; a notice goes out all the same.
std::optional<std::string> checkpoint_of(const std::filesystem::path& audit_log) {
  try {
    return read_file_if_exists(checkpoint_path(audit_log.native()), kMaxCheckpointBytes);
  } catch (const Error& error) {
    logger.warning("the audit log's checkpoint is not sent along: ", error.what());
    return std::nullopt;
  }
}

void sleep_for(std::int64_t delay_ms) {
  constexpr std::int64_t kSliceMs = 50;
  for (; delay_ms > 0 && !is_interrupt_requested(); delay_ms -= kSliceMs)
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(delay_ms, kSliceMs)));
}

}  // namespace

struct WebhookNotifier::Notice {
  bool is_wanted;
  NoticeText text;
};

Json to_json(const WebhookDelivery& delivery) {
  return Json::object({{"event", delivery.event},
                       {"outcome", to_text(delivery.outcome)},
                       {"destination", delivery.destination.empty() ? Json() : Json(delivery.destination)},
                       {"http_status", delivery.http_status == 0 ? Json() : Json(delivery.http_status)},
                       {"attempts", delivery.num_attempts},
                       {"seconds", delivery.seconds},
                       {"reason", delivery.reason.empty() ? Json() : Json(delivery.reason)}});
}

RetryPolicy webhook_retry_policy() {
  RetryPolicy policy;
  policy.max_attempts = 3;
  policy.first_delay_ms = 500;
  policy.max_delay_ms = 5'000;
  policy.max_total_delay_ms = 10'000;
  policy.may_repeat_unsafe = true;
  return policy;
}

WebhookNotifier::WebhookNotifier(std::optional<config::WebhookSection> section, RetryPolicy retry)
    : section_(std::move(section)), retry_(std::move(retry)) {
  if (!section_) return;
  if (section_->url.value_or("").empty() && !section_->url_env.value_or("").empty())
    section_->url = environment().variable(*section_->url_env);
  if (section_->url) section_->url = std::string(trim(*section_->url));
  if (!section_->url.value_or("").empty()) register_tokens(*section_->url);
}

void WebhookNotifier::training_started(std::string_view run_name) {
  Notice notice{section_ && section_->notify_on_start, {"training.start", "started", kBlue}};
  notice.text.run_name = run_name;
  notice.text.title = cat("Training Started: ", run_name);
  notice.text.text = "The fine-tuning job has started.";
  post(notice);
}

void WebhookNotifier::training_succeeded(std::string_view run_name, const Json& metrics) {
  Notice notice{section_ && section_->notify_on_success, {"training.success", "succeeded", kGreen}};
  notice.text.run_name = run_name;
  notice.text.title = cat("Training Succeeded: ", run_name);
  notice.text.text = cat("The job completed successfully.\n\nMetrics:\n", metric_lines(metrics));
  notice.text.metrics = metrics;
  post(notice);
}

void WebhookNotifier::training_failed(std::string_view run_name, std::string_view reason) {
  Notice notice{section_ && section_->notify_on_failure, {"training.failure", "failed", kRed}};
  notice.text.run_name = run_name;
  notice.text.title = cat("Training Failed: ", run_name);
  notice.text.reason = shown_reason(reason);
  notice.text.text =
      cat("The training job encountered an error or evaluation failed.\n\nReason: ", *notice.text.reason);
  post(notice);
}

void WebhookNotifier::training_reverted(std::string_view run_name, std::string_view reason) {
  Notice notice{section_ && section_->notify_on_failure, {"training.reverted", "reverted", kOrange}};
  notice.text.run_name = run_name;
  notice.text.title = cat("Training Reverted: ", run_name);
  notice.text.reason = shown_reason(reason);
  notice.text.text = cat(
      "Auto-revert fired. Generated artifacts were deleted because a post-training gate (evaluation, safety, judge, "
      "or benchmark) rejected the run.\n\nReason: ",
      *notice.text.reason);
  post(notice);
}

void WebhookNotifier::approval_required(std::string_view run_name, std::string_view model_path) {
  // Only an otherwise successful run gets here, so the flag is that of success, as in the reference.
  Notice notice{section_ && section_->notify_on_success, {"approval.required", "awaiting_approval", kYellow}};
  notice.text.run_name = run_name;
  notice.text.title = cat("Awaiting Human Approval: ", run_name);
  notice.text.text = cat("Training completed; the model is staged at `", model_path,
                         "` and awaiting reviewer sign-off.\nRun `forgelm approve <run_id>` to promote, or `forgelm "
                         "reject <run_id>` to discard.");
  notice.text.model_path = std::string(model_path);
  post(notice);
}

void WebhookNotifier::pipeline_started(std::string_view run_id, std::int64_t num_stages) {
  Notice notice{section_ && section_->notify_on_start, {"pipeline.started", "started", kBlue}};
  notice.text.run_name = run_id;
  notice.text.title = cat("Pipeline Started: ", run_id);
  notice.text.text = cat("Multi-stage training pipeline began with ", num_stages, " stage(s).");
  notice.text.extras.set("stage_count", num_stages);
  post(notice);
}

void WebhookNotifier::pipeline_completed(std::string_view run_id, std::string_view final_status,
                                         std::optional<std::string_view> stopped_at) {
  if (final_status == "gated_pending_approval") return;
  const bool is_success = final_status == "completed";
  Notice notice{section_ && (is_success ? section_->notify_on_success : section_->notify_on_failure),
                {"pipeline.completed", final_status, is_success ? kGreen : kDarkRed}};
  notice.text.run_name = run_id;
  notice.text.title = cat(is_success ? "Pipeline Succeeded: " : "Pipeline Stopped: ", run_id);
  notice.text.text = is_success ? std::string("All stages completed successfully.")
                                : cat("Pipeline halted at stage ", stopped_at ? in_quotes(*stopped_at) : "None",
                                      " with final_status=", in_quotes(final_status), ".");
  notice.text.extras.set("final_status", final_status).set("stopped_at", stopped_at ? Json(*stopped_at) : Json());
  post(notice);
}

void WebhookNotifier::pipeline_stage_reverted(std::string_view run_id, std::string_view stage,
                                              std::string_view reason) {
  Notice notice{section_ && section_->notify_on_failure, {"pipeline.stage_reverted", "reverted", kOrange}};
  notice.text.run_name = run_id;
  notice.text.title = cat("Pipeline Stage Reverted: ", run_id);
  notice.text.reason = shown_reason(reason);
  notice.text.text = cat("Stage ", in_quotes(stage),
                         " triggered auto-revert; downstream stages will not run.\n\nReason: ", *notice.text.reason);
  notice.text.extras.set("stage_name", stage);
  post(notice);
}

void WebhookNotifier::post(Notice notice) noexcept {
  if (!notice.is_wanted) return;
  // Neither address nor variable: the section only sets other keys, and there is nobody to tell.
  if (section_->url.value_or("").empty() && section_->url_env.value_or("").empty()) return;
  try {
    const std::int64_t begin_ns = environment().monotonic_ns();
    if (!audit_log_.empty()) notice.text.checkpoint = checkpoint_of(audit_log_);
    WebhookDelivery delivery = deliver(notice);
    delivery.seconds = static_cast<double>(environment().monotonic_ns() - begin_ns) * 1e-9;
    delivery.reason = masked_and_cut(delivery.reason, 300, "...");
    if (delivery.outcome == DeliveryOutcome::delivered)
      logger.info("told ", delivery.destination, " of ", delivery.event);
    else
      logger.warning("the notice of ", delivery.event, " was ",
                     delivery.outcome == DeliveryOutcome::not_sent  ? "not sent"
                     : delivery.outcome == DeliveryOutcome::refused ? "refused"
                                                                    : "not delivered",
                     ": ", delivery.reason);
    deliveries_.push_back(std::move(delivery));
  } catch (const std::exception& error) {
    logger.warning("the notice of ", notice.text.event, " was not sent: ", error.what());
  }
}

WebhookDelivery WebhookNotifier::deliver(const Notice& notice) {
  WebhookDelivery delivery;
  delivery.event = notice.text.event;
  if (section_->url.value_or("").empty()) {
    delivery.reason = cat("the environment variable ", *section_->url_env, " (webhook.url_env) is not set");
    return delivery;
  }
  const Result<Url> url = parse_url(*section_->url);
  if (!url) {
    delivery.outcome = DeliveryOutcome::refused;
    delivery.reason = "webhook.url is not an http or https address that can be used";
    return delivery;
  }
  delivery.destination = cat(url.value().scheme, "://", url.value().host);
  if (url.value().scheme == "http" && !section_->require_https)
    logger.warning("the webhook's address is http, not https: notices are sent unencrypted");

  config::WebhookFormat format = section_->format;
  if (format == config::WebhookFormat::auto_) format = webhook_format_for(url.value().host);
  HttpRequest request;
  request.method = "POST";
  request.url = url.value().text;
  request.headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", random_hex(16)}};
  request.body = dump(webhook_body(format, webhook_payload(notice.text)));
  request.is_path_secret = true;
  // What a receiver answers is of no use, and some echo the notice.
  request.on_body = [](const HttpResponse&, std::string_view) { return true; };

  HttpPolicy policy;
  policy.total_timeout_ms = std::max<std::int64_t>(section_->timeout, 1) * 1000;
  policy.connect_timeout_ms = policy.total_timeout_ms;
  policy.stall_timeout_ms = 0;
  policy.max_response_bytes = 1 << 20;
  policy.allow_private_destinations = section_->allow_private_destinations;
  policy.require_https = section_->require_https;
  policy.ca_bundle = section_->tls_ca_bundle.value_or("");

  RetryPolicy retry = retry_;
  const auto sleep = retry.sleep ? retry.sleep : sleep_for;
  delivery.num_attempts = 1;
  retry.sleep = [&](std::int64_t delay_ms) {
    sleep(delay_ms);
    ++delivery.num_attempts;
  };
  try {
    const HttpResponse response = send_with_retries(request, policy, retry);
    delivery.http_status = response.status;
    delivery.outcome = response.is_success() ? DeliveryOutcome::delivered : DeliveryOutcome::failed;
    if (response.status >= 300 && response.status < 400)
      delivery.reason = cat("HTTP ", response.status, ": the receiver has moved; redirects are not followed");
    else if (!response.is_success()) delivery.reason = cat("HTTP ", response.status);
  } catch (const HttpError& error) {
    const bool is_refused = error.failure() == HttpFailure::refused;
    if (is_refused) delivery.num_attempts = 0;
    delivery.outcome = !is_refused    ? DeliveryOutcome::failed
                       : is_offline() ? DeliveryOutcome::not_sent
                                      : DeliveryOutcome::refused;
    delivery.reason = error.what();
  }
  return delivery;
}

std::string webhook_run_name(std::string_view model) {
  return cat(model.substr(model.rfind('/') == std::string_view::npos ? 0 : model.rfind('/') + 1), "_finetune");
}

config::WebhookFormat webhook_format_for(std::string_view host) {
  using config::WebhookFormat;
  struct Service {
    std::string_view domain;
    WebhookFormat format;
  };
  constexpr Service kServices[] = {
      {"hooks.slack.com", WebhookFormat::slack},
      {"hooks.slack-gov.com", WebhookFormat::slack},
      {"webhook.office.com", WebhookFormat::teams},
      {"outlook.office.com", WebhookFormat::teams},
      {"logic.azure.com", WebhookFormat::teams},                    // Power Automate, which took over from connectors
      {"environment.api.powerplatform.com", WebhookFormat::teams},  // the same, since 2025
      {"discord.com", WebhookFormat::discord},
      {"discordapp.com", WebhookFormat::discord},
  };
  for (const Service& service : kServices)
    if (is_at_or_below(host, service.domain)) return service.format;
  return WebhookFormat::generic;
}

}  // namespace forgelm::compliance
