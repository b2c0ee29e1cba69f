// libFuzzer's entry for the walk over the strings of a JSON line; see docs/fuzzing.md.
#include <cstdio>
#include <cstdlib>

#include "fuzz/json_strings_promise.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string broken = forgelm::test::broken_json_strings_promise({reinterpret_cast<const char*>(data), size});
  if (broken.empty()) return 0;
  std::fprintf(stderr, "broken promise: %s\n", broken.c_str());
  std::abort();
}
