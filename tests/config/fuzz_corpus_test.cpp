// Replays the inputs that the fuzzers kept, with the fuzzers' own checks.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz/invariants.hpp"
#include "support/test.hpp"

namespace {

std::size_t replay(const char* corpus, std::string (*broken_promise)(std::string_view)) {
  std::size_t num_inputs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(FORGELM_SOURCE_DIR) / "tests" /
                                                               "fuzz" / "corpus" / corpus)) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    INFO(entry.path());
    CHECK(broken_promise(bytes) == "");
    ++num_inputs;
  }
  return num_inputs;
}

}  // namespace

TEST_CASE("yaml: the fuzzer's kept inputs break no promise") {
  CHECK(replay("yaml", [](std::string_view bytes) { return forgelm::test::broken_yaml_promise(bytes); }) > 100);
}

TEST_CASE("config: the fuzzer's kept jobs break no promise") {
  CHECK(replay("job", forgelm::test::broken_job_promise) > 50);
}
