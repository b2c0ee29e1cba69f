// Options of `forgelm audit` that need something beside the data: a tokenizer, benchmarks.
#pragma once

#include "forgelm/audit/audit.hpp"
#include "forgelm/cli/command.hpp"

namespace forgelm::cli {

/// Reads --tokenizer, --config, --stage, --max-length, --benchmark and --benchmark-ngram. UsageError for options that
/// do not go together, ConfigError for files that are not there.
void add_audit_measures(const Arguments& arguments, Output& output, audit::AuditOptions& options);

/// --fail-on-contamination: whether no benchmark is touched at a higher rate; says which one is.
bool passes_contamination(const Arguments& arguments, const audit::AuditReport& report);

}  // namespace forgelm::cli
