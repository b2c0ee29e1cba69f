// The head and its loss in one against the same in double by libtorch's operations, on every instruction set, with its
// gradients; ties, and logits that no exponential holds.
#include <cmath>
#include <cstdint>
#include <vector>

#include "engine/kernel_sets.hpp"
#include "engine/kernels/fused.hpp"
#include "engine/kernels/head.hpp"
#include "engine/model_support.hpp"
#include "engine/objectives/head_loss.hpp"
#include "engine/torch.hpp"
#include "forgelm/core/text.hpp"

#include <torch/csrc/autograd/autograd.h>

using namespace forgelm;
using namespace forgelm::engine;
using namespace forgelm::test;

namespace {

struct Case {
  std::int64_t count, size, vocabulary;
};

struct Results {
  at::Tensor losses, is_correct, x, weight;
};

Results in_double(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& targets) {
  const at::Tensor wide_x = x.to(at::kDouble).requires_grad_(), wide_weight = weight.to(at::kDouble).requires_grad_();
  const at::Tensor logits = at::matmul(wide_x, wide_weight.t());
  const at::Tensor losses = -at::log_softmax(logits, -1).gather(1, targets.unsqueeze(1)).squeeze(1);
  const auto gradients = torch::autograd::grad({losses.sum()}, {wide_x, wide_weight});
  return {losses.detach(), logits.argmax(-1).eq(targets).to(at::kLong), gradients[0], gradients[1]};
}

/// By one set of kernels, in two chunks of different sizes when there are rows enough.
Results by_kernels(const HeadKernels& kernels, const at::Tensor& x, const at::Tensor& weight,
                   const at::Tensor& targets) {
  const std::int64_t count = x.size(0), size = x.size(1), vocabulary = weight.size(0);
  Results out = {at::empty({count}), at::empty_like(targets), at::empty_like(x), at::zeros_like(weight)};
  const std::int64_t first = count > 3 ? count / 3 : count;
  for (std::int64_t begin = 0; begin < count; begin += begin == 0 ? first : count) {
    const HeadShape shape = {begin == 0 ? first : count - first, size, vocabulary};
    at::Tensor scratch = at::full({kernels.numbers(shape)}, std::nan(""), at::kFloat);
    const HeadTensors tensors = {weight.const_data_ptr<float>(),
                                 x.const_data_ptr<float>() + begin * size,
                                 targets.const_data_ptr<std::int64_t>() + begin,
                                 out.losses.mutable_data_ptr<float>() + begin,
                                 out.is_correct.mutable_data_ptr<std::int64_t>() + begin,
                                 out.x.mutable_data_ptr<float>() + begin * size};
    float* memory = scratch.mutable_data_ptr<float>();
    kernels.loss(shape, tensors, memory);
    if (size % 16 != 0) continue;
    kernels.prepare_weight_gradient(shape, tensors, memory);
    const std::int64_t middle = vocabulary / 2;
    float* gradient = out.weight.mutable_data_ptr<float>();
    kernels.add_weight_gradient(shape, tensors, memory, gradient, 0, middle);
    kernels.add_weight_gradient(shape, tensors, memory, gradient, middle, vocabulary);
  }
  return out;
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b).abs().max().item<double>();
}

}  // namespace

TEST_CASE("the head in one gives the losses and gradients in double, on every instruction set") {
  for (const CpuKernels* set : kernel_sets())
    for (const Case& which : {Case{1, 1, 2}, Case{2, 3, 5}, Case{7, 8, 127}, Case{16, 16, 128}, Case{17, 32, 129},
                              Case{40, 48, 300}, Case{33, 20, 513}, Case{65, 64, 1000}}) {
      INFO(cat(set->name, ": ", which.count, " rows of ", which.size, ", vocabulary ", which.vocabulary));
      at::manual_seed(static_cast<std::uint64_t>(which.count));
      const at::Tensor x = at::randn({which.count, which.size}), weight = at::randn({which.vocabulary, which.size}),
                       targets = at::randint(which.vocabulary, {which.count}, at::kLong);
      const Results actual = by_kernels(set->head, x, weight, targets), expected = in_double(x, weight, targets);
      CHECK(difference(actual.losses, expected.losses) <= 2e-5);
      CHECK(at::equal(actual.is_correct, expected.is_correct));
      CHECK(difference(actual.x, expected.x) <= 2e-5);
      if (which.size % 16 == 0) CHECK(difference(actual.weight, expected.weight) <= 2e-5);
    }
}

TEST_CASE("of equal largest logits the first counts, and large logits give no infinity") {
  for (const CpuKernels* set : kernel_sets()) {
    INFO(set->name);
    at::Tensor weight = at::zeros({300, 16});
    weight.select(0, 5).fill_(100);
    weight.select(0, 290).fill_(100);
    weight.select(0, 7).fill_(-100);
    const at::Tensor x = at::ones({3, 16}), targets = at::tensor(at::ArrayRef<std::int64_t>({5, 290, 7}), at::kLong);
    const Results actual = by_kernels(set->head, x, weight, targets), expected = in_double(x, weight, targets);
    CHECK(actual.is_correct[0].item<std::int64_t>() == 1);
    CHECK(actual.is_correct[1].item<std::int64_t>() == 0);
    CHECK(difference(actual.losses, expected.losses) <= 1e-3);  // 3200 + ln 2
    CHECK(difference(actual.x, expected.x) <= 1e-3);
  }
}

TEST_CASE("the loss of rows does not depend on threads, with the matrix's gradient to rounding") {
  at::manual_seed(3);
  const std::int64_t count = 500, size = 48, vocabulary = 700;
  const at::Tensor x = at::randn({count, size}), weight = at::randn({vocabulary, size}),
                   targets = at::randint(vocabulary, {count}, at::kLong);
  const auto run = [&](int num_threads) {
    const int before = at::get_num_threads();
    at::set_num_threads(num_threads);
    Results out = {at::empty({count}), at::empty_like(targets), at::empty_like(x), at::zeros_like(weight)};
    fused_head_loss(x, weight, targets, out.losses, out.is_correct, {out.x, out.weight});
    at::set_num_threads(before);
    return out;
  };
  const Results one = run(1), two = run(2), expected = in_double(x, weight, targets);
  CHECK(at::equal(one.losses, two.losses));
  CHECK(at::equal(one.x, two.x));
  CHECK(difference(one.losses, expected.losses) <= 2e-5);
  CHECK(difference(one.weight, expected.weight) <= 5e-5);
  CHECK(difference(two.weight, expected.weight) <= 5e-5);
}
