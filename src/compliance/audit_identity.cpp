#include "forgelm/compliance/audit_identity.hpp"

#include "forgelm/core/env.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

std::string host() {
  const std::string name = environment().host_name();
  return name.empty() ? "unknown-host" : name;
}

/// $FORGELM_OPERATOR or nothing; a set but empty variable counts as not set, as in the reference.
std::string named_operator() { return environment().variable("FORGELM_OPERATOR").value_or(""); }

void require_anonymous() {
  if (environment().variable("FORGELM_ALLOW_ANONYMOUS_OPERATOR") == "1") return;
  throw ConfigError(
      "the record must name who acts: FORGELM_OPERATOR is not set and this user has no name",
      "set FORGELM_OPERATOR=<id>, as in a CI job, or FORGELM_ALLOW_ANONYMOUS_OPERATOR=1 to record without a name");
}

}  // namespace

std::string audit_operator() {
  if (std::string name = named_operator(); !name.empty()) return name;
  if (const auto user = environment().user_name(); user && !user->empty()) return cat(*user, "@", host());
  require_anonymous();
  return cat("anonymous@", host());
}

std::string audit_approver() {
  if (std::string name = named_operator(); !name.empty()) return name;
  if (auto user = environment().user_name(); user && !user->empty()) return *std::move(user);
  require_anonymous();
  return "anonymous";
}

}  // namespace forgelm::compliance
