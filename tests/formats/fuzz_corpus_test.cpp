// Replays the inputs that the fuzzers of row files, safetensors and GGUF kept, with the fuzzers' own checks.
#include "support/fuzz_corpus.hpp"
#include "fuzz/gguf_invariants.hpp"
#include "fuzz/row_invariants.hpp"
#include "fuzz/safetensors_invariants.hpp"

TEST_CASE("rows: the fuzzer's kept JSON breaks no promise") {
  CHECK(forgelm::test::replay_corpus("jsonl", forgelm::test::broken_jsonl_promise) > 20);
}

TEST_CASE("rows: the fuzzer's kept CSV breaks no promise") {
  CHECK(forgelm::test::replay_corpus("csv", forgelm::test::broken_csv_promise) > 20);
}

TEST_CASE("safetensors: the fuzzer's kept files and indexes break no promise") {
  CHECK(forgelm::test::replay_corpus("safetensors", forgelm::test::broken_safetensors_promise) > 20);
}

TEST_CASE("gguf: the fuzzer's kept files break no promise") {
  CHECK(forgelm::test::replay_corpus("gguf", forgelm::test::broken_gguf_promise) > 100);
}
