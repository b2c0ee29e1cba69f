// Test-only: quantizes what it is given, for tools/golden/four_bit/differential.py. Binary on both sides, native byte
// order. In, for each tensor: int64 kind (0 nf4, 1 fp4), double (0, 1), block size, element type (0 float32,
// 1 bfloat16, 2 float16), number of dimensions, the dimensions; then the elements. Out, each as int64 size and its
// bytes: codes, scales (8-bit codes with double quantization), nested scales, offset, and the values as float32,
// bfloat16, float16.
//   --threads N
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "engine/quantization/four_bit.hpp"
#include "engine/torch.hpp"

namespace {

using namespace forgelm::engine;

constexpr at::ScalarType kTypes[] = {at::kFloat, at::kBFloat16, at::kHalf};

bool read(void* to, std::size_t size) { return std::fread(to, 1, size, stdin) == size; }

std::int64_t read_number() {
  std::int64_t number = 0;
  if (!read(&number, sizeof number)) std::exit(1);
  return number;
}

void write(const void* from, std::size_t size) {
  const auto count = static_cast<std::int64_t>(size);
  std::fwrite(&count, sizeof count, 1, stdout);
  std::fwrite(from, 1, size, stdout);
}

void write(const at::Tensor& tensor) {
  write(tensor.defined() ? tensor.const_data_ptr() : "", tensor.defined() ? tensor.nbytes() : 0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--threads") == 0) at::set_num_threads(std::atoi(argv[2]));
  for (std::int64_t kind = 0; read(&kind, sizeof kind);) {
    const bool is_double = read_number() != 0;
    const std::int64_t block_size = read_number();
    const at::ScalarType dtype = kTypes[read_number()];
    std::vector<std::int64_t> shape(static_cast<std::size_t>(read_number()));
    for (auto& size : shape) size = read_number();
    const at::Tensor weights = at::empty(shape, dtype);
    if (!read(weights.mutable_data_ptr(), weights.nbytes())) return 1;
    const auto quantized =
        quantize_four_bit(weights, kind == 0 ? FourBitKind::nf4 : FourBitKind::fp4, is_double, block_size);
    write(quantized.codes);
    write(is_double ? quantized.absmax_codes : quantized.absmax);
    write(quantized.nested_absmax);
    write(&quantized.offset, is_double ? sizeof quantized.offset : 0);
    for (const auto type : kTypes) write(dequantize(quantized, type));
  }
  return 0;
}
