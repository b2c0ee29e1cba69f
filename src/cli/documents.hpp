// Documents made from the table of commands: man pages, completion scripts, the command reference.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "forgelm/cli/command.hpp"
#include "forgelm/core/choices.hpp"

namespace forgelm::cli {

FORGELM_CHOICES(Shell, bash, zsh, fish)

/// A script for the shell's completion system.
std::string completion_script(Shell shell);

/// "forgelm", "forgelm-config-explain": the page's name without its section.
std::string man_page_name(const CommandSpec& command);
/// A page in man(7) macros, section 1.
std::string man_page(const CommandSpec& command);

/// docs/generated/commands.md.
std::string command_reference();

}  // namespace forgelm::cli
