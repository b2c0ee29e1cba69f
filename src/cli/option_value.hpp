// The text of an option's value: how options are written in messages, numbers, and the check against the spec.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "forgelm/cli/command.hpp"

namespace forgelm::cli {

/// "--output-format", or "SHELL" for a positional argument.
std::string spelled(const OptionSpec& option);

/// "FILE", "{text,json,github}"; "" for a flag.
std::string value_text(const OptionSpec& option);

/// "an integer, 1 or more": what the option accepts, for messages.
std::string accepted_text(const OptionSpec& option);

/// Decimal digits with an optional sign; nothing for other texts and beyond 64 bits.
std::optional<std::int64_t> parse_integer(std::string_view text) noexcept;
/// A finite decimal number; nothing for other texts.
std::optional<double> parse_real(std::string_view text) noexcept;

/// UsageError when `value` is not what the option accepts.
void check_value(const CommandSpec& command, const OptionSpec& option, const std::string& value);

/// ", did you mean X?" as a hint, or "".
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace forgelm::cli
