#include "engine/adapters/lora_linear.hpp"

#include <cmath>
#include <map>

#include "support/torch_test.hpp"

using namespace forgelm;
using namespace forgelm::engine;

namespace {

WeightPtr weight_of(const at::Tensor& value, bool is_trained = false) {
  auto weight = std::make_shared<Weight>();
  weight->value = value;
  if (is_trained) set_trained(*weight);
  return weight;
}

struct Parts {
  WeightPtr w, bias, a, b;
  std::unique_ptr<LoraLinear> lora;
};

Parts parts_of(std::int64_t in, std::int64_t out, std::int64_t rank, LoraLinear::Options options,
               at::ScalarType dtype = at::kFloat) {
  at::manual_seed(5);
  Parts parts;
  parts.w = weight_of(at::randn({out, in}).to(dtype));
  parts.bias = weight_of(at::randn({out}).to(dtype));
  parts.a = weight_of(at::randn({rank, in}), true);
  parts.b = weight_of(at::randn({out, rank}), true);
  parts.lora = std::make_unique<LoraLinear>(std::make_unique<DenseLinear>(parts.w, parts.bias), parts.a, parts.b,
                                            "model.layers.0.self_attn.q_proj", options);
  return parts;
}

double largest(const at::Tensor& tensor) { return tensor.abs().max().item<double>(); }

/// The same sum, in double, by loops.
at::Tensor by_loops(const Parts& parts, const at::Tensor& x, double scale) {
  const auto w = parts.w->value.to(at::kDouble), a = parts.a->value.detach().to(at::kDouble);
  const auto b = parts.b->value.detach().to(at::kDouble), bias = parts.bias->value.to(at::kDouble);
  const auto xd = x.to(at::kDouble);
  at::Tensor y = at::empty({x.size(0), w.size(0)}, at::kDouble);
  for (std::int64_t t = 0; t < x.size(0); ++t)
    for (std::int64_t o = 0; o < w.size(0); ++o) {
      double sum = bias.accessor<double, 1>()[o];
      for (std::int64_t i = 0; i < x.size(1); ++i) {
        double matrix = w.accessor<double, 2>()[o][i];
        for (std::int64_t r = 0; r < a.size(0); ++r)
          matrix += scale * b.accessor<double, 2>()[o][r] * a.accessor<double, 2>()[r][i];
        sum += matrix * xd.accessor<double, 2>()[t][i];
      }
      y.accessor<double, 2>()[t][o] = sum;
    }
  return y;
}

}  // namespace

TEST_CASE("a linear part with LoRA multiplies with W plus the scaled product of B and A") {
  Parts parts = parts_of(6, 5, 2, {.scale = 1.5});
  const at::Tensor x = at::randn({4, 6});
  const at::Tensor expected = by_loops(parts, x, 1.5);
  const at::Tensor y = parts.lora->forward(x, {});
  CHECK(y.scalar_type() == at::kFloat);
  CHECK(largest(y - expected) < 1e-5 * largest(expected));
  // The dense form is the same matrix.
  const at::Tensor dense = at::linear(x, parts.lora->dense_weight(), parts.lora->bias()->value);
  CHECK(largest(dense - expected) < 1e-5 * largest(expected));
}

TEST_CASE("gradients of a linear part with LoRA reach x, A and B and never the frozen matrix") {
  Parts parts = parts_of(6, 5, 2, {.scale = 1.5});
  at::Tensor x = at::randn({4, 6}).requires_grad_(true);
  parts.lora->forward(x, {}).square().sum().backward();
  CHECK_FALSE(parts.w->value.grad().defined());
  CHECK_FALSE(parts.bias->value.grad().defined());
  // Central differences of the sum in double.
  const auto loss = [&] { return by_loops(parts, x.detach(), 1.5).square().sum().item<double>(); };
  for (const at::Tensor& leaf : {parts.a->value, parts.b->value, x}) {
    at::Tensor flat = leaf.detach().view(-1);
    for (std::int64_t i = 0; i < flat.numel(); i += 3) {
      const float before = flat.accessor<float, 1>()[i];
      const float step = 1.0F / 64;
      flat.accessor<float, 1>()[i] = before + step;
      const double up = loss();
      flat.accessor<float, 1>()[i] = before - step;
      const double down = loss();
      flat.accessor<float, 1>()[i] = before;
      // A sum of squares of something linear in the leaf: central differences are exact but for rounding.
      const double expected = (up - down) / (2 * static_cast<double>(step));
      const double actual = leaf.grad().view(-1)[i].item<double>();
      CHECK(std::abs(actual - expected) < 1e-4 * (std::abs(expected) + 1));
    }
  }
}

TEST_CASE("in bfloat16 a linear part with LoRA gives bfloat16 and float32 gradients") {
  Parts parts = parts_of(64, 32, 4, {.scale = 2}, at::kBFloat16);
  const at::Tensor x = at::randn({8, 64}).to(at::kBFloat16);
  const at::Tensor y = parts.lora->forward(x, {});
  CHECK(y.scalar_type() == at::kBFloat16);
  const at::Tensor expected = by_loops(parts, x, 2);
  CHECK(largest(y - expected) < 0.02 * largest(expected));
  y.to(at::kFloat).square().sum().backward();
  CHECK(parts.a->value.grad().scalar_type() == at::kFloat);
  CHECK(parts.b->value.grad().scalar_type() == at::kFloat);
}

