// Replays the inputs that the fuzzers of SentencePiece models and of tokenizer.json kept, with their own checks.
#include <filesystem>

#include "forgelm/core/files.hpp"
#include "fuzz/sentencepiece_promise.hpp"
#include "fuzz/tokenizer_promise.hpp"
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

TEST_CASE("tokenizer.json: the fuzzer's kept inputs break no promise") {
  std::size_t num_inputs = 0;
  const auto corpus = std::filesystem::path(FORGELM_SOURCE_DIR) / "tests" / "fuzz" / "corpus" / "tokenizer";
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    INFO(entry.path());
    CHECK(test::broken_tokenizer_promise(read_file(entry.path())) == "");
    ++num_inputs;
  }
  CHECK(num_inputs > 50);
}
