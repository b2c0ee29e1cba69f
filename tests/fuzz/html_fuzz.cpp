// libFuzzer's entry for pages of HTML; see docs/fuzzing.md.
#include <cstdio>
#include <cstdlib>

#include "fuzz/document_promise.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string broken = forgelm::test::broken_html_promise({reinterpret_cast<const char*>(data), size});
  if (broken.empty()) return 0;
  std::fprintf(stderr, "broken promise: %s\n", broken.c_str());
  std::abort();
}
