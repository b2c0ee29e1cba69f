// The files of the repository that are made from tables. tools/refresh writes them; a test compares them.
#pragma once

#include <string>
#include <vector>

namespace forgelm::cli {

struct GeneratedFile {
  std::string path;  ///< relative to the project's root
  std::string text;
};

std::vector<GeneratedFile> generated_files();

}  // namespace forgelm::cli
