// Attention in blocks against attention as it is written down: each instruction set's kernels against libtorch's
// operations in double on the same numbers, gradients against finite differences in double, and whole rows of sequences
// through attend() with and without the fused form.
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/kernel_sets.hpp"
#include "engine/kernels/attention.hpp"
#include "engine/kernels/fused.hpp"
#include "engine/model_support.hpp"
#include "engine/nn/attend.hpp"
#include "engine/torch.hpp"
#include "forgelm/core/text.hpp"
#include "kernels/attention_case.hpp"

#include <torch/csrc/autograd/autograd.h>

using namespace forgelm;
using namespace forgelm::engine;
using namespace forgelm::test;

namespace {

using Case = AttentionCase;

/// Borders of vectors, panels, tiles of rows, and blocks of queries and keys; groups; windows inside, at and over
/// blocks.
const Case kCases[] = {
    {1, 1, 1, 1, 0},      {2, 2, 1, 3, 0},     {7, 1, 1, 8, 0},      {17, 2, 2, 16, 0},    {47, 1, 1, 24, 0},
    {48, 2, 1, 48, 0},    {49, 3, 1, 40, 0},   {128, 1, 1, 64, 0},   {129, 2, 1, 20, 0},   {200, 4, 2, 48, 0},
    {300, 1, 1, 80, 0},   {257, 2, 2, 12, 0},  {9, 1, 1, 8, 1},      {60, 2, 1, 16, 5},    {130, 1, 1, 24, 48},
    {300, 2, 1, 32, 129}, {300, 1, 1, 8, 128}, {270, 1, 1, 33, 200}, {140, 1, 1, 128, 0},  {64, 1, 1, 256, 0},
    {365, 4, 2, 8, 0},    {97, 2, 2, 9, 0},    {150, 1, 1, 4, 0},    {333, 2, 1, 16, 100}, {100, 3, 1, 8, 17},
};

/// As written down: softmax(q k^T * scale, of what is seen) v, in the numbers' own type. q [T, H, K].
at::Tensor written_down(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, std::int64_t window,
                        double scale) {
  const std::int64_t length = q.size(0), group = q.size(1) / k.size(1);
  const auto heads = [](const at::Tensor& x) { return x.transpose(0, 1); };
  const at::Tensor keys = heads(k).repeat_interleave(group, 0), values = heads(v).repeat_interleave(group, 0);
  const at::Tensor mask = make_window_mask(length, window > 0 ? window : length, q.options().requires_grad(false));
  const at::Tensor weights = at::softmax(at::matmul(heads(q), keys.transpose(1, 2)) * scale + mask, -1);
  return at::matmul(weights, values).transpose(0, 1);
}

struct Numbers {
  at::Tensor q, k, v, above;
};

Numbers numbers_of(const Case& which, at::ScalarType type) {
  at::manual_seed(static_cast<std::uint64_t>(which.length * 131 + which.size));
  const auto random = [&](std::int64_t heads) { return at::randn({which.length, heads, which.size}).to(type); };
  return {random(which.num_heads) * 2, random(which.num_key_heads) * 2, random(which.num_key_heads),
          random(which.num_heads)};
}

struct Results {
  at::Tensor y, q, k, v;
};

/// The same through one set of kernels, on one thread.
template <class T>
Results by_kernels(const AttentionKernels<T>& kernels, const Case& which, const Numbers& in, double scale) {
  const AttentionShape shape = {which.length,
                                which.size,
                                which.num_heads * which.size,
                                which.num_key_heads * which.size,
                                static_cast<float>(scale),
                                which.window};
  const auto p = [](const at::Tensor& tensor, std::int64_t at = 0) { return static_cast<T*>(tensor.data_ptr()) + at; };
  Results out = {at::empty_like(in.q), at::empty_like(in.q), at::empty_like(in.k), at::empty_like(in.v)};
  at::Tensor log_sums = at::empty({which.num_heads, which.length}, at::kFloat);
  // What the kernels do not write must not matter.
  const auto memory = [](std::int64_t count) { return at::full({count}, std::nan(""), at::kFloat); };
  at::Tensor packed = memory(kernels.key_numbers(which.length, which.size)),
             forward = memory(kernels.forward_numbers(which.size)),
             backward = memory(kernels.backward_numbers(which.length, which.size));
  const auto f = [](at::Tensor& tensor) { return tensor.mutable_data_ptr<float>(); };
  const std::int64_t group = which.num_heads / which.num_key_heads;
  for (std::int64_t head = 0; head < which.num_heads; ++head) {
    const std::int64_t key_at = head / group * which.size;
    kernels.pack_keys(shape, p(in.k, key_at), p(in.v, key_at), f(packed));
    for (std::int64_t query = 0; query < which.length; query += kernels.query_block)
      kernels.forward(shape, f(packed), p(in.q, head * which.size), p(out.y, head * which.size),
                      f(log_sums) + head * which.length, query, std::min(kernels.query_block, which.length - query),
                      f(forward));
  }
  for (std::int64_t head = 0; head < which.num_key_heads; ++head) {
    const std::int64_t at = head * group * which.size, key_at = head * which.size;
    kernels.backward(
        shape,
        {p(in.q, at), p(in.k, key_at), p(in.v, key_at), p(out.y, at), p(in.above, at),
         f(log_sums) + head * group * which.length, which.length, p(out.q, at), p(out.k, key_at), p(out.v, key_at)},
        group, f(backward));
  }
  return out;
}

Results in_double(const Case& which, const Numbers& in, double scale) {
  const auto leaf = [](const at::Tensor& x) { return x.to(at::kDouble).requires_grad_(); };
  const at::Tensor q = leaf(in.q), k = leaf(in.k), v = leaf(in.v);
  const at::Tensor y = written_down(q, k, v, which.window, scale);
  const auto gradients = torch::autograd::grad({y}, {q, k, v}, {in.above.to(at::kDouble)});
  return {y, gradients[0], gradients[1], gradients[2]};
}

template <class T>
void check_kernels(const AttentionKernels<T>& kernels, at::ScalarType type, double tolerance) {
  for (const Case& which : kCases) {
    INFO(which.name());
    const Numbers in = numbers_of(which, type);
    const double scale = 1 / std::sqrt(static_cast<double>(which.size));
    const Results actual = by_kernels(kernels, which, in, scale), expected = in_double(which, in, scale);
    // Of a single token the gradients of q and k are zero: what is compared is a share of the gradient from above.
    const auto difference = [&](const at::Tensor& a, const at::Tensor& b) {
      const double largest =
          std::max(b.abs().max().item<double>(), in.above.to(at::kDouble).abs().max().item<double>());
      return (a.to(at::kDouble) - b).abs().max().item<double>() / largest;
    };
    CHECK(difference(actual.y, expected.y) <= tolerance);
    CHECK(difference(actual.q, expected.q) <= tolerance);
    CHECK(difference(actual.k, expected.k) <= tolerance);
    CHECK(difference(actual.v, expected.v) <= tolerance);
  }
}

}  // namespace

