// Replays the inputs that the fuzzers of row files kept, with the fuzzers' own checks.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz/row_invariants.hpp"
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

TEST_CASE("rows: the fuzzer's kept JSON breaks no promise") {
  CHECK(replay("jsonl", forgelm::test::broken_jsonl_promise) > 20);
}

TEST_CASE("rows: the fuzzer's kept CSV breaks no promise") {
  CHECK(replay("csv", forgelm::test::broken_csv_promise) > 20);
}
