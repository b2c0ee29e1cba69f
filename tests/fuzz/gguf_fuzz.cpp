// libFuzzer's entry for GGUF files; see docs/fuzzing.md. Mutations keep the first eight bytes (magic and version) three
// times out of four, or few inputs would get past them.
#include <cstdio>
#include <cstdlib>

#include "fuzz/gguf_invariants.hpp"

extern "C" std::size_t LLVMFuzzerMutate(unsigned char* data, std::size_t size, std::size_t max_size);

extern "C" std::size_t LLVMFuzzerCustomMutator(unsigned char* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  constexpr std::size_t kKept = 8;
  if (seed % 4 == 0 || size <= kKept || max_size <= kKept) return LLVMFuzzerMutate(data, size, max_size);
  return kKept + LLVMFuzzerMutate(data + kKept, size - kKept, max_size - kKept);
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string broken = forgelm::test::broken_gguf_promise({reinterpret_cast<const char*>(data), size});
  if (broken.empty()) return 0;
  std::fprintf(stderr, "broken promise: %s\n", broken.c_str());
  std::abort();
}
