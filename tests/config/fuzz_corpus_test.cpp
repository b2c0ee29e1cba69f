// Replays the inputs that the fuzzers kept, with the fuzzers' own checks.
#include "support/fuzz_corpus.hpp"
#include "fuzz/invariants.hpp"

TEST_CASE("yaml: the fuzzer's kept inputs break no promise") {
  CHECK(forgelm::test::replay_corpus(
            "yaml", [](std::string_view bytes) { return forgelm::test::broken_yaml_promise(bytes); }) > 100);
}

TEST_CASE("config: the fuzzer's kept jobs break no promise") {
  CHECK(forgelm::test::replay_corpus("job", forgelm::test::broken_job_promise) > 50);
}
