// The audit log of commands that erase or look up a person's data: with what the job says of it, where they are given
// one, so that their entries stand under the same key and the same anchor as those of the runs.
#pragma once

#include "forgelm/cli/command.hpp"
#include "forgelm/config/load.hpp"
#include "forgelm/pipeline/erasure.hpp"

namespace forgelm::cli {

/// --config of such commands.
inline constexpr OptionSpec kAuditJobOption = {
    .name = "config",
    .kind = OptionKind::path,
    .doc = "The job file: its compliance.audit_key and compliance.anchor_path then cover the new entries too.",
    .value_name = "JOB"};

/// The job of --config, if it is given. ConfigError when it cannot be read: the log would go on without its key.
std::optional<config::LoadedJob> audit_job(const Arguments& arguments);

/// Opens the log as a run of the job does; without a job, as it is.
pipeline::OpenAudit audit_opener(const std::optional<config::LoadedJob>& loaded);

}  // namespace forgelm::cli
