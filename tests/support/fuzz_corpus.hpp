// The inputs that fuzzers kept (tests/fuzz/corpus), for the tests that replay them with the fuzzers' own checks.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "forgelm/core/files.hpp"
#include "support/test.hpp"

namespace forgelm::test {

/// Checks that no input of `corpus` breaks a promise; how many there are.
inline std::size_t replay_corpus(const std::string& corpus, std::string (*broken_promise)(std::string_view)) {
  std::size_t num_inputs = 0;
  const auto folder = std::filesystem::path(FORGELM_SOURCE_DIR) / "tests" / "fuzz" / "corpus" / corpus;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    INFO(entry.path());
    CHECK(broken_promise(read_file(entry.path())) == "");
    ++num_inputs;
  }
  return num_inputs;
}

}  // namespace forgelm::test
