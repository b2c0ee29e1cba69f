// Errors about a row as diagnostics with its place.
#pragma once

#include <cstdint>
#include <string>

#include "forgelm/core/diagnostic.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/formats/row_blocks.hpp"

namespace forgelm::data {

/// A ConfigError met while working on a row. A text that begins with "file:line:column: " gives its place; otherwise
/// `line` is it (0: unknown).
Diagnostic problem_of(const ConfigError& error, const std::string& file, std::uint64_t line);
/// Why a row could not be read.
Diagnostic problem_of(const formats::ParsedRow& row, const std::string& file);

}  // namespace forgelm::data
