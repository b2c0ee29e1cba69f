// The program as a function: everything between argv and the exit code.
#pragma once

#include "forgelm/core/exit_code.hpp"

namespace forgelm::cli {

/// Runs the command that the arguments name and turns what it returns or throws into an exit code: ConfigError 1,
/// RunError 2, anything else 2 with a request to report it. Sets the process up for that: SIGPIPE is ignored, missing
/// standard streams are /dev/null, colour, log level and progress are as the options say. Never throws.
int run_main(int argc, const char* const* argv) noexcept;

}  // namespace forgelm::cli
