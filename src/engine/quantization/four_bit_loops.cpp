// The loops for the processor, parallel over blocks. What is computed in float32 here is so in the reference, operation
// by operation: a reciprocal times a weight in full blocks, a division in the last one that is not full, and one
// rounding in the position on the grid of the scales, which the reference computes with a fused multiply-add.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "engine/quantization/four_bit_kernels.hpp"
#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

constexpr std::int64_t kWeightsPerTask = 32768;

std::int64_t divided_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Calls `work` with a value of the C++ type that `dtype` names.
template <class Work>
void with_element(at::ScalarType dtype, Work&& work) {
  if (dtype == at::kFloat) return work(float{});
  if (dtype == at::kBFloat16) return work(at::BFloat16{});
  TORCH_CHECK(dtype == at::kHalf, "4-bit weights are float32, bfloat16 or float16, not ", dtype);
  work(at::Half{});
}

/// The largest magnitude; not a number when one of the weights is none. Bits of magnitudes are in the order of the
/// magnitudes, and those of not-a-number are above all.
template <class T>
float largest_magnitude(const T* weights, std::int64_t count) {
  std::uint32_t largest = 0;
#pragma omp simd reduction(max : largest)
  for (std::int64_t i = 0; i < count; ++i)
    largest = std::max(largest, std::bit_cast<std::uint32_t>(static_cast<float>(weights[i])) & 0x7fffffffU);
  return std::bit_cast<float>(largest);
}

/// Bounds below the value, all 15 for not-a-number: a binary search without branches.
unsigned class_of(const std::array<float, 15>& bounds, float value) {
  unsigned index = 0;
  for (unsigned half = 8; half != 0; half /= 2) index += !(bounds[index + half - 1] >= value) * half;
  return index;
}

template <class T>
float quantize_block(const T* weights, std::int64_t count, bool is_full, const FourBitTable& table,
                     std::uint8_t* codes) {
  const float largest = largest_magnitude(weights, count);
  const float divisor = largest < kLeastAbsmax ? kLeastAbsmax : largest;
  const float factor = 1 / divisor;
  const auto code_at = [&](std::int64_t i) -> unsigned {
    const float value = i < count ? static_cast<float>(weights[i]) : 0;
    return table.class_codes[class_of(table.bounds, is_full ? value * factor : value / divisor)];
  };
  for (std::int64_t i = 0; i < count; i += 2) *codes++ = static_cast<std::uint8_t>(code_at(i) << 4 | code_at(i + 1));
  return is_full ? largest : divisor;
}

/// Where a scale of [-1, 1] lies on the grid of a dynamic map; at its start for not-a-number. Exact in double, so
/// that the one rounding is that of a fused multiply-add in float.
std::size_t grid_position(float value) {
  const float half = (std::clamp(value, -1.0F, 1.0F) + 1) * 0.5F;
  const float position = static_cast<float>(static_cast<double>(half) * 65535 + 0.5);
  return position >= 0 ? static_cast<std::size_t>(position) : 0;
}

template <class T>
void dequantize_block(const std::uint8_t* codes, std::int64_t count, float scale,
                      const std::array<std::array<float, 2>, 256>& pairs, T* out) {
#pragma omp simd
  for (std::int64_t i = 0; i < count / 2; ++i) {
    const auto& pair = pairs[codes[i]];
    out[2 * i] = static_cast<T>(pair[0] * scale);
    out[2 * i + 1] = static_cast<T>(pair[1] * scale);
  }
  if (count % 2 != 0) out[count - 1] = static_cast<T>(pairs[codes[count / 2]][0] * scale);
}

