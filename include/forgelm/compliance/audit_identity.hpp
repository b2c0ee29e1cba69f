// Who acts, as the record names them. The reference has two forms, and both are kept: the operator of a run, and the
// approver of a decision.
#pragma once

#include <string>

namespace forgelm::compliance {

/// $FORGELM_OPERATOR, else "user@host", else "anonymous@host" where FORGELM_ALLOW_ANONYMOUS_OPERATOR=1 permits it;
/// otherwise ConfigError.
std::string audit_operator();

/// $FORGELM_OPERATOR, else the bare user name, else "anonymous" under the same permission; otherwise ConfigError.
std::string audit_approver();

}  // namespace forgelm::compliance
