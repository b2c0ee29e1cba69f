// libFuzzer's entry for safetensors files and indexes; see docs/fuzzing.md. Half of the mutations keep the length field
// true to the header, or few inputs would get past it.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fuzz/safetensors_invariants.hpp"

extern "C" std::size_t LLVMFuzzerMutate(unsigned char* data, std::size_t size, std::size_t max_size);

/// Mutates header and data apart from the eight bytes of the length, and may then set these to where the header ends.
extern "C" std::size_t LLVMFuzzerCustomMutator(unsigned char* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  constexpr std::size_t kLengthBytes = 8;
  const bool is_index = size > 0 && data[0] == '{';
  if (seed % 2 == 0 || is_index || size <= kLengthBytes || max_size <= kLengthBytes)
    return LLVMFuzzerMutate(data, size, max_size);
  std::uint64_t length = 0;
  std::memcpy(&length, data, kLengthBytes);
  length = std::min<std::uint64_t>(length, size - kLengthBytes);
  const std::uint64_t num_data = size - kLengthBytes - length;
  const std::size_t room = max_size - kLengthBytes;
  const std::size_t new_size = LLVMFuzzerMutate(data + kLengthBytes, size - kLengthBytes, room);
  const std::uint64_t new_length = new_size > num_data ? new_size - num_data : new_size;
  std::memcpy(data, &new_length, kLengthBytes);
  return kLengthBytes + new_size;
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string broken = forgelm::test::broken_safetensors_promise({reinterpret_cast<const char*>(data), size});
  if (broken.empty()) return 0;
  std::fprintf(stderr, "broken promise: %s\n", broken.c_str());
  std::abort();
}
