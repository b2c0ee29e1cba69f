// The report as one page for people: tables and plots of what the audit counted. Invariant: the page needs nothing but
// itself (no scripts, no network, its own policy forbids both), and whatever the data holds is text in it.
#pragma once

#include <string>

#include "forgelm/audit/audit.hpp"

namespace forgelm::audit {

/// HTML 5 in UTF-8. Made of the report alone; the findings it does not list it counts.
std::string html_report(const AuditReport& report);

}  // namespace forgelm::audit
