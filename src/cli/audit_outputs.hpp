// What `forgelm audit` writes beside its report: findings for CI systems, the
// page for people.
#pragma once

#include "forgelm/audit/audit.hpp"
#include "forgelm/cli/command.hpp"

namespace forgelm::cli {

/// Before anything is read: ConfigError for a file that could not be written
/// to.
void check_audit_outputs(const Arguments& arguments);

/// Writes the files asked for, and the findings as workflow commands with
/// --output-format github.
void write_audit_outputs(const audit::AuditReport& report, const Arguments& arguments, Output& output);

}  // namespace forgelm::cli
