// Replays the inputs that the fuzzers of archives and documents kept, with the fuzzers' own checks.
#include "support/fuzz_corpus.hpp"

#include "fuzz/document_promise.hpp"

TEST_CASE("documents: the fuzzer's kept archives break no promise") {
  CHECK(forgelm::test::replay_corpus("zip", forgelm::test::broken_zip_promise) > 5);
}

TEST_CASE("documents: the fuzzer's kept bodies of Word documents break no promise") {
  CHECK(forgelm::test::replay_corpus("xml", forgelm::test::broken_xml_promise) > 5);
}

TEST_CASE("documents: the fuzzer's kept pages break no promise") {
  CHECK(forgelm::test::replay_corpus("html", forgelm::test::broken_html_promise) > 5);
}
