// LoRA over a frozen matrix in one against the composed form in double: values, and the gradients of x, A, B and the
// bias, folded and not, dense and 4-bit; and against finite differences.
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/adapters/lora_linear.hpp"
#include "engine/kernel_sets.hpp"
#include "engine/kernels/fused.hpp"
#include "engine/kernels/lora.hpp"
#include "engine/model_support.hpp"
#include "engine/quantization/four_bit.hpp"
#include "engine/torch.hpp"
#include "forgelm/core/text.hpp"

#include <torch/csrc/autograd/autograd.h>

using namespace forgelm;
using namespace forgelm::engine;
using namespace forgelm::test;

namespace {

WeightPtr weight_of(const at::Tensor& value, bool is_trained) {
  auto weight = std::make_shared<Weight>();
  weight->value = value;
  if (is_trained) set_trained(*weight);
  return weight;
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor wide = b.to(at::kDouble);
  return (a.to(at::kDouble) - wide).abs().max().item<double>() / std::max(1.0, wide.abs().max().item<double>());
}

}  // namespace

TEST_CASE("the kernels of LoRA give the gradients in double, on every instruction set") {
  for (const CpuKernels* set : kernel_sets())
    for (const auto& [rows, in, out, rank] : std::vector<std::array<std::int64_t, 4>>{{1, 1, 1, 1},
                                                                                      {5, 7, 3, 2},
                                                                                      {96, 16, 24, 8},
                                                                                      {97, 64, 172, 16},
                                                                                      {200, 33, 20, 5},
                                                                                      {300, 48, 48, 32},
                                                                                      {40, 100, 60, 64}}) {
      INFO(cat(set->name, ": ", rows, " rows, [", out, ", ", in, "], rank ", rank));
      at::manual_seed(static_cast<std::uint64_t>(rows));
      const at::Tensor x = at::randn({rows, in}), above = at::randn({rows, out}), a = at::randn({rank, in}),
                       b = at::randn({out, rank});
      const LoraKernels& kernels = set->lora;
      const std::int64_t wide = (rank + kernels.rank_unit - 1) / kernels.rank_unit * kernels.rank_unit;
      at::Tensor a_sums = at::zeros({in, wide}), b_sums = at::zeros({out, wide}), slopes = at::empty({rows, rank});
      const LoraShape shape = {rows, in, out, rank};
      at::Tensor scratch = at::full({kernels.numbers(shape)}, std::nan(""), at::kFloat);
      float* memory = scratch.mutable_data_ptr<float>();
      kernels.pack(shape, a.const_data_ptr<float>(), b.const_data_ptr<float>(), memory);
      kernels.add_gradients(shape, x.const_data_ptr<float>(), above.const_data_ptr<float>(),
                            a_sums.mutable_data_ptr<float>(), b_sums.mutable_data_ptr<float>(),
                            slopes.mutable_data_ptr<float>(), memory);
      const auto d = [](const at::Tensor& tensor) { return tensor.to(at::kDouble); };
      const at::Tensor expected_slopes = at::mm(d(above), d(b));
      CHECK(difference(slopes, expected_slopes) <= 3e-6);
      CHECK(difference(a_sums.narrow(1, 0, rank), at::mm(d(x).t(), expected_slopes)) <= 3e-6);
      CHECK(difference(b_sums.narrow(1, 0, rank), at::mm(d(above).t(), at::mm(d(x), d(a).t()))) <= 3e-6);
    }
}

