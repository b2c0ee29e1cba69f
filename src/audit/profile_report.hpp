// The profile in the report (keys of ours) and in the summary of a terminal.
#pragma once

#include <string>

#include "forgelm/audit/audit.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::audit {

/// Adds `schema_pii`, `columns`, `encoding` and what else the profile holds.
void add_profile(Json& document, const AuditReport& report);
/// Lines under a split; empty when there is nothing to say.
std::string profile_text(const SplitAudit& split);
/// Lines behind the splits.
std::string profile_summary(const AuditReport& report);
bool has_profile_findings(const SplitAudit& split);

}  // namespace forgelm::audit
