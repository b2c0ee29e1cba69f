// From what the user named to splits and their files: the reference's names and
// notes, for more kinds of files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace forgelm::audit {

struct SplitFile {
  std::string name;
  std::filesystem::path path;
};

struct SplitLayout {
  std::vector<SplitFile> splits;
  std::vector<std::string> notes;
};

/// ConfigError when there is nothing to read.
SplitLayout find_splits(const std::filesystem::path& input);

}  // namespace forgelm::audit
