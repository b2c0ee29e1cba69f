// Replays the inputs that the fuzzer of a model's evidence kept, with the fuzzer's own checks.
#include "fuzz/integrity_invariants.hpp"
#include "support/fuzz_corpus.hpp"

TEST_CASE("model integrity: the fuzzer's kept manifests, bundles and statements break no promise") {
  CHECK(forgelm::test::replay_corpus("integrity", forgelm::test::broken_integrity_promise) > 100);
}
