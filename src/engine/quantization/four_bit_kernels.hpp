// The steps of 4-bit quantization, twice: as loops for the processor, and composed of ATen's operations for every
// device. Both give the same bytes; the composed ones are the loops' oracle.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <utility>

#include "engine/quantization/dynamic_map.hpp"
#include "engine/quantization/four_bit_tables.hpp"

namespace forgelm::engine {

/// What the codes of a tensor are read with.
struct FourBitLayout {
  const std::array<float, 16>& values;
  std::int64_t num_weights;
  std::int64_t block_size;
};

/// weights_N (contiguous, float32, bfloat16 or float16) -> codes [ceil(N / 2)], absmax float32 a block.
using QuantizedWeights = std::pair<at::Tensor, at::Tensor>;
/// Scales less their mean, float32 -> codes, nested absmax.
using QuantizedScales = std::pair<at::Tensor, at::Tensor>;

/// The steps in one of their two forms.
struct FourBitKernels {
  QuantizedWeights (*quantize_weights)(const at::Tensor& weights_N, const FourBitTable& table, std::int64_t block_size);
  QuantizedScales (*quantize_scales)(const at::Tensor& scales);
  at::Tensor (*dequantize_scales)(const at::Tensor& codes, const at::Tensor& nested_absmax);
  at::Tensor (*dequantize_weights)(const at::Tensor& codes, const at::Tensor& absmax, const FourBitLayout& layout,
                                   at::ScalarType dtype);
};

const FourBitKernels& four_bit_loops();
const FourBitKernels& four_bit_composed();

/// The form for tensors of that device.
inline const FourBitKernels& four_bit_kernels(const at::Tensor& like) {
  return like.is_cpu() ? four_bit_loops() : four_bit_composed();
}

}  // namespace forgelm::engine
