// The fused forms against what they replace: every kernel of every instruction set that this processor has against the
// same sums in double, gradients against finite differences in double, and whole forward and backward passes with fused
// forms against those composed of libtorch's operations.
#include "engine/kernels/fused.hpp"

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "engine/kernel_sets.hpp"
#include "engine/model_support.hpp"
#include "engine/nn/mlp.hpp"
#include "engine/nn/norm.hpp"
#include "engine/nn/rotary.hpp"
#include "engine/objectives/head_loss.hpp"
#include "engine/torch.hpp"

using namespace forgelm;
using namespace forgelm::engine;
using namespace forgelm::test;

namespace {

using Doubles = std::vector<double>;

Doubles doubles_of(const at::Tensor& tensor) {
  const at::Tensor wide = tensor.detach().to(at::kDouble).contiguous();
  return {wide.const_data_ptr<double>(), wide.const_data_ptr<double>() + wide.numel()};
}

/// The derivative of sum(weights * f(x)) by x, by central differences in double.
Doubles finite_differences(const std::function<Doubles(const Doubles&)>& f, Doubles x, const Doubles& weights) {
  constexpr double kStep = 1e-6;
  const auto value = [&](const Doubles& at) {
    const Doubles y = f(at);
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += weights[i] * y[i];
    return sum;
  };
  Doubles slopes;
  for (double& number : x) {
    const double before = number;
    number = before + kStep;
    const double above = value(x);
    number = before - kStep;
    slopes.push_back((above - value(x)) / (2 * kStep));
    number = before;
  }
  return slopes;
}

/// The largest difference, as a share of the largest expected number.
double share_of_difference(const Doubles& actual, const Doubles& expected) {
  REQUIRE(actual.size() == expected.size());
  double difference = 0, largest = 1e-30;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    difference = std::max(difference, std::abs(actual[i] - expected[i]));
    largest = std::max(largest, std::abs(expected[i]));
  }
  return difference / largest;
}

Doubles norm_in_double(const Doubles& x, const Doubles& weight, double epsilon) {
  const std::size_t size = weight.size();
  Doubles y(x.size());
  for (std::size_t row = 0; row < x.size() / size; ++row) {
    double squares = 0;
    for (std::size_t i = 0; i < size; ++i) squares += x[row * size + i] * x[row * size + i];
    const double scale = 1 / std::sqrt(squares / static_cast<double>(size) + epsilon);
    for (std::size_t i = 0; i < size; ++i) y[row * size + i] = x[row * size + i] * scale * weight[i];
  }
  return y;
}

double silu_in_double(double x) { return x / (1 + std::exp(-x)); }

constexpr double kEpsilon = 1e-5;
constexpr std::int64_t kSizes[] = {1, 3, 4, 7, 8, 15, 16, 17, 33, 64, 288};

}  // namespace

TEST_CASE("the norm's kernels give the sums in double, and the gradient that finite differences give") {
  for (const CpuKernels* set : kernel_sets())
    for (const std::int64_t size : kSizes) {
      INFO(set->name << ", rows of " << size);
      const std::int64_t num_rows = 3;
      at::manual_seed(static_cast<std::uint64_t>(size));
      const at::Tensor x = at::randn({num_rows, size}), weight = at::randn({size}), above = at::randn({num_rows, size});
      at::Tensor y = at::empty_like(x), scales = at::empty({num_rows}), x_gradient = at::empty_like(x),
                 weight_gradient = at::zeros({size});
      const auto& kernels = set->float32;
      const auto p = [](at::Tensor& tensor) { return tensor.mutable_data_ptr<float>(); };
      const auto c = [](const at::Tensor& tensor) { return tensor.const_data_ptr<float>(); };
      kernels.norm_forward(c(x), c(weight), p(y), p(scales), 0, num_rows, size, static_cast<float>(kEpsilon));
      kernels.norm_backward(c(above), c(x), c(weight), c(scales), p(x_gradient), p(weight_gradient), 0, num_rows, size);
      const Doubles wide_x = doubles_of(x), wide_weight = doubles_of(weight), wide_above = doubles_of(above);
      CHECK(share_of_difference(doubles_of(y), norm_in_double(wide_x, wide_weight, kEpsilon)) <= 1e-6);
      CHECK(share_of_difference(
                doubles_of(x_gradient),
                finite_differences([&](const Doubles& at) { return norm_in_double(at, wide_weight, kEpsilon); }, wide_x,
                                   wide_above)) <= (size == 1 ? 1.0 : 1e-4));
      CHECK(share_of_difference(
                doubles_of(weight_gradient),
                finite_differences([&](const Doubles& at) { return norm_in_double(wide_x, at, kEpsilon); }, wide_weight,
                                   wide_above)) <= 1e-5);
    }
}