TEST_CASE("attention in blocks gives the values and gradients in double, on every instruction set") {
  for (const CpuKernels* set : kernel_sets()) {
    INFO(set->name);
    check_kernels(set->attention_float32, at::kFloat, 5e-6);
    check_kernels(set->attention_bfloat16, at::kBFloat16, 1.5e-2);  // half a unit of bfloat16 is 4e-3
  }
}

TEST_CASE("the gradients of attention in blocks are those of finite differences in double") {
  const Case which = {11, 2, 1, 5, 4};
  const double scale = 0.4, step = 1e-6;
  const Numbers in = numbers_of(which, at::kFloat);
  for (const CpuKernels* set : kernel_sets()) {
    INFO(set->name);
    const Results actual = by_kernels(set->attention_float32, which, in, scale);
    const at::Tensor wide[3] = {in.q.to(at::kDouble), in.k.to(at::kDouble), in.v.to(at::kDouble)};
    const at::Tensor gradients[3] = {actual.q, actual.k, actual.v};
    const auto value = [&] {
      return (written_down(wide[0], wide[1], wide[2], which.window, scale) * in.above.to(at::kDouble))
          .sum()
          .item<double>();
    };
    for (int which_input = 0; which_input < 3; ++which_input) {
      double* numbers = wide[which_input].data_ptr<double>();
      for (std::int64_t i = 0; i < wide[which_input].numel(); ++i) {
        const double before = numbers[i];
        numbers[i] = before + step;
        const double above = value();
        numbers[i] = before - step;
        const double slope = (above - value()) / (2 * step);
        numbers[i] = before;
        CHECK(std::abs(gradients[which_input].const_data_ptr<float>()[i] - slope) <= 2e-5);
      }
    }
  }
}

TEST_CASE("scores too large for an exponential, and windows that leave a block unseen, give no NaN") {
  const Case which = {200, 1, 1, 8, 3};
  for (const CpuKernels* set : kernel_sets()) {
    INFO(set->name);
    Numbers in = numbers_of(which, at::kFloat);
    in.q.mul_(300);
    in.k.mul_(300);
    const Results actual = by_kernels(set->attention_float32, which, in, 1.0), expected = in_double(which, in, 1.0);
    CHECK((actual.y.to(at::kDouble) - expected.y).abs().max().item<double>() <= 1e-3);
    CHECK(at::isfinite(actual.q).all().item<bool>());
    CHECK(at::isfinite(actual.k).all().item<bool>());
  }
}

TEST_CASE("attend() over a row of sequences is the same with the fused form and without, for any number of threads") {
  const std::vector<std::int32_t> starts = {0, 1, 40, 41, 300, 420};
  for (const std::int64_t window : {std::int64_t{0}, std::int64_t{30}})
    for (const std::int64_t num_key_heads : {1, 2, 4}) {
      INFO(cat("window ", window, ", ", num_key_heads, " heads of keys"));
      at::manual_seed(11);
      Row row;
      row.starts = starts;
      if (window > 0) {
        row.window = window;
        row.window_mask_SS = make_window_mask(259, window, at::kFloat);
      }
      const auto leaf = [&](std::int64_t heads) { return at::randn({420, heads, 16}).requires_grad_(); };
      const at::Tensor q = leaf(4), k = leaf(num_key_heads), v = leaf(num_key_heads), above = at::randn({420, 4, 16});
      const auto results = [&] {
        const at::Tensor y = attend(q, k, v, row, 0.25, {});
        auto all = torch::autograd::grad({y}, {q, k, v}, {above});
        all.push_back(y.detach());
        return all;
      };
      const auto fused = results();
      const int num_threads = at::get_num_threads();
      at::set_num_threads(num_threads == 1 ? 2 : 1);
      const auto on_others = results();
      at::set_num_threads(num_threads);
      const ComposedForms composed;
      const auto expected = results();
      for (std::size_t i = 0; i < expected.size(); ++i) {
        CHECK((fused[i] - expected[i]).abs().max().item<double>() <= 2e-5);
        CHECK(at::equal(fused[i], on_others[i]));
      }
    }
}
