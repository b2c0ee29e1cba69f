// A notice as JSON: the reference's payload, and the forms of services that read another one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "forgelm/config/sections/services.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::compliance {

/// What a notice says, before any mask.
struct NoticeText {
  std::string_view event, status, color;  ///< literals of ours: they pass the masks as they are
  std::string run_name = {}, title = {}, text = {};
  Json metrics = Json::object();
  std::optional<std::string> reason = {}, model_path = {};
  std::optional<std::string> checkpoint = {};  ///< of the audit log: digests and signatures, which no mask may touch
  Json extras = Json::object();  ///< members of the reference's list of further keys; texts, numbers, null
};

/// The longest reason that is sent, in code points; "… (truncated)" stands behind a longer one.
inline constexpr std::size_t kMaxReason = 2048;
/// Masked and cut as a reason is sent.
std::string shown_reason(std::string_view reason);
/// "\n• name: 0.1234" for every number of `metrics`.
std::string metric_lines(const Json& metrics);

/// The reference's payload, masked: event, run_name, status, metrics, reason, model_path, attachments, extras;
/// then audit_checkpoint, where there is one.
Json webhook_payload(const NoticeText& notice);

/// What is posted: the payload itself (generic), or what a service makes a message of. Not auto_.
Json webhook_body(config::WebhookFormat format, const Json& payload);

}  // namespace forgelm::compliance
