// libFuzzer's entry for expressions that are taken out of texts; see docs/fuzzing.md.
#include <cstdio>
#include <cstdlib>

#include "fuzz/pattern_promise.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string broken = forgelm::test::broken_strip_pattern_promise({reinterpret_cast<const char*>(data), size});
  if (broken.empty()) return 0;
  std::fprintf(stderr, "broken promise: %s\n", broken.c_str());
  std::abort();
}
