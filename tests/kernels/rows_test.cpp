// Norms, SwiGLU, rotations and the loss of every instruction set that the machine has, in float32 and bfloat16, against
// the same in double: sizes with and without rests of vectors.
#include <cstdint>
#include <type_traits>
#include <vector>

#include "engine/kernels/cpu/sets.hpp"
#include "forgelm/core/text.hpp"
#include "kernels/numbers.hpp"

using namespace forgelm;
using namespace forgelm::engine;
using namespace forgelm::test;

namespace {

using Doubles = std::vector<double>;

constexpr std::int64_t kSizes[] = {1, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 64, 100, 288, 1000};
constexpr float kEpsilon = 1e-5f;

/// Largest share of the largest number that a result may be away: float32 sums of up to 1,000 terms, or half a unit in
/// the last place of bfloat16 twice.
template <class T>
constexpr double kTolerance = std::is_same_v<T, float> ? 4e-6 : 8e-3;

Doubles zeros(std::int64_t count) { return Doubles(static_cast<std::size_t>(count)); }
std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

template <class T>
void check_norm(const RowKernels<T>& kernels, std::int64_t rows, std::int64_t size) {
  std::mt19937 random(static_cast<std::uint32_t>(size));
  const auto x = random_numbers<T>(random, rows * size), weight = random_numbers<T>(random, size),
             above = random_numbers<T>(random, rows * size);
  Fenced<T> y(rows * size), x_gradient(rows * size);
  Fenced<float> scales(rows), weight_gradient(size);
  std::fill_n(weight_gradient.data(), size, 0.5f);
  // In two parts, as two threads have them.
  const std::int64_t middle = rows / 2;
  for (const auto& [begin, end] : {std::pair{std::int64_t{0}, middle}, std::pair{middle, rows}}) {
    kernels.norm_forward(x.data(), weight.data(), y.data(), scales.data(), begin, end, size, kEpsilon);
    kernels.norm_backward(above.data(), x.data(), weight.data(), scales.data(), x_gradient.data(),
                          weight_gradient.data(), begin, end, size);
  }
  Doubles expected_y = zeros(rows * size), expected_x = expected_y, expected_weight(at(size), 0.5);
  for (std::int64_t row = 0; row < rows; ++row) {
    double squares = 0, products = 0;
    for (std::int64_t i = 0; i < size; ++i) squares += x[row * size + i] * x[row * size + i];
    const double scale = 1 / std::sqrt(squares / static_cast<double>(size) + static_cast<double>(kEpsilon));
    for (std::int64_t i = row * size; i < (row + 1) * size; ++i) products += above[i] * weight[i - row * size] * x[i];
    for (std::int64_t i = 0; i < size; ++i) {
      const std::int64_t k = row * size + i;
      expected_y[at(k)] = x[k] * scale * weight[i];
      expected_x[at(k)] = scale * (above[k] * weight[i] - x[k] * products * scale * scale / static_cast<double>(size));
      expected_weight[at(i)] += above[k] * x[k] * scale;
    }
  }
  CHECK(difference_of(y, expected_y).largest <= kTolerance<T>);
  CHECK(difference_of(x_gradient, expected_x, 1).largest <= kTolerance<T>);
  CHECK(difference_of(weight_gradient, expected_weight, 1).largest <= kTolerance<float>);
  CHECK((y.is_whole() && x_gradient.is_whole() && scales.is_whole() && weight_gradient.is_whole()));
}

template <class T>
void check_swiglu(const RowKernels<T>& kernels, std::int64_t count) {
  std::mt19937 random(static_cast<std::uint32_t>(count));
  auto gate = random_numbers<T>(random, count, 3);
  const auto up = random_numbers<T>(random, count), above = random_numbers<T>(random, count);
  if (count > 2) {
    gate.data()[0] = from_float<T>(-200);  // whose exponential no float32 holds
    gate.data()[1] = from_float<T>(200);
  }
  Fenced<T> y(count), gate_gradient(count), up_gradient(count);
  const std::int64_t middle = count / 3;
  for (const auto& [begin, end] : {std::pair{std::int64_t{0}, middle}, std::pair{middle, count}}) {
    kernels.swiglu_forward(gate.data(), up.data(), y.data(), begin, end);
    kernels.swiglu_backward(above.data(), gate.data(), up.data(), gate_gradient.data(), up_gradient.data(), begin, end);
  }
  Doubles expected_y = zeros(count), expected_gate = expected_y, expected_up = expected_y;
  for (std::int64_t i = 0; i < count; ++i) {
    const double g = gate[i], s = 1 / (1 + std::exp(-g));
    expected_y[at(i)] = g * s * up[i];
    expected_gate[at(i)] = above[i] * up[i] * s * (1 + g * (1 - s));
    expected_up[at(i)] = above[i] * g * s;
  }
  // Numbers of all sizes stand beside each other: each is compared by itself.
  const auto compare = [&](const Fenced<T>& actual, const Doubles& expected) {
    for (std::int64_t i = 0; i < count; ++i)
      CHECK(std::abs(actual[i] - expected[at(i)]) <= kTolerance<T> * std::max(0.1, std::abs(expected[at(i)])));
    CHECK(actual.is_whole());
  };
  compare(y, expected_y);
  compare(gate_gradient, expected_gate);
  compare(up_gradient, expected_up);
}

template <class T>
void check_rotation(const RowKernels<T>& kernels, std::int64_t head_size, std::int64_t turned, float direction) {
  constexpr std::int64_t kTokens = 5, kHeads = 3;
  std::mt19937 random(static_cast<std::uint32_t>(head_size));
  const auto x = random_numbers<T>(random, kTokens * kHeads * head_size);
  auto cosines = random_numbers<T>(random, kTokens * turned), sines = random_numbers<T>(random, kTokens * turned);
  const std::int64_t half = turned / 2;
  for (std::int64_t token = 0; token < kTokens; ++token)
    for (std::int64_t i = 0; i < half; ++i) {
      cosines.data()[token * turned + half + i] = cosines.data()[token * turned + i];
      sines.data()[token * turned + half + i] = sines.data()[token * turned + i];
    }
  Fenced<T> y(x.count());
  for (const auto& [begin, end] : {std::pair{0, 2}, std::pair{2, 5}})
    kernels.rotate(x.data(), cosines.data(), sines.data(), y.data(), begin, end, kHeads, head_size, turned, direction);
  Doubles expected = zeros(x.count());
  for (std::int64_t token = 0; token < kTokens; ++token)
    for (std::int64_t head = 0; head < kHeads; ++head) {
      const std::int64_t start = (token * kHeads + head) * head_size;
      for (std::int64_t i = 0; i < head_size; ++i) expected[at(start + i)] = x[start + i];
      for (std::int64_t i = 0; i < half; ++i) {
        const double c = cosines[token * turned + i], s = sines[token * turned + i] * static_cast<double>(direction);
        expected[at(start + i)] = x[start + i] * c - x[start + half + i] * s;
        expected[at(start + half + i)] = x[start + half + i] * c + x[start + i] * s;
      }
    }
  CHECK(difference_of(y, expected).largest <= kTolerance<T>);
  CHECK(y.is_whole());
}

template <class T>
void check_cross_entropy(const RowKernels<T>& kernels, std::int64_t size) {
  constexpr std::int64_t kRows = 6;
  std::mt19937 random(static_cast<std::uint32_t>(size));
  auto logits = random_numbers<T>(random, kRows * size, 3);
  std::vector<std::int64_t> targets(at(kRows)), is_correct(at(kRows), -1);
  for (std::int64_t row = 0; row < kRows; ++row) targets[at(row)] = static_cast<std::int64_t>(random()) % size;
  // Of equals the first is the largest: the target of row 0 comes first, that of row 1 second.
  std::fill_n(logits.data(), size, from_float<T>(1.0f));
  targets[0] = 0;
  std::fill_n(logits.data() + size, size, from_float<T>(100.0f));
  targets[1] = size - 1;
  Doubles expected_losses = zeros(kRows), expected = zeros(kRows * size);
  std::vector<std::int64_t> expected_correct;
  for (std::int64_t row = 0; row < kRows; ++row) {
    double peak = logits[row * size], sum = 0;
    std::int64_t first = 0;
    for (std::int64_t i = 0; i < size; ++i)
      if (logits[row * size + i] > peak) {
        peak = logits[row * size + i];
        first = i;
      }
    for (std::int64_t i = 0; i < size; ++i)
      sum += expected[at(row * size + i)] = std::exp(logits[row * size + i] - peak);
    for (std::int64_t i = 0; i < size; ++i) expected[at(row * size + i)] /= sum;
    expected[at(row * size + targets[at(row)])] -= 1;
    expected_losses[at(row)] = std::log(sum) - (logits[row * size + targets[at(row)]] - peak);
    expected_correct.push_back(first == targets[at(row)] ? 1 : 0);
  }
  Fenced<float> losses(kRows);
  kernels.cross_entropy(logits.data(), targets.data(), losses.data(), is_correct.data(), 0, 2, size, true);
  kernels.cross_entropy(logits.data(), targets.data(), losses.data(), is_correct.data(), 2, kRows, size, true);
  CHECK(difference_of(losses, expected_losses, 1).largest <= 4e-6);
  CHECK(difference_of(logits, expected, 0.1).largest <= kTolerance<T>);
  CHECK(is_correct == expected_correct);
  CHECK((losses.is_whole() && logits.is_whole()));
}

template <class T>
void check(const RowKernels<T>& kernels) {
  for (const std::int64_t size : kSizes) {
    INFO(cat("rows of ", size));
    check_norm(kernels, 5, size);
    check_swiglu(kernels, size);
    check_cross_entropy(kernels, size);
  }
  for (const std::int64_t size : {2, 4, 8, 16, 24, 32, 48, 64, 80, 96, 128, 256})
    for (const std::int64_t turned : {size, size / 4 * 2}) {
      INFO(cat("heads of ", size, ", ", turned, " turned"));
      if (turned == 0) continue;
      check_rotation(kernels, size, turned, 1);
      check_rotation(kernels, size, turned, -1);
    }
}

void check(const CpuKernels& set) {
  check(set.float32);
  check(set.bfloat16);
}

}  // namespace

TEST_CASE("norms, SwiGLU, rotations and losses of the baseline are those of double") {
  check(*kernels_named("baseline"));
}

TEST_CASE("norms, SwiGLU, rotations and losses of AVX2 are those of double") {
  const CpuKernels* set = kernels_named("avx2");
  if (set == nullptr) FORGELM_SKIP("the processor has no AVX2");
  check(*set);
}

TEST_CASE("norms, SwiGLU, rotations and losses of AVX-512 are those of double") {
  const CpuKernels* set = kernels_named("avx512");
  if (set == nullptr) FORGELM_SKIP("the processor has no AVX-512");
  check(*set);
}