TEST_CASE("the kernels of SwiGLU give the values in double, and the gradients that finite differences give") {
  for (const CpuKernels* set : kernel_sets())
    for (const std::int64_t size : kSizes) {
      INFO(set->name << ", " << size << " numbers");
      at::manual_seed(static_cast<std::uint64_t>(size));
      const at::Tensor gate = at::randn({size}) * 5, up = at::randn({size}), above = at::randn({size});
      at::Tensor y = at::empty_like(gate), of_gate = at::empty_like(gate), of_up = at::empty_like(gate);
      set->float32.swiglu_forward(gate.const_data_ptr<float>(), up.const_data_ptr<float>(), y.mutable_data_ptr<float>(),
                                  0, size);
      set->float32.swiglu_backward(above.const_data_ptr<float>(), gate.const_data_ptr<float>(),
                                   up.const_data_ptr<float>(), of_gate.mutable_data_ptr<float>(),
                                   of_up.mutable_data_ptr<float>(), 0, size);
      const Doubles g = doubles_of(gate), u = doubles_of(up), a = doubles_of(above);
      const auto product = [](const Doubles& gates, const Doubles& ups) {
        Doubles result;
        for (std::size_t i = 0; i < gates.size(); ++i) result.push_back(silu_in_double(gates[i]) * ups[i]);
        return result;
      };
      CHECK(share_of_difference(doubles_of(y), product(g, u)) <= 1e-6);
      CHECK(share_of_difference(doubles_of(of_gate),
                                finite_differences([&](const Doubles& at) { return product(at, u); }, g, a)) <= 1e-5);
      CHECK(share_of_difference(doubles_of(of_up),
                                finite_differences([&](const Doubles& at) { return product(g, at); }, u, a)) <= 1e-5);
    }
}

TEST_CASE("a gate far from zero gives its limits and no NaN") {
  for (const CpuKernels* set : kernel_sets()) {
    const std::vector<float> gate = {-200, -100, -88, 88, 100, 200, 0, -0.0F, 1e30F}, up(gate.size(), 1);
    std::vector<float> y(gate.size()), of_gate(gate.size()), of_up(gate.size());
    const auto size = static_cast<std::int64_t>(gate.size());
    set->float32.swiglu_forward(gate.data(), up.data(), y.data(), 0, size);
    set->float32.swiglu_backward(up.data(), gate.data(), up.data(), of_gate.data(), of_up.data(), 0, size);
    for (std::size_t i = 0; i < gate.size(); ++i) {
      INFO(set->name << ": silu(" << gate[i] << ")");
      const double expected = silu_in_double(static_cast<double>(gate[i]));
      CHECK(std::abs(static_cast<double>(y[i]) - expected) <= 1e-6 * std::max(1.0, std::abs(expected)));
      CHECK(std::isfinite(of_gate[i]));
    }
  }
}

