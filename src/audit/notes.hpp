// The remarks at the end of a report: what the figures mean and what to do.
// Wording as the reference's, with our commands in the place of its Python
// functions.
#pragma once

#include "forgelm/audit/audit.hpp"

namespace forgelm::audit {

/// Appends to report.notes; everything else of the report must be known.
void add_notes(AuditReport& report);

/// "a=1, b=2".
std::string listed(const Counts& counts);
/// 0.1234 as "12.34%".
std::string percent(double rate, int decimals = 2);

}  // namespace forgelm::audit
