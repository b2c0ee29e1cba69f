// `forgelm audit --fix`: the cleaned copy, on the command line.
#pragma once

#include <optional>

#include "forgelm/audit/audit.hpp"
#include "forgelm/audit/fix.hpp"
#include "forgelm/cli/command.hpp"

namespace forgelm::cli {

/// What --fix-rule asks for; nothing without --fix. ConfigError for a rule or a folder that will not do.
std::optional<audit::FixRules> fix_rules_of(const Arguments& arguments);

/// As audit::fix_data, with progress; says what was done.
audit::FixResult write_fixed_copy(const audit::AuditOptions& options, const audit::AuditReport& report,
                                  const audit::FixRules& rules, const Arguments& arguments, Output& output);

/// For JSON mode: the copy, what was done to each split, and the gates that decide.
Json fix_json(const audit::FixResult& result, bool allows_secrets, bool allows_pii);

/// A gate in the reference's words: passed, suppressed or failed.
Json gate_json(const audit::Gate& gate, std::string_view allowed_key, bool is_allowed);

}  // namespace forgelm::cli