QuantizedWeights quantize_weights(const at::Tensor& weights_N, const FourBitTable& table, std::int64_t block_size) {
  const std::int64_t num_weights = weights_N.numel();
  const std::int64_t num_blocks = divided_up(num_weights, block_size);
  const auto options = weights_N.options();
  at::Tensor codes = at::empty({divided_up(num_weights, 2)}, options.dtype(at::kByte));
  at::Tensor absmax = at::empty({num_blocks}, options.dtype(at::kFloat));
  auto* const codes_out = codes.mutable_data_ptr<std::uint8_t>();
  auto* const absmax_out = absmax.mutable_data_ptr<float>();
  with_element(weights_N.scalar_type(), [&](auto element) {
    const auto* const weights = weights_N.const_data_ptr<decltype(element)>();
    at::parallel_for(0, num_blocks, kWeightsPerTask / block_size, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t block = begin; block < end; ++block) {
        const std::int64_t first = block * block_size;
        const std::int64_t count = std::min(block_size, num_weights - first);
        absmax_out[block] = quantize_block(weights + first, count, count == block_size, table, codes_out + first / 2);
      }
    });
  });
  return {codes, absmax};
}

QuantizedScales quantize_scales(const at::Tensor& scales) {
  const std::int64_t num_scales = scales.numel();
  const std::int64_t num_blocks = divided_up(num_scales, kNestedBlock);
  at::Tensor codes = at::empty({num_scales}, scales.options().dtype(at::kByte));
  at::Tensor absmax = at::empty({num_blocks}, scales.options());
  const auto* const values = scales.const_data_ptr<float>();
  auto* const codes_out = codes.mutable_data_ptr<std::uint8_t>();
  auto* const absmax_out = absmax.mutable_data_ptr<float>();
  const auto& grid = signed_dynamic_map().codes;
  at::parallel_for(0, num_blocks, kWeightsPerTask / kNestedBlock, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t block = begin; block < end; ++block) {
      const std::int64_t first = block * kNestedBlock;
      const std::int64_t last = std::min(first + kNestedBlock, num_scales);
      float largest = 0;
      for (std::int64_t i = first; i < last; ++i) largest = std::max(largest, std::fabs(values[i]));
      absmax_out[block] = largest;
      const float factor = 1 / largest;
      for (std::int64_t i = first; i < last; ++i)
        codes_out[i] = largest == 0 ? std::uint8_t{0} : grid[grid_position(values[i] * factor)];
    }
  });
  return {codes, absmax};
}

at::Tensor dequantize_scales(const at::Tensor& codes, const at::Tensor& nested_absmax) {
  const std::int64_t num_scales = codes.numel();
  at::Tensor scales = at::empty({num_scales}, nested_absmax.options());
  const auto* const codes_in = codes.const_data_ptr<std::uint8_t>();
  const auto* const nested = nested_absmax.const_data_ptr<float>();
  auto* const out = scales.mutable_data_ptr<float>();
  const auto& map = signed_dynamic_map().values;
  at::parallel_for(0, num_scales, kWeightsPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) out[i] = map[codes_in[i]] * nested[i / kNestedBlock];
  });
  return scales;
}

at::Tensor dequantize_weights(const at::Tensor& codes, const at::Tensor& absmax, const FourBitLayout& layout,
                              at::ScalarType dtype) {
  std::array<std::array<float, 2>, 256> pairs;
  for (std::size_t byte = 0; byte < pairs.size(); ++byte)
    pairs[byte] = {layout.values[byte >> 4], layout.values[byte & 15]};
  at::Tensor weights = at::empty({layout.num_weights}, codes.options().dtype(dtype));
  const auto* const codes_in = codes.const_data_ptr<std::uint8_t>();
  const auto* const scales = absmax.const_data_ptr<float>();
  const std::int64_t block_size = layout.block_size;
  with_element(dtype, [&](auto element) {
    auto* const out = weights.mutable_data_ptr<decltype(element)>();
    at::parallel_for(0, absmax.numel(), kWeightsPerTask / block_size, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t block = begin; block < end; ++block) {
        const std::int64_t first = block * block_size;
        const std::int64_t count = std::min(block_size, layout.num_weights - first);
        dequantize_block(codes_in + first / 2, count, scales[block], pairs, out + first);
      }
    });
  });
  return weights;
}

}  // namespace

const FourBitKernels& four_bit_loops() {
  static constexpr FourBitKernels kKernels = {quantize_weights, quantize_scales, dequantize_scales, dequantize_weights};
  return kKernels;
}

}  // namespace forgelm::engine
