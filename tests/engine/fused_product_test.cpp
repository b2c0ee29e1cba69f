// Products with a matrix in panels against libtorch's in double: each instruction set's kernels on borders of panels,
// vectors, tiles and blocks of the depth. Gradients that are made of them: fused_lora_test.cpp.
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "engine/kernel_sets.hpp"
#include "engine/kernels/fused.hpp"
#include "engine/kernels/product.hpp"
#include "engine/torch.hpp"
#include "forgelm/core/text.hpp"
#include "support/torch_test.hpp"

using namespace forgelm;
using namespace forgelm::engine;
using namespace forgelm::test;

namespace {

double difference(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor wide = b.to(at::kDouble);
  return (a.to(at::kDouble) - wide).abs().max().item<double>() / std::max(1.0, wide.abs().max().item<double>());
}

}  // namespace

TEST_CASE("the kernels of products give those in double, on every instruction set") {
  for (const CpuKernels* set : kernel_sets())
    for (const auto& [rows, depth, columns] : std::vector<std::array<std::int64_t, 3>>{{1, 1, 16},
                                                                                       {5, 3, 17},
                                                                                       {13, 7, 24},
                                                                                       {96, 64, 64},
                                                                                       {97, 64, 172},
                                                                                       {200, 172, 64},
                                                                                       {7, 511, 33},
                                                                                       {8, 512, 40},
                                                                                       {100, 513, 41},
                                                                                       {12, 1100, 90}}) {
      INFO(cat(set->name, ": ", rows, " rows, [", depth, ", ", columns, "]"));
      at::manual_seed(static_cast<std::uint64_t>(depth));
      const at::Tensor x = at::randn({rows, depth}), matrix = at::randn({depth, columns});
      const at::Tensor expected = at::mm(x.to(at::kDouble), matrix.to(at::kDouble));
      const ProductKernels& kernels = set->product;
      const ProductShape shape = {depth, columns};
      const std::int64_t num_panels = (columns + kernels.columns_unit - 1) / kernels.columns_unit;
      for (const bool is_transposed : {false, true}) {
        INFO(cat("transposed ", is_transposed));
        // What the kernels do not write must not matter.
        at::Tensor packed = at::full({kernels.numbers(shape)}, std::nan(""), at::kFloat),
                   y = at::full({rows, columns}, std::nan(""), at::kFloat);
        const at::Tensor right = is_transposed ? matrix.t().contiguous() : matrix;
        kernels.pack(shape, right.const_data_ptr<float>(), is_transposed, packed.mutable_data_ptr<float>(), 0,
                     num_panels);
        for (const auto& [begin, end] : {std::pair{std::int64_t{0}, rows / 2}, std::pair{rows / 2, rows}})
          kernels.multiply(shape, x.const_data_ptr<float>(), packed.const_data_ptr<float>(),
                           y.mutable_data_ptr<float>(), begin, end);
        CHECK(difference(y, expected) <= 3e-6);
      }
    }
}

TEST_CASE("products with a small matrix are those in double, fused and composed, for any number of threads") {
  for (const auto& [in, out] :
       std::vector<std::array<std::int64_t, 2>>{{64, 172}, {172, 64}, {5, 64}, {64, 5}, {600, 33}}) {
    INFO(cat("[", out, ", ", in, "]"));
    at::manual_seed(3);
    const at::Tensor x = at::randn({301, in}), matrix = at::randn({out, in}), above = at::randn({301, out});
    const auto d = [](const at::Tensor& tensor) { return tensor.to(at::kDouble); };
    const at::Tensor there = at::linear(d(x), d(matrix)), back = at::mm(d(above), d(matrix));
    const auto check = [&] {
      CHECK(difference(product_with_transposed(x, matrix), there) <= 3e-6);
      CHECK(difference(product_with(above, matrix), back) <= 3e-6);
    };
    check();
    const at::Tensor fused = product_with_transposed(x, matrix);
    // A row alone is that row of many, and threads do not matter, where the fused form was taken.
    if (out >= 16) CHECK(at::equal(product_with_transposed(x.narrow(0, 7, 1), matrix), fused.narrow(0, 7, 1)));
    const int num_threads = at::get_num_threads();
    at::set_num_threads(num_threads == 1 ? 2 : 1);
    if (out >= 16) CHECK(at::equal(product_with_transposed(x, matrix), fused));
    at::set_num_threads(num_threads);
    const ComposedForms composed;
    check();
  }
}
