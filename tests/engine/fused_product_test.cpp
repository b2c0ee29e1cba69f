// Products with a matrix in panels against libtorch's in double: each instruction set's kernels on borders of panels,
// vectors, tiles and blocks of the depth, and the dense part's values and gradients, also against finite differences.
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/kernel_sets.hpp"
#include "engine/kernels/fused.hpp"
#include "engine/kernels/product.hpp"
#include "engine/model_support.hpp"
#include "engine/nn/linear.hpp"
#include "engine/torch.hpp"
#include "forgelm/core/text.hpp"

#include <torch/csrc/autograd/autograd.h>

using namespace forgelm;
using namespace forgelm::engine;
using namespace forgelm::test;

namespace {

double difference(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor wide = b.to(at::kDouble);
  return (a.to(at::kDouble) - wide).abs().max().item<double>() / std::max(1.0, wide.abs().max().item<double>());
}

WeightPtr trained(const at::Tensor& value) {
  auto weight = std::make_shared<Weight>();
  weight->value = value;
  set_trained(*weight);
  return weight;
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
      for (const bool left_is_transposed : {false, true})
        for (const bool right_is_transposed : {false, true}) {
          INFO(cat("transposed: left ", left_is_transposed, ", right ", right_is_transposed));
          // What the kernels do not write must not matter.
          at::Tensor packed = at::full({kernels.numbers(shape)}, std::nan(""), at::kFloat),
                     y = at::full({rows, columns}, std::nan(""), at::kFloat);
          const at::Tensor left = left_is_transposed ? x.t().contiguous() : x,
                           right = right_is_transposed ? matrix.t().contiguous() : matrix;
          kernels.pack(shape, right.const_data_ptr<float>(), right_is_transposed, packed.mutable_data_ptr<float>(), 0,
                       num_panels);
          const std::int64_t middle = rows / 2;
          for (const auto& [begin, end] : {std::pair{std::int64_t{0}, middle}, std::pair{middle, rows}})
            kernels.multiply(shape, left.const_data_ptr<float>(), left_is_transposed ? 1 : depth,
                             left_is_transposed ? rows : 1, packed.const_data_ptr<float>(), y.mutable_data_ptr<float>(),
                             begin, end);
          CHECK(difference(y, expected) <= 3e-6);
        }
    }
}

TEST_CASE("a dense part gives the values and gradients in double, fused and composed, for any number of threads") {
  for (const auto& [in, out] : std::vector<std::array<std::int64_t, 2>>{{64, 172}, {172, 64}, {5, 64}, {64, 5}, {600, 33}})
    for (const bool has_bias : {false, true}) {
      INFO(cat("[", out, ", ", in, "]", has_bias ? " with a bias" : ""));
      at::manual_seed(3);
      const WeightPtr weight = trained(at::randn({out, in})), bias = has_bias ? trained(at::randn({out})) : nullptr;
      DenseLinear part(weight, bias);
      const at::Tensor x = at::randn({301, in}).requires_grad_(), above = at::randn({301, out});
      const auto results = [&] {
        std::vector<at::Tensor> inputs = {x, weight->value};
        if (has_bias) inputs.push_back(bias->value);
        const at::Tensor y = part.forward(x, {});
        auto all = torch::autograd::grad({y}, inputs, {above});
        all.push_back(y.detach());
        return all;
      };
      const auto d = [](const at::Tensor& tensor) { return tensor.detach().to(at::kDouble); };
      std::vector<at::Tensor> expected = {at::mm(d(above), d(weight->value)), at::mm(d(above).t(), d(x))};
      if (has_bias) expected.push_back(d(above).sum(0));
      expected.push_back(at::linear(d(x), d(weight->value), has_bias ? d(bias->value) : at::Tensor()));
      const auto fused = results();
      const int num_threads = at::get_num_threads();
      at::set_num_threads(num_threads == 1 ? 2 : 1);
      const auto on_others = results();
      at::set_num_threads(num_threads);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        CHECK(difference(fused[i], expected[i]) <= 3e-6);
        CHECK(difference(on_others[i], expected[i]) <= 3e-6);
      }
      CHECK(at::equal(fused.back(), on_others.back()));
      const ComposedForms composed;
      const auto without = results();
      for (std::size_t i = 0; i < expected.size(); ++i) CHECK(difference(without[i], expected[i]) <= 3e-6);
    }
}

TEST_CASE("the gradients of a dense part are those of finite differences in double") {
  at::manual_seed(4);
  const WeightPtr weight = trained(at::randn({18, 17}));
  DenseLinear part(weight, nullptr);
  const at::Tensor x = at::randn({9, 17}).requires_grad_(), above = at::randn({9, 18});
  const auto gradients = torch::autograd::grad({part.forward(x, {})}, {x, weight->value}, {above});
  const at::Tensor wide[2] = {x.detach().to(at::kDouble), weight->value.detach().to(at::kDouble)};
  const auto value = [&] { return (at::linear(wide[0], wide[1]) * above.to(at::kDouble)).sum().item<double>(); };
  const double step = 1e-6;
  for (int which = 0; which < 2; ++which) {
    double* numbers = wide[which].data_ptr<double>();
    for (std::int64_t i = 0; i < wide[which].numel(); ++i) {
      const double before = numbers[i];
      numbers[i] = before + step;
      const double higher = value();
      numbers[i] = before - step;
      const double slope = (higher - value()) / (2 * step);
      numbers[i] = before;
      CHECK(std::abs(gradients[static_cast<std::size_t>(which)].const_data_ptr<float>()[i] - slope) <= 2e-5);
    }
  }
}
