// libFuzzer's entry for what the reader of PDFs says; see docs/fuzzing.md.
#include <cstdio>
#include <cstdlib>

#include "fuzz/pdf_text_promise.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string broken = forgelm::test::broken_pdf_text_promise({reinterpret_cast<const char*>(data), size});
  if (broken.empty()) return 0;
  std::fprintf(stderr, "broken promise: %s\n", broken.c_str());
  std::abort();
}
