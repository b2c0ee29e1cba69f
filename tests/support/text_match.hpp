// Expected text with wildcards, for the cases and the console blocks of the documents.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace forgelm::test {

/// The lines of a text; a line break at the end makes no empty line.
std::vector<std::string> lines_of(std::string_view text);

/// True when `actual` fits `expected`: a line "..." stands for any number of lines, "<*>" within a line for any text.
bool matches(const std::vector<std::string>& expected, const std::vector<std::string>& actual);

struct ProcessResult {
  int exit_code = -1;  ///< 128 + the signal for a process that was killed
  std::string out, err;
};

/// Runs `script` by bash in `folder`, with nothing in the environment but PATH (the build's bin first), HOME (the
/// folder), SOURCE (the project's folder) and LANG. Standard input is empty.
ProcessResult run_script(const std::string& script, const std::string& folder);

}  // namespace forgelm::test
