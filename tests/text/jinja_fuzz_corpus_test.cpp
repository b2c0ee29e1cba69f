// Replays the templates that the fuzzer kept, with the fuzzer's own checks.
#include <filesystem>

#include "forgelm/core/files.hpp"
#include "fuzz/jinja_invariants.hpp"
#include "support/test.hpp"

TEST_CASE("Jinja: the fuzzer's kept templates break no promise") {
  const auto folder = std::filesystem::path(FORGELM_SOURCE_DIR) / "tests" / "fuzz" / "corpus" / "jinja";
  int num_inputs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    INFO(entry.path());
    CHECK(forgelm::test::broken_jinja_promise(forgelm::read_file(entry.path())) == "");
    ++num_inputs;
  }
  CHECK(num_inputs > 100);
}
