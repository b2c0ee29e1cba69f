// The gradients of a LoRA pair in one pass over the rows. Oracle: the composed form in adapters/lora_linear.cpp.
#pragma once

#include <ATen/ATen.h>

namespace forgelm::engine {

struct LoraGradients {
  at::Tensor a_RI, b_OR;
  at::Tensor slopes_TR;  ///< above B, times the scale; undefined when not asked for
};

/// Of y = ... + scale (x A^T) B^T. Float32 on the processor, contiguous; can_fuse() says whether it may be called.
LoraGradients fused_lora_gradients(const at::Tensor& x_TI, const at::Tensor& above_TO, const at::Tensor& a_RI,
                                   const at::Tensor& b_OR, double scale, bool wants_slopes);

}  // namespace forgelm::engine
