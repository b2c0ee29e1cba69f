// NF4 and FP4: weights in 4 bits, a scale (absmax) for each block of 64, the scales in 8 bits themselves with double
// quantization (blocks of 256, minus their mean). Source: Dettmers et al. 2023, arXiv 2305.14314. Oracle: bitsandbytes
// 0.50.2 on the CPU, byte-equal: codes, scales, nested scales, and the values they stand for; ties, zero blocks,
// denormals and odd tails included.
// The trap: `offset` is a sum in float32 (at::mean), hence of more than 32,768 scales it depends on the number of
// threads and on the instruction set, here as there. All else depends on neither.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/model/load_model.hpp"
#include "engine/nn/linear.hpp"
#include "forgelm/config/sections/model.hpp"

namespace forgelm::engine {

enum class FourBitKind { nf4, fp4 };

struct FourBitTensor {
  FourBitKind kind = FourBitKind::nf4;
  std::vector<std::int64_t> shape;
  at::ScalarType source_dtype = at::kFloat;  ///< of the weights before
  std::int64_t block_size = 64;
  at::Tensor codes;   ///< uint8, two a byte, the first in the high half: [ceil(n / 2)]
  at::Tensor absmax;  ///< float32 a block; with double quantization undefined
  // Double quantization:
  at::Tensor absmax_codes;   ///< uint8 a block
  at::Tensor nested_absmax;  ///< float32, one for 256 of absmax_codes
  float offset = 0;          ///< mean of the scales, taken off before they were quantized
  bool is_double() const { return absmax_codes.defined(); }
};

/// Of float32, bfloat16 or float16 (others are converted to float32 first), on the processor or a GPU; the result is
/// where the weights are. block_size: a power of two from 32 to 4096.
FourBitTensor quantize_four_bit(const at::Tensor& weights, FourBitKind kind, bool is_double,
                                std::int64_t block_size = 64);
/// The values in `dtype` (float32, bfloat16 or float16): code value times scale in float32, then rounded once.
at::Tensor dequantize(const FourBitTensor& tensor, at::ScalarType dtype);

/// A frozen matrix in 4 bits; multiplies in `compute_dtype`, as bitsandbytes' Linear4bit does, and gives the type of x.
/// The backward pass dequantizes again instead of keeping the dense matrix. Its weights have the names that
/// bitsandbytes gives them in a state dict: weight, weight.absmax, weight.nested_absmax.
std::unique_ptr<Linear> make_four_bit_linear(FourBitTensor weight, WeightPtr bias, at::ScalarType compute_dtype);

struct FourBitOptions {
  FourBitKind kind = FourBitKind::nf4;
  bool is_double = true;
  at::ScalarType compute_dtype = at::kFloat;
};
/// For LoadModelOptions::make_linear: quantizes each matrix as it is read, on `device`. `source_dtype` is what the
/// model is loaded in (Hugging Face's torch_dtype): a matrix is rounded to it before it is quantized, a bias as well.
LinearMaker four_bit_maker(const FourBitOptions& options, at::Device device, at::ScalarType source_dtype);

/// The type that `bnb_4bit_compute_dtype` asks for; `auto` is the type of the activations, which follows the precision
/// that the host is good at. All types work on all devices; float16 has no fast path on most processors.
at::ScalarType resolve_compute_dtype(config::ComputeDtype asked, at::ScalarType activations);

}  // namespace forgelm::engine
