// Regular expressions over names of layers, in files written for Python's `re`: run on PCRE2 with limits, since anybody
// may have written them.
#pragma once

#include <string>
#include <string_view>

namespace forgelm::formats {

/// Whether all of `name` matches, as re.fullmatch has it. ConfigError for a pattern that does not compile, is too long
/// or takes too many steps.
bool matches_whole_name(const std::string& pattern, std::string_view name);

}  // namespace forgelm::formats
