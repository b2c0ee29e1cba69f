// libFuzzer's entry for the Jinja engine; see docs/fuzzing.md.
#include <cstdio>
#include <cstdlib>

#include "fuzz/jinja_invariants.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  // Lower than a user has them: endless loops would take most of the fuzzer's time.
  forgelm::text::JinjaLimits limits;
  limits.max_steps = 5'000;
  limits.max_output_bytes = 1u << 16;
  const std::string broken = forgelm::test::broken_jinja_promise({reinterpret_cast<const char*>(data), size}, limits);
  if (broken.empty()) return 0;
  std::fprintf(stderr, "broken promise: %s\n", broken.c_str());
  std::abort();
}
