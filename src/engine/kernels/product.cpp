// The right side is packed once, by all threads, and then read by all; rows of the result are divided among them.
#include "engine/kernels/product.hpp"

#include <algorithm>

#include "engine/kernels/fused.hpp"
#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

constexpr std::int64_t kNumbersPerPacking = 1 << 15;
constexpr std::int64_t kProductsPerTask = 1 << 19;

/// Whether the kernels take left and right sides for a result with so many columns.
bool can_fuse_product(const at::Tensor& left, const at::Tensor& right, std::int64_t columns) {
  const ProductKernels& kernels = cpu_kernels().product;
  return left.scalar_type() == at::kFloat && can_fuse({&left, &right}) && left.dim() == 2 && right.dim() == 2 &&
         left.numel() > 0 && columns >= kernels.fewest_columns;
}

/// left [rows, depth] times right [depth, columns]; either may stand transposed.
at::Tensor fused_product(const at::Tensor& left, bool left_is_transposed, const at::Tensor& right,
                         bool right_is_transposed) {
  const ProductKernels& kernels = cpu_kernels().product;
  const at::Tensor rows = left.contiguous(), matrix = right.contiguous();
  const std::int64_t num_rows = rows.size(left_is_transposed ? 1 : 0);
  const ProductShape shape = {matrix.size(right_is_transposed ? 1 : 0), matrix.size(right_is_transposed ? 0 : 1)};
  TORCH_CHECK(rows.size(left_is_transposed ? 0 : 1) == shape.depth, "a product of ", left.sizes(), " with ",
              right.sizes());
  const at::Tensor packed = at::empty({kernels.numbers(shape)}, rows.options());
  at::Tensor y = at::empty({num_rows, shape.columns}, rows.options());
  const float *from = rows.const_data_ptr<float>(), *numbers = matrix.const_data_ptr<float>();
  float *panels = packed.mutable_data_ptr<float>(), *to = y.mutable_data_ptr<float>();
  const std::int64_t num_panels = (shape.columns + kernels.columns_unit - 1) / kernels.columns_unit;
  at::parallel_for(0, num_panels, std::max<std::int64_t>(1, kNumbersPerPacking / (kernels.columns_unit * shape.depth)),
                   [&](std::int64_t begin, std::int64_t end) {
                     kernels.pack(shape, numbers, right_is_transposed, panels, begin, end);
                   });
  const std::int64_t row_stride = left_is_transposed ? 1 : shape.depth, depth_stride = left_is_transposed ? num_rows : 1;
  at::parallel_for(0, num_rows, std::max<std::int64_t>(1, kProductsPerTask / (shape.depth * shape.columns)),
                   [&](std::int64_t begin, std::int64_t end) {
                     kernels.multiply(shape, from, row_stride, depth_stride, panels, to, begin, end);
                   });
  return y;
}

/// Of a matrix that libtorch's product begins to be good at.
bool is_small(const at::Tensor& matrix) { return matrix.numel() <= cpu_kernels().product.most_numbers; }

}  // namespace

at::Tensor product_with_transposed(const at::Tensor& x_TI, const at::Tensor& matrix_OI) {
  if (is_small(matrix_OI) && can_fuse_product(x_TI, matrix_OI, matrix_OI.size(0)))
    return fused_product(x_TI, false, matrix_OI, true);
  return at::linear(x_TI, matrix_OI);
}

at::Tensor product_with(const at::Tensor& above_TO, const at::Tensor& matrix_OI) {
  if (is_small(matrix_OI) && can_fuse_product(above_TO, matrix_OI, matrix_OI.size(1)))
    return fused_product(above_TO, false, matrix_OI, false);
  return at::mm(above_TO, matrix_OI);
}

at::Tensor product_of_transposed(const at::Tensor& above_TO, const at::Tensor& x_TI) {
  if (above_TO.size(1) * x_TI.size(1) <= cpu_kernels().product.most_numbers &&
      can_fuse_product(above_TO, x_TI, x_TI.size(1)))
    return fused_product(above_TO, true, x_TI, false);
  return at::mm(above_TO.t(), x_TI);
}

}  // namespace forgelm::engine
