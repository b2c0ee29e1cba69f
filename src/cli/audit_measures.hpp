// Options of `forgelm audit` that need something beside the data: a tokenizer.
#pragma once

#include "forgelm/audit/audit.hpp"
#include "forgelm/cli/command.hpp"

namespace forgelm::cli {

/// Reads --tokenizer, --config, --stage and --max-length. UsageError for options that do not go together, ConfigError
/// for files that are not there.
void add_audit_measures(const Arguments& arguments, Output& output, audit::AuditOptions& options);

}  // namespace forgelm::cli
