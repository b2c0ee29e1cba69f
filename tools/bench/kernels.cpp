// Each fused form of the engine beside the composed one that it replaces, forward and backward, and what the machine
// can do at best: a copy of memory, a product of large matrices. Google Benchmark; --benchmark_filter chooses. GB/s
// counts what a form must read and write at least, GFLOP/s the products that the mathematics needs.
#include <benchmark/benchmark.h>

#include <cmath>
#include <memory>
#include <optional>
#include <vector>

#include "engine/adapters/lora_linear.hpp"
#include "engine/kernels/fused.hpp"
#include "engine/kernels/head.hpp"
#include "engine/nn/attend.hpp"
#include "engine/nn/linear.hpp"
#include "engine/nn/mlp.hpp"
#include "engine/nn/norm.hpp"
#include "engine/nn/rotary.hpp"
#include "engine/torch.hpp"

#include <torch/csrc/autograd/autograd.h>

namespace {

using namespace forgelm;
using namespace forgelm::engine;

constexpr std::int64_t kTokens = 2048, kWidth = 288, kInner = 768, kHeads = 6, kHeadSize = 48, kVocabulary = 32000;

/// Which form runs: benchmark argument 0.
enum Form : std::int64_t { composed, fused };

std::unique_ptr<ComposedForms> form_of(const benchmark::State& state) {
  return state.range(0) == composed ? std::make_unique<ComposedForms>() : nullptr;
}

at::Tensor leaf(at::IntArrayRef shape) { return at::randn(shape).requires_grad_(); }

void count(benchmark::State& state, double giga_bytes, double giga_flop) {
  const auto rate = [](double amount) {
    return benchmark::Counter(amount, benchmark::Counter::kIsIterationInvariantRate);
  };
  if (giga_bytes > 0) state.counters["GB/s"] = rate(giga_bytes);
  if (giga_flop > 0) state.counters["GFLOP/s"] = rate(giga_flop);
  state.SetLabel(state.range(0) == composed ? "composed" : "fused");
}

/// Forward and backward of what `forward` computes from `inputs`.
template <class Forward>
void run_both_ways(benchmark::State& state, const std::vector<at::Tensor>& inputs, Forward forward) {
  const auto guard = form_of(state);
  const at::Tensor above = at::randn_like(forward().detach());
  for (auto _ : state) benchmark::DoNotOptimize(torch::autograd::grad({forward()}, inputs, {above}));
}

double giga(double number) { return number * 1e-9; }

void norm(benchmark::State& state) {
  const at::Tensor x = leaf({kTokens, kWidth});
  auto weight = std::make_shared<Weight>();
  weight->value = at::ones({kWidth});
  RmsNorm part(weight, 1e-5);
  run_both_ways(state, {x}, [&] { return part.forward(x); });
  count(state, giga(5.0 * 4 * kTokens * kWidth), 0);  // x, y; x, above, its gradient
}
BENCHMARK(norm)->Arg(composed)->Arg(fused)->UseRealTime()->Unit(benchmark::kMillisecond);

void swiglu(benchmark::State& state) {
  const at::Tensor gate = leaf({kTokens, kInner}), up = leaf({kTokens, kInner});
  run_both_ways(state, {gate, up}, [&] {
    return can_fuse({&gate, &up}) ? fused_swiglu(gate, up) : at::silu(gate) * up;
  });
  count(state, giga(8.0 * 4 * kTokens * kInner), 0);
}
BENCHMARK(swiglu)->Arg(composed)->Arg(fused)->UseRealTime()->Unit(benchmark::kMillisecond);

void rotation(benchmark::State& state) {
  const at::Tensor x = leaf({kTokens, kHeads, kHeadSize});
  Row row;
  row.cos_T1K = at::rand({kTokens, 1, kHeadSize});
  row.sin_T1K = at::rand({kTokens, 1, kHeadSize});
  run_both_ways(state, {x}, [&] { return rotate(x, row); });
  count(state, giga(4.0 * 4 * kTokens * kHeads * kHeadSize), 0);
}
BENCHMARK(rotation)->Arg(composed)->Arg(fused)->UseRealTime()->Unit(benchmark::kMillisecond);

/// Arguments: form, tokens of a sequence, heads of keys.
void attention(benchmark::State& state) {
  const std::int64_t length = state.range(1);
  Row row;
  row.starts = {0};
  while (row.starts.back() < kTokens) row.starts.push_back(static_cast<std::int32_t>(row.starts.back() + length));
  const at::Tensor q = leaf({kTokens, kHeads, kHeadSize}), k = leaf({kTokens, state.range(2), kHeadSize}),
                   v = leaf({kTokens, state.range(2), kHeadSize});
  run_both_ways(state, {q, k, v}, [&] { return attend(q, k, v, row, 1 / std::sqrt(48.0), {}); });
  count(state, 0, giga(7.0 * kTokens * static_cast<double>(length) * kHeads * kHeadSize));  // the half that is seen
}
BENCHMARK(attention)
    ->ArgsProduct({{composed, fused}, {128, 512, 2048}, {kHeads}})
    ->ArgsProduct({{composed, fused}, {512}, {2}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

/// Heads of 8 numbers (two query heads to a key), whose scores stay in registers. Arguments: form, tokens of a
/// sequence.
void attention_of_small_heads(benchmark::State& state) {
  const std::int64_t length = state.range(1), heads = 8, size = 8, tokens = kTokens / length * length;
  Row row;
  row.starts = {0};
  while (row.starts.back() < tokens) row.starts.push_back(static_cast<std::int32_t>(row.starts.back() + length));
  const at::Tensor q = leaf({tokens, heads, size}), k = leaf({tokens, heads / 2, size}),
                   v = leaf({tokens, heads / 2, size});
  run_both_ways(state, {q, k, v}, [&] { return attend(q, k, v, row, 1 / std::sqrt(8.0), {}); });
  count(state, 0, giga(7.0 * static_cast<double>(tokens * length * heads * size)));
}
BENCHMARK(attention_of_small_heads)
    ->ArgsProduct({{composed, fused}, {128, 365}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void head_and_loss(benchmark::State& state) {
  const at::Tensor x = at::randn({kTokens, kWidth}), weight = at::randn({kVocabulary, kWidth}) * 0.02,
                   targets = at::randint(kVocabulary, {kTokens}, at::kLong);
  const at::Tensor losses = at::empty({kTokens}), is_correct = at::empty_like(targets), gradient = at::empty_like(x);
  for (auto _ : state) {
    if (state.range(0) == fused) {
      fused_head_loss(x, weight, targets, losses, is_correct, {gradient, {}});
    } else {
      const at::Tensor own = x.detach().requires_grad_();
      const at::Tensor loss = at::cross_entropy_loss(at::linear(own, weight), targets, {}, at::Reduction::Sum);
      benchmark::DoNotOptimize(torch::autograd::grad({loss}, {own}));
    }
  }
  count(state, 0, giga(4.0 * kTokens * kWidth * kVocabulary));
}
BENCHMARK(head_and_loss)->Arg(composed)->Arg(fused)->UseRealTime()->Unit(benchmark::kMillisecond);

void lora(benchmark::State& state) {
  const auto weight_of = [](const at::Tensor& value, bool is_trained) {
    auto weight = std::make_shared<Weight>();
    weight->value = value;
    if (is_trained) set_trained(*weight);
    return weight;
  };
  const WeightPtr base = weight_of(at::randn({kInner, kWidth}), false), a = weight_of(at::randn({16, kWidth}), true),
                  b = weight_of(at::randn({kInner, 16}), true);
  LoraLinear part(std::make_unique<DenseLinear>(base, nullptr), a, b, "slot", {});
  const at::Tensor x = leaf({kTokens, kWidth});
  run_both_ways(state, {x, a->value, b->value}, [&] {
    if (state.range(0) == fused) return part.forward(x, {});
    return add_lora_update(at::linear(x, base->value), x, a->value, b->value, 1);
  });
  count(state, 0, giga(4.0 * kTokens * kWidth * kInner + 12.0 * kTokens * 16 * (kWidth + kInner) / 2));
}
BENCHMARK(lora)->Arg(composed)->Arg(fused)->UseRealTime()->Unit(benchmark::kMillisecond);

void limit_of_memory(benchmark::State& state) {
  const at::Tensor from = at::randn({1 << 24}), to = at::empty_like(from);
  for (auto _ : state) to.copy_(from);
  state.counters["GB/s"] = benchmark::Counter(giga(2.0 * 4 * (1 << 24)), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(limit_of_memory)->UseRealTime()->Unit(benchmark::kMillisecond);

void limit_of_products(benchmark::State& state) {
  const at::Tensor a = at::randn({2048, 2048}), b = at::randn({2048, 2048});
  for (auto _ : state) benchmark::DoNotOptimize(at::mm(a, b));
  state.counters["GFLOP/s"] =
      benchmark::Counter(giga(2.0 * 2048 * 2048 * 2048), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(limit_of_products)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
