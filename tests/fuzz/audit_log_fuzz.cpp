// libFuzzer's entry for audit logs; see docs/fuzzing.md. Half of the mutations then make the chain fit again, or few
// inputs would get past their first lines.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fuzz/audit_log_promise.hpp"

extern "C" std::size_t LLVMFuzzerMutate(unsigned char* data, std::size_t size, std::size_t max_size);

extern "C" std::size_t LLVMFuzzerCustomMutator(unsigned char* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  const std::size_t new_size = LLVMFuzzerMutate(data, size, max_size);
  if (seed % 2 == 0) return new_size;
  const auto* end = static_cast<unsigned char*>(std::memchr(data, 0, new_size));
  const std::size_t log_size = end == nullptr ? new_size : static_cast<std::size_t>(end - data);
  std::string input = forgelm::test::with_fitting_chain({reinterpret_cast<char*>(data), log_size});
  input.append(reinterpret_cast<char*>(data) + log_size, new_size - log_size);
  const std::size_t kept = std::min(input.size(), max_size);
  std::memcpy(data, input.data(), kept);
  return kept;
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string broken = forgelm::test::broken_audit_log_promise({reinterpret_cast<const char*>(data), size});
  if (broken.empty()) return 0;
  std::fprintf(stderr, "broken promise: %s\n", broken.c_str());
  std::abort();
}
