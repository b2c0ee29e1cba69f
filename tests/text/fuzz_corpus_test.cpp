// Replays the inputs that the fuzzers of tokenizers and templates kept, with the fuzzers' own checks.
#include "support/fuzz_corpus.hpp"
#include "fuzz/jinja_invariants.hpp"
#include "fuzz/sentencepiece_promise.hpp"
#include "fuzz/tokenizer_promise.hpp"

using namespace forgelm;

TEST_CASE("SentencePiece: the fuzzer's kept inputs break no promise") {
  CHECK(test::replay_corpus("sentencepiece", test::broken_sentencepiece_promise) > 5);
}

TEST_CASE("tokenizer.json: the fuzzer's kept inputs break no promise") {
  CHECK(test::replay_corpus("tokenizer", test::broken_tokenizer_promise) > 50);
}

TEST_CASE("Jinja: the fuzzer's kept templates break no promise") {
  CHECK(test::replay_corpus("jinja", [](std::string_view bytes) { return test::broken_jinja_promise(bytes); }) > 100);
}