TEST_CASE("LoRA over a frozen matrix is the composed form in double, folded into the matrix or beside it") {
  // 512 (in + out) rows would make up for folding: the second shape does not fold.
  for (const auto& [in, out] : {std::pair<std::int64_t, std::int64_t>{48, 80}, {1200, 1040}})
    for (const bool is_four_bit : {false, true})
      for (const bool has_bias : {false, true}) {
        INFO(cat("[", out, ", ", in, "]", is_four_bit ? ", 4-bit" : "", has_bias ? ", with a bias" : ""));
        at::manual_seed(5);
        const std::int64_t rows = 70, rank = 6;
        const double scale = 1.7;
        const at::Tensor matrix = at::randn({out, in}) * 0.1;
        const WeightPtr bias = has_bias ? weight_of(at::randn({out}), true) : nullptr;
        std::unique_ptr<Linear> base;
        if (is_four_bit)
          base = make_four_bit_linear(quantize_four_bit(matrix, FourBitKind::nf4, true), bias, at::kFloat);
        else base = std::make_unique<DenseLinear>(weight_of(matrix, false), bias);
        const at::Tensor dense = base->dense_weight().to(at::kDouble);
        const WeightPtr a = weight_of(at::randn({rank, in}) * 0.1, true), b = weight_of(at::randn({out, rank}), true);
        LoraLinear part(std::move(base), a, b, "slot", {scale, 0});
        const at::Tensor x = at::randn({rows, in}).requires_grad_(), above = at::randn({rows, out});

        const auto wide = [](const at::Tensor& tensor) { return tensor.detach().to(at::kDouble).requires_grad_(); };
        const at::Tensor wide_x = wide(x), wide_a = wide(a->value), wide_b = wide(b->value);
        const at::Tensor wide_bias = has_bias ? wide(bias->value) : at::Tensor();
        const at::Tensor expected =
            add_lora_update(at::linear(wide_x, dense, wide_bias), wide_x, wide_a, wide_b, scale);
        std::vector<at::Tensor> wide_inputs = {wide_x, wide_a, wide_b}, inputs = {x, a->value, b->value};
        if (has_bias) {
          wide_inputs.push_back(wide_bias);
          inputs.push_back(bias->value);
        }
        const auto expected_gradients = torch::autograd::grad({expected}, wide_inputs, {above.to(at::kDouble)});
        const auto check = [&] {
          const at::Tensor y = part.forward(x, {});
          CHECK(difference(y.detach(), expected.detach()) <= 3e-6);
          const auto gradients = torch::autograd::grad({y}, inputs, {above});
          for (std::size_t i = 0; i < gradients.size(); ++i)
            CHECK(difference(gradients[i], expected_gradients[i]) <= 3e-6);
          const at::NoGradGuard no_graph;
          CHECK(difference(part.forward(x, {}), expected.detach()) <= 3e-6);
        };
        check();
        const ComposedForms composed;
        check();
      }
}

TEST_CASE("the gradients of LoRA are those of finite differences in double, and do not depend on threads") {
  at::manual_seed(9);
  const std::int64_t rows = 900, in = 5, out = 4, rank = 2;
  const double scale = 0.5, step = 1e-6;
  const at::Tensor x = at::randn({rows, in}), above = at::randn({rows, out}), a = at::randn({rank, in}),
                   b = at::randn({out, rank});
  const LoraGradients actual = fused_lora_gradients(x, above, a, b, scale, true);
  const int num_threads = at::get_num_threads();
  at::set_num_threads(num_threads == 1 ? 2 : 1);
  const LoraGradients others = fused_lora_gradients(x, above, a, b, scale, true);
  at::set_num_threads(num_threads);
  CHECK(at::equal(actual.a_RI, others.a_RI));
  CHECK(at::equal(actual.b_OR, others.b_OR));
  const at::Tensor wide_x = x.to(at::kDouble), wide_above = above.to(at::kDouble), wide_a = a.to(at::kDouble),
                   wide_b = b.to(at::kDouble);
  const auto value = [&] {
    return (at::mm(at::mm(wide_x, wide_a.t()), wide_b.t()) * wide_above).sum().item<double>() * scale;
  };
  const auto check = [&](const at::Tensor& wide, const at::Tensor& gradient) {
    double* numbers = wide.data_ptr<double>();
    for (std::int64_t i = 0; i < wide.numel(); ++i) {
      const double before = numbers[i];
      numbers[i] = before + step;
      const double up = value();
      numbers[i] = before - step;
      const double slope = (up - value()) / (2 * step);
      numbers[i] = before;
      CHECK(std::abs(gradient.const_data_ptr<float>()[i] - slope) <= 1e-4 * std::max(1.0, std::abs(slope)));
    }
  };
  check(wide_a, actual.a_RI);
  check(wide_b, actual.b_OR);
}
