// Products of many rows with a small matrix in float32 on the processor, where libtorch's spend their time on what
// surrounds them. They know no gradients: functions with a way back of their own are made of them.
#pragma once

#include <ATen/ATen.h>

namespace forgelm::engine {

/// x_TI times the transposed of matrix_OI: fused where that is faster, libtorch's otherwise. Which of them does not
/// depend on T; fused, rows depend neither on each other nor on threads.
at::Tensor product_with_transposed(const at::Tensor& x_TI, const at::Tensor& matrix_OI);

/// above_TO times matrix_OI: the way back.
at::Tensor product_with(const at::Tensor& above_TO, const at::Tensor& matrix_OI);

}  // namespace forgelm::engine
