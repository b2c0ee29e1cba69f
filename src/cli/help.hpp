// Help for people, made from the table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "forgelm/cli/command.hpp"

namespace forgelm::cli {

/// "forgelm config explain [OPTIONS] KEY".
std::string usage_line(const CommandSpec& command);

/// What a command does, takes and gives back, in at most `width` columns.
std::string help_text(const CommandSpec& command, int width);

/// `forgelm --help`: the job's options, the commands, the exit codes.
std::string overview_text(int width);

/// The commands of a group.
std::string group_text(std::string_view group, int width);

/// "-q, --quiet" or "--config FILE" or "SHELL": the left column of an option.
std::string option_heading(const OptionSpec& option);

/// The doc with choices, bounds and default.
std::string option_text(const OptionSpec& option);

}  // namespace forgelm::cli
