// Patterns of file names as Python's glob.glob(recursive=True) reads them, for commands whose patterns may come quoted:
// `*`, `?` and `[...]` within a name, `**` for any folders; names that begin with a dot only match a pattern that does.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace forgelm::cli {

/// What there is, sorted; a text without patterns is itself when it is there.
std::vector<std::filesystem::path> glob(const std::string& pattern);

}  // namespace forgelm::cli