TEST_CASE("the loss's kernels give losses, hits and gradients of the logits in double") {
  for (const CpuKernels* set : kernel_sets())
    for (const std::int64_t size : {2, 5, 16, 31, 64, 130, 1000}) {
      INFO(set->name << ", a vocabulary of " << size);
      const std::int64_t num_rows = 6;
      at::manual_seed(static_cast<std::uint64_t>(size));
      at::Tensor logits = at::randn({num_rows, size}) * 4;
      at::Tensor targets = at::randint(size, {num_rows}, at::kLong);
      // Rows with one logit twice at the top: the target first, then behind it; far numbers; a target at the end.
      auto rows = logits.accessor<float, 2>();
      auto wanted = targets.accessor<std::int64_t, 1>();
      rows[0][0] = rows[0][size - 1] = 50;
      wanted[0] = 0;
      rows[1][0] = rows[1][size - 1] = 50;
      wanted[1] = size - 1;
      rows[2][size - 1] = 300;
      wanted[2] = size - 1;
      rows[3][0] = -std::numeric_limits<float>::infinity();
      wanted[3] = size - 1;
      const at::Tensor before = logits.clone();
      at::Tensor losses = at::empty({num_rows}), hits = at::empty({num_rows}, at::kLong);
      for (const bool makes_gradient : {false, true})
        set->float32.cross_entropy(logits.mutable_data_ptr<float>(), targets.const_data_ptr<std::int64_t>(),
                                   losses.mutable_data_ptr<float>(), hits.mutable_data_ptr<std::int64_t>(), 0, num_rows,
                                   size, makes_gradient);
      const at::Tensor shares = at::log_softmax(before.to(at::kDouble), -1);
      const at::Tensor expected = -shares.gather(1, targets.unsqueeze(1)).squeeze(1);
      at::Tensor gradient = shares.exp();
      gradient.scatter_add_(1, targets.unsqueeze(1), at::full({num_rows, 1}, -1.0, at::kDouble));
      CHECK((losses.to(at::kDouble) - expected).abs().max().item<double>() <=
            3e-6 * (1 + expected.max().item<double>()));
      CHECK((logits.to(at::kDouble) - gradient).abs().max().item<double>() <= 1e-6);
      CHECK(at::equal(hits, before.argmax(-1).eq(targets).to(at::kLong)));
      CHECK(hits[0].item<std::int64_t>() == 1);
      CHECK(hits[1].item<std::int64_t>() == 0);
    }
}

TEST_CASE("kernels for bfloat16 round what those for float32 give") {
  for (const CpuKernels* set : kernel_sets()) {
    INFO(set->name);
    at::manual_seed(1);
    const at::Tensor gate = at::randn({1000}).to(at::kBFloat16), up = at::randn({1000}).to(at::kBFloat16);
    const at::Tensor wide_gate = gate.to(at::kFloat), wide_up = up.to(at::kFloat);
    at::Tensor y = at::empty_like(gate), wide_y = at::empty_like(wide_gate);
    const auto bits = [](const at::Tensor& tensor) { return static_cast<std::uint16_t*>(tensor.data_ptr()); };
    set->bfloat16.swiglu_forward(bits(gate), bits(up), bits(y), 0, 1000);
    set->float32.swiglu_forward(wide_gate.const_data_ptr<float>(), wide_up.const_data_ptr<float>(),
                                wide_y.mutable_data_ptr<float>(), 0, 1000);
    CHECK(at::equal(y, wide_y.to(at::kBFloat16)));
  }
}

TEST_CASE("passes with fused forms give the values and gradients of the composed ones") {
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    INFO(at::toString(dtype));
    const double tolerance = dtype == at::kFloat ? 2e-6 : 2e-2;
    const Sequences sequences = {{1, 5, 9, 200, 300, 17, 4}, {8, 8, 8}, {1}};
    std::vector<at::Tensor> values[2], gradients[2];
    std::int64_t num_correct[2] = {-1, -2};
    for (const bool is_composed : {false, true}) {
      std::optional<ComposedForms> composed;
      if (is_composed) composed.emplace();
      DecoderModel model = quickstart_model(dtype);
      model.visit_weights([](const std::string&, const WeightPtr& weight) { set_trained(*weight); });
      const at::Tensor hidden = model.hidden(row_of(sequences), {});
      const at::Tensor targets = at::arange(hidden.size(0), at::kLong);
      const HeadLoss loss = head_loss(model, hidden, targets, {}, 0);
      loss.sum.backward();
      values[is_composed] = {hidden, loss.sum};
      num_correct[is_composed] = loss.num_correct.item<std::int64_t>();
      model.visit_weights(
          [&](const std::string&, const WeightPtr& weight) { gradients[is_composed].push_back(weight->value.grad()); });
    }
    CHECK(num_correct[0] == num_correct[1]);
    for (std::size_t i = 0; i < values[0].size(); ++i) CHECK(distance(values[0][i], values[1][i]) <= tolerance);
    for (std::size_t i = 0; i < gradients[0].size(); ++i) {
      INFO("weight " << i);
      CHECK(distance(gradients[0][i], gradients[1][i]) <= 5 * tolerance);
    }
  }
}
