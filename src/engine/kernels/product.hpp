// Products with a matrix in float32 on the processor: libtorch's (MKL) leave up to a third of some processors' speed
// unused, and more where matrices are small. They know no gradients: functions with a way back are made of them.
#pragma once

#include <ATen/ATen.h>

namespace forgelm::engine {

/// x_TI times the transposed of matrix_OI: fused where that can be, libtorch's otherwise. Fused, its rows depend neither
/// on each other nor on threads.
at::Tensor product_with_transposed(const at::Tensor& x_TI, const at::Tensor& matrix_OI);

/// above_TO times matrix_OI: the way back to x.
at::Tensor product_with(const at::Tensor& above_TO, const at::Tensor& matrix_OI);

/// The transposed of above_TO times x_TI: the way back to the matrix.
at::Tensor product_of_transposed(const at::Tensor& above_TO, const at::Tensor& x_TI);

}  // namespace forgelm::engine
