// What `forgelm approve` and `forgelm reject` have in common: their options, and how a decision that was not taken is
// told.
#pragma once

#include <span>

#include "forgelm/cli/command.hpp"
#include "forgelm/compliance/approval.hpp"

namespace forgelm::cli {

std::span<const OptionSpec> decision_options();
std::span<const ExitCode> decision_exit_codes();

compliance::DecisionRequest decision_request(const Arguments& arguments);

/// Tells that the record or the staged files cannot be trusted.
ExitCode tell_distrust(const compliance::Decision& decision, const compliance::DecisionRequest& request,
                       Output& output);

}  // namespace forgelm::cli
