// NF4 and FP4: weights in 4 bits, a scale (absmax) for each block of 64, the scales in 8 bits themselves with double
// quantization (blocks of 256, minus their mean). Source: Dettmers et al. 2023, arXiv 2305.14314. Oracle: bitsandbytes
// 0.50.2 on the CPU, byte-equal: codes, scales, nested scales, and the values they stand for; ties, zero blocks,
// denormals and odd tails included.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>

#include "engine/model/load_model.hpp"
#include "engine/nn/linear.hpp"

namespace forgelm::engine {

enum class FourBitKind { nf4, fp4 };

struct FourBitTensor {
  FourBitKind kind = FourBitKind::nf4;
  std::vector<std::int64_t> shape;
  at::ScalarType source_dtype = at::kFloat;  ///< of the weights before; what dequantize() gives unless asked otherwise
  std::int64_t block_size = 64;
  at::Tensor codes;   ///< uint8, two a byte, the first in the high half: [ceil(n / 2)]
  at::Tensor absmax;  ///< float32 a block; with double quantization undefined
  // Double quantization:
  at::Tensor absmax_codes;   ///< uint8 a block
  at::Tensor nested_absmax;  ///< float32, one for 256 of absmax_codes
  float offset = 0;          ///< mean of the scales, taken off before they were quantized
  bool is_double() const { return absmax_codes.defined(); }
};

/// Of any floating type, on the processor or a GPU.
FourBitTensor quantize_four_bit(const at::Tensor& weights, FourBitKind kind, bool is_double,
                                std::int64_t block_size = 64);
at::Tensor dequantize(const FourBitTensor& tensor, at::ScalarType dtype);

/// A frozen matrix in 4 bits; multiplies in `compute_dtype`, as bitsandbytes' Linear4bit does, and gives the type of x.
/// The backward pass dequantizes again instead of keeping the dense matrix.
std::unique_ptr<Linear> make_four_bit_linear(FourBitTensor weight, WeightPtr bias, at::ScalarType compute_dtype);

struct FourBitOptions {
  FourBitKind kind = FourBitKind::nf4;
  bool is_double = true;
  at::ScalarType compute_dtype = at::kFloat;
};
/// For LoadModelOptions::make_linear: quantizes each matrix as it is read, on `device`.
LinearMaker four_bit_maker(const FourBitOptions& options, at::Device device, at::ScalarType source_dtype);

}  // namespace forgelm::engine
