#include "forgelm/compliance/audit_events.hpp"

#include <algorithm>

#include "forgelm/core/text.hpp"

namespace forgelm::compliance {

std::span<const AuditEventSpec> audit_events() noexcept { return detail::kAuditEvents; }

const AuditEventSpec* find_audit_event(std::string_view name) noexcept {
  const auto found = std::find_if(std::begin(detail::kAuditEvents), std::end(detail::kAuditEvents),
                                  [name](const AuditEventSpec& spec) { return spec.name == name; });
  return found == std::end(detail::kAuditEvents) ? nullptr : found;
}

std::string audit_events_markdown() {
  std::string out =
      "<!-- Written by tools/refresh from include/forgelm/compliance/audit_events.hpp. -->\n"
      "# Events of the audit log\n\n"
      "Every entry starts with `timestamp`, `run_id`, `operator`, `event` and `prev_hash`, goes on with the payload "
      "below, and ends with\n`seq` (its place in the log, from 0) and, when `FORGELM_AUDIT_SECRET` is set, `_hmac`. "
      "[The audit log](../audit-log.md) says what that proves.\n\n"
      "| event | payload | meaning |\n|---|---|---|\n";
  for (const AuditEventSpec& spec : audit_events())
    out += cat("| `", spec.name, "`", spec.is_ours ? " (forgelm only)" : "", " | ",
               spec.payload.empty() ? "-" : spec.payload, " | ", spec.meaning, " |\n");
  return out;
}

}  // namespace forgelm::compliance
