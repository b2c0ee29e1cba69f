// Replays the inputs that the SentencePiece fuzzer kept, with the fuzzer's own checks.
#include <filesystem>

#include "forgelm/core/files.hpp"
#include "fuzz/sentencepiece_promise.hpp"
#include "support/test.hpp"

using namespace forgelm;

TEST_CASE("SentencePiece: the fuzzer's kept inputs break no promise") {
  std::size_t num_inputs = 0;
  const auto corpus = std::filesystem::path(FORGELM_SOURCE_DIR) / "tests" / "fuzz" / "corpus" / "sentencepiece";
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    INFO(entry.path());
    CHECK(test::broken_sentencepiece_promise(read_file(entry.path())) == "");
    ++num_inputs;
  }
  CHECK(num_inputs > 5);
}
