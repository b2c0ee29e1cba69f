// libFuzzer's entry for the YAML reader; see docs/fuzzing.md.
#include <cstdio>
#include <cstdlib>

#include "fuzz/invariants.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string broken = forgelm::test::broken_yaml_promise({reinterpret_cast<const char*>(data), size}, 1000);
  if (broken.empty()) return 0;
  std::fprintf(stderr, "broken promise: %s\n", broken.c_str());
  std::abort();
}
