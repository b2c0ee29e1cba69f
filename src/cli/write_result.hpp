// For commands that make one text: to stdout, or durably to --output FILE.
#pragma once

#include <string_view>

#include "forgelm/cli/command.hpp"

namespace forgelm::cli {

inline constexpr OptionSpec kOutputOption = {
    .name = "output",
    .kind = OptionKind::path,
    .doc = "Write to this file instead of standard output; an existing file is replaced."};

inline constexpr ExitCode kWriterExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error};

/// Prints `text`, or writes it to the file of --output and says so. In JSON mode `document` is the document, or with
/// --output {"success", "output"}.
void write_result(const Arguments& arguments, Output& output, std::string_view text, Json document);

}  // namespace forgelm::cli
