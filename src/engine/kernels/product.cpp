// The matrix is packed once, by all threads, and then read by all; rows are divided among them.
#include "engine/kernels/product.hpp"

#include <algorithm>

#include "engine/kernels/fused.hpp"
#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

/// Of a matrix; libtorch's are as fast from here on.
constexpr std::int64_t kMostNumbers = 1 << 16;
constexpr std::int64_t kNumbersPerPacking = 1 << 14;
constexpr std::int64_t kProductsPerTask = 1 << 19;

bool can_fuse_product(const at::Tensor& rows, const at::Tensor& matrix, std::int64_t columns) {
  return rows.scalar_type() == at::kFloat && can_fuse({&rows, &matrix}) && rows.dim() == 2 && matrix.numel() > 0 &&
         matrix.numel() <= kMostNumbers && columns >= cpu_kernels().product.fewest_columns;
}

at::Tensor fused_product(const at::Tensor& any_rows, const at::Tensor& any_matrix, bool is_transposed) {
  const ProductKernels& kernels = cpu_kernels().product;
  const at::Tensor rows = any_rows.contiguous(), matrix = any_matrix.contiguous();
  const ProductShape shape = {matrix.size(is_transposed ? 1 : 0), matrix.size(is_transposed ? 0 : 1)};
  TORCH_CHECK(rows.size(1) == shape.depth, "a product of ", rows.sizes(), " with ", matrix.sizes());
  const at::Tensor packed = at::empty({kernels.numbers(shape)}, rows.options());
  at::Tensor y = at::empty({rows.size(0), shape.columns}, rows.options());
  const float *from = rows.const_data_ptr<float>(), *numbers = matrix.const_data_ptr<float>();
  float *panels = packed.mutable_data_ptr<float>(), *to = y.mutable_data_ptr<float>();
  const std::int64_t num_panels = (shape.columns + kernels.columns_unit - 1) / kernels.columns_unit;
  at::parallel_for(
      0, num_panels, std::max<std::int64_t>(1, kNumbersPerPacking / (kernels.columns_unit * shape.depth)),
      [&](std::int64_t begin, std::int64_t end) { kernels.pack(shape, numbers, is_transposed, panels, begin, end); });
  at::parallel_for(
      0, rows.size(0), std::max<std::int64_t>(1, kProductsPerTask / matrix.numel()),
      [&](std::int64_t begin, std::int64_t end) { kernels.multiply(shape, from, panels, to, begin, end); });
  return y;
}

}  // namespace

at::Tensor product_with_transposed(const at::Tensor& x_TI, const at::Tensor& matrix_OI) {
  if (can_fuse_product(x_TI, matrix_OI, matrix_OI.size(0))) return fused_product(x_TI, matrix_OI, true);
  return at::linear(x_TI, matrix_OI);
}

at::Tensor product_with(const at::Tensor& above_TO, const at::Tensor& matrix_OI) {
  if (can_fuse_product(above_TO, matrix_OI, matrix_OI.size(1))) return fused_product(above_TO, matrix_OI, false);
  return at::mm(above_TO, matrix_OI);
}

}  // namespace forgelm::engine
