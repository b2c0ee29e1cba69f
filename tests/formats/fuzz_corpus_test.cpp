// Replays the inputs that the fuzzers of row files kept, with the fuzzers' own checks.
#include "support/fuzz_corpus.hpp"
#include "fuzz/row_invariants.hpp"

TEST_CASE("rows: the fuzzer's kept JSON breaks no promise") {
  CHECK(forgelm::test::replay_corpus("jsonl", forgelm::test::broken_jsonl_promise) > 20);
}

TEST_CASE("rows: the fuzzer's kept CSV breaks no promise") {
  CHECK(forgelm::test::replay_corpus("csv", forgelm::test::broken_csv_promise) > 20);
}
