// Replays the inputs that the fuzzers of archives and documents kept, with the fuzzers' own checks.
#include "support/fuzz_corpus.hpp"

#include "fuzz/document_promise.hpp"
#include "fuzz/pattern_promise.hpp"
#include "fuzz/pdf_text_promise.hpp"

TEST_CASE("documents: the fuzzer's kept archives break no promise") {
  CHECK(forgelm::test::replay_corpus("zip", forgelm::test::broken_zip_promise) > 5);
}

TEST_CASE("documents: the fuzzer's kept bodies of Word documents break no promise") {
  CHECK(forgelm::test::replay_corpus("xml", forgelm::test::broken_xml_promise) > 5);
}

TEST_CASE("documents: the fuzzer's kept pages break no promise") {
  CHECK(forgelm::test::replay_corpus("html", forgelm::test::broken_html_promise) > 5);
}

TEST_CASE("documents: what the fuzzer let the reader of PDFs say breaks no promise") {
  CHECK(forgelm::test::replay_corpus("pdf_text", forgelm::test::broken_pdf_text_promise) > 10);
}

TEST_CASE("documents: the fuzzer's kept expressions break no promise") {
  CHECK(forgelm::test::replay_corpus("strip_pattern", forgelm::test::broken_strip_pattern_promise) > 10);
}

TEST_CASE("documents: the fuzzer's kept texts with personal data and secrets break no promise") {
  CHECK(forgelm::test::replay_corpus("pattern_scan", forgelm::test::broken_pattern_scan_promise) > 10);
}
