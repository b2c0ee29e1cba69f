// A job file for commands that work on it: loaded, checked, its warnings shown.
#pragma once

#include "forgelm/cli/command.hpp"
#include "forgelm/config/load.hpp"

namespace forgelm::cli {

/// The positional argument JOB of such commands.
inline constexpr OptionSpec kJobArgument = {
    .name = "JOB", .kind = OptionKind::path, .doc = "The job file (YAML).", .is_positional = true, .is_required = true};

/// --stage of such commands.
inline constexpr OptionSpec kStageOption = {.name = "stage",
                                            .kind = OptionKind::text,
                                            .doc = "Of a pipeline: the stage to look at. Without it, the first.",
                                            .value_name = "NAME"};

/// Loads the job file; ConfigError with its diagnostics when it has errors; warnings are reported.
config::LoadedJob load_checked_job(const std::string& file, Output& output);

/// The stage that --stage names, or the first (of a plain job: the job itself). UsageError for a name that is not
/// there.
config::JobConfig stage_of(const config::LoadedJob& loaded, const Arguments& arguments);

}  // namespace forgelm::cli