TEST_CASE("LoRA dropout needs randomness, and draws the same for the same place and step") {
  Parts parts = parts_of(64, 32, 4, {.scale = 2, .dropout = 0.5});
  const Parts other = [] {
    Parts made = parts_of(64, 32, 4, {.scale = 2, .dropout = 0.5});
    made.lora = std::make_unique<LoraLinear>(std::make_unique<DenseLinear>(made.w, made.bias), made.a, made.b,
                                             "model.layers.1.self_attn.q_proj",
                                             LoraLinear::Options{.scale = 2, .dropout = 0.5});
    return made;
  }();
  const at::Tensor x = at::randn({8, 64});
  const at::Tensor plain = parts.lora->forward(x, {});
  CHECK(largest(plain - by_loops(parts, x, 2)) < 1e-5 * largest(plain));

  const Randomness first{.seed = 3, .step = 10}, second{.seed = 3, .step = 11};
  const ForwardMode mode{.randomness = &first}, next{.randomness = &second};
  const at::Tensor dropped = parts.lora->forward(x, mode);
  CHECK_FALSE(at::equal(dropped, plain));
  CHECK(at::equal(dropped, parts.lora->forward(x, mode)));
  CHECK_FALSE(at::equal(dropped, parts.lora->forward(x, next)));
  CHECK_FALSE(at::equal(dropped, other.lora->forward(x, mode)));
}

TEST_CASE("LoRA dropout keeps the expectation") {
  // The update alone, with A = B = 1 and inputs of 1: each of the 200 x 500 numbers is kept with chance 0.9 and then
  // counts 1 / 0.9. The mean of n of them lies within 5 standard deviations, sqrt(0.1 / 0.9 / n), of 1.
  const std::int64_t rows = 200, in = 500;
  auto base = std::make_unique<DenseLinear>(weight_of(at::zeros({1, in})), nullptr);
  LoraLinear lora(std::move(base), weight_of(at::ones({1, in}), true), weight_of(at::ones({1, 1}), true), "slot",
                  {.scale = 1, .dropout = 0.1});
  const Randomness randomness;
  const at::Tensor y = lora.forward(at::ones({rows, in}), {.randomness = &randomness});
  const double mean = y.mean().item<double>() / in;
  const double deviation = std::sqrt(0.1 / 0.9 / static_cast<double>(rows * in));
  CHECK(std::abs(mean - 1) < 5 * deviation);
  CHECK(y.std().item<double>() > 0);
}

TEST_CASE("LoRA dropout of 1 leaves the base alone and gives finite gradients") {
  Parts parts = parts_of(6, 5, 2, {.scale = 1.5, .dropout = 1});
  const Randomness randomness;
  const at::Tensor x = at::randn({4, 6});
  const at::Tensor y = parts.lora->forward(x, {.randomness = &randomness});
  CHECK(at::equal(y, at::linear(x, parts.w->value, parts.bias->value)));
  y.square().sum().backward();
  CHECK(largest(parts.a->value.grad()) == 0);
  CHECK(largest(parts.b->value.grad()) == 0);
}

TEST_CASE("an inactive LoRA part is its base, bit for bit") {
  Parts parts = parts_of(6, 5, 2, {.scale = 1.5});
  const at::Tensor x = at::randn({4, 6});
  parts.lora->set_active(false);
  CHECK(at::equal(parts.lora->forward(x, {}), at::linear(x, parts.w->value, parts.bias->value)));
  CHECK(at::equal(parts.lora->dense_weight(), parts.w->value));
}

TEST_CASE("a LoRA part shows its base's weights under their own names, then its own") {
  Parts parts = parts_of(6, 5, 2, {});
  std::vector<std::string> names;
  parts.lora->visit("q_proj.", [&](const std::string& name, const WeightPtr&) { names.push_back(name); });
  CHECK(names ==
        std::vector<std::string>{"q_proj.weight", "q_proj.bias", "q_proj.lora_A.weight", "q_proj.lora_B.weight"});
}

TEST_CASE("a trained copy remembers what it was, and is a float32 leaf of its own") {
  Weight weight;
  weight.value = at::ones({3}, at::kBFloat16);
  const at::Tensor before = weight.value;
  set_trained_copy(weight);
  CHECK(weight.is_trained);
  CHECK(weight.value.requires_grad());
  CHECK(weight.value.scalar_type() == at::kFloat);
  CHECK(weight.base.is_same(before) == false);  // detached, but the same memory
  CHECK(weight.base.data_ptr() == before.data_ptr());
  Weight single;
  single.value = at::ones({3});
  set_trained_copy(single);
  CHECK(single.value.data_ptr() != single.base.data_ptr());
  set_frozen(single);
  CHECK_FALSE(single.value.requires_grad());
  CHECK_FALSE(single.is_trained);
}
