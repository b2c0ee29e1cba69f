// Attention of every instruction set that the machine has, against attention as it is written down, in double on the
// same numbers: values, logarithms of sums, gradients. A sequence lies among others whose numbers are NaN, so that what
// reads over a border is seen; fences show what writes over one.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/kernels/cpu/sets.hpp"
#include "forgelm/core/text.hpp"
#include "kernels/attention_case.hpp"
#include "kernels/numbers.hpp"

using namespace forgelm;
using namespace forgelm::engine;
using namespace forgelm::test;

namespace {

using Case = AttentionCase;

/// Borders of vectors, tiles, and blocks of queries and keys (48, 64, 128) and one more or less; heads of all sizes;
/// groups; windows inside, at and over blocks.
const Case kCases[] = {
    {1, 1, 1, 1, 0},      {2, 2, 1, 3, 0},       {7, 1, 1, 8, 0},      {15, 1, 1, 16, 0},   {17, 2, 2, 16, 0},
    {31, 1, 1, 31, 0},    {32, 1, 1, 32, 0},     {33, 2, 1, 33, 0},    {47, 1, 1, 24, 0},   {48, 2, 1, 48, 0},
    {49, 3, 1, 40, 0},    {63, 1, 1, 64, 0},     {64, 1, 1, 256, 0},   {65, 4, 2, 80, 0},   {96, 1, 1, 96, 0},
    {127, 1, 1, 8, 0},    {128, 1, 1, 64, 0},    {129, 2, 1, 20, 0},   {140, 1, 1, 128, 0}, {161, 3, 1, 65, 0},
    {200, 4, 2, 48, 0},   {257, 2, 2, 12, 0},    {300, 1, 1, 80, 0},   {385, 1, 1, 96, 0},  {700, 2, 1, 64, 0},
    {9, 1, 1, 8, 1},      {60, 2, 1, 16, 5},     {130, 1, 1, 24, 48},  {200, 2, 1, 64, 64}, {200, 1, 1, 64, 65},
    {270, 1, 1, 33, 200}, {300, 2, 1, 32, 129},  {300, 1, 1, 8, 128},  {420, 2, 2, 80, 32}, {450, 1, 1, 64, 300},
    {320, 1, 1, 48, 31},  {100, 2, 1, 256, 100}, {100, 1, 1, 64, 1000}};

constexpr std::int64_t kBefore = 3, kBehind = 2;  // tokens of other sequences around

struct Expected {
  std::vector<double> y, log_sums, q, k, v;
};

template <class T>
struct Numbers {
  Fenced<T> q, k, v, above;
};

template <class T>
Fenced<T> with_neighbours(std::mt19937& random, std::int64_t length, std::int64_t row, float size) {
  Fenced<T> numbers = random_numbers<T>(random, (kBefore + length + kBehind) * row, size);
  std::fill_n(numbers.data(), kBefore * row, not_a_number<T>());
  std::fill_n(numbers.data() + (kBefore + length) * row, kBehind * row, not_a_number<T>());
  return numbers;
}

template <class T>
Numbers<T> numbers_of(const Case& which, float size) {
  std::mt19937 random(static_cast<std::uint32_t>(which.length * 131 + which.size * 7 + which.window));
  const std::int64_t row = which.num_heads * which.size, key_row = which.num_key_heads * which.size;
  return {with_neighbours<T>(random, which.length, row, size), with_neighbours<T>(random, which.length, key_row, size),
          with_neighbours<T>(random, which.length, key_row, 1), with_neighbours<T>(random, which.length, row, 1)};
}

/// softmax(q k^T * scale, of what is seen) v and its derivatives, rows as in the arrays but of this sequence alone.
template <class T>
Expected written_down(const Case& which, const Numbers<T>& in, double scale) {
  const std::int64_t length = which.length, size = which.size, row = which.num_heads * size,
                     key_row = which.num_key_heads * size, group = which.num_heads / which.num_key_heads;
  const auto zeros = [](std::int64_t count) { return std::vector<double>(static_cast<std::size_t>(count)); };
  Expected out = {zeros(length * row), zeros(which.num_heads * length), zeros(length * row), zeros(length * key_row),
                  zeros(length * key_row)};
  const auto widened = [&](const Fenced<T>& from, std::int64_t width) {
    auto result = zeros(length * width);
    for (std::int64_t i = 0; i < length * width; ++i) result[static_cast<std::size_t>(i)] = from[kBefore * width + i];
    return result;
  };
  const auto q = widened(in.q, row), k = widened(in.k, key_row), v = widened(in.v, key_row),
             above = widened(in.above, row);
  const auto product = [size](const double* a, const double* b) {
    double sum = 0;
    for (std::int64_t i = 0; i < size; ++i) sum += a[i] * b[i];
    return sum;
  };
  for (std::int64_t head = 0; head < which.num_heads; ++head)
    for (std::int64_t query = 0; query < length; ++query) {
      const std::int64_t at = query * row + head * size, key_at = head / group * size;
      const std::int64_t first = which.window > 0 ? std::max<std::int64_t>(0, query - which.window + 1) : 0;
      auto weights = zeros(query + 1 - first), slopes = weights;
      double peak = -std::numeric_limits<double>::infinity(), sum = 0, delta = 0;
      for (std::int64_t key = first; key <= query; ++key) {
        double& score = weights[static_cast<std::size_t>(key - first)];
        score = product(&q[static_cast<std::size_t>(at)], &k[static_cast<std::size_t>(key * key_row + key_at)]) * scale;
        peak = std::max(peak, score);
      }
      for (double& weight : weights) sum += weight = std::exp(weight - peak);
      out.log_sums[static_cast<std::size_t>(head * length + query)] = peak + std::log(sum);
      for (std::int64_t key = first; key <= query; ++key) {
        const auto i = static_cast<std::size_t>(key - first),
                   key_row_at = static_cast<std::size_t>(key * key_row + key_at);
        weights[i] /= sum;
        slopes[i] = product(&above[static_cast<std::size_t>(at)], &v[key_row_at]);
        delta += weights[i] * slopes[i];
        for (std::size_t n = 0; n < static_cast<std::size_t>(size); ++n) {
          out.y[static_cast<std::size_t>(at) + n] += weights[i] * v[key_row_at + n];
          out.v[key_row_at + n] += weights[i] * above[static_cast<std::size_t>(at) + n];
        }
      }
      for (std::int64_t key = first; key <= query; ++key) {
        const auto i = static_cast<std::size_t>(key - first),
                   key_row_at = static_cast<std::size_t>(key * key_row + key_at);
        const double slope = weights[i] * (slopes[i] - delta) * scale;
        for (std::size_t n = 0; n < static_cast<std::size_t>(size); ++n) {
          out.q[static_cast<std::size_t>(at) + n] += slope * k[key_row_at + n];
          out.k[key_row_at + n] += slope * q[static_cast<std::size_t>(at) + n];
        }
      }
    }
  return out;
}

template <class T>
struct Actual {
  Fenced<T> y, q, k, v;
  Fenced<float> log_sums;
};

/// The sequence in the middle of what a kernel wrote; the neighbours must be as they were.
template <class T>
struct Middle {
  const Fenced<T>& all;
  std::int64_t first, count;
  double operator[](std::int64_t i) const { return all[first + i]; }
  bool is_alone() const {
    for (std::int64_t i = 0; i < first; ++i)
      if (!std::isnan(all[i])) return false;
    for (std::int64_t i = first + count; i < all.count(); ++i)
      if (!std::isnan(all[i])) return false;
    return all.is_whole();
  }
};

template <class T>
Actual<T> by_kernels(const AttentionKernels<T>& kernels, const Case& which, const Numbers<T>& in, double scale) {
  const std::int64_t length = which.length, size = which.size, row = which.num_heads * size,
                     key_row = which.num_key_heads * size, group = which.num_heads / which.num_key_heads,
                     start = kBefore * row, key_start = kBefore * key_row;
  const AttentionShape shape = {length, size, row, key_row, static_cast<float>(scale), which.window};
  Actual<T> out = {Fenced<T>(in.q.count()), Fenced<T>(in.q.count()), Fenced<T>(in.k.count()), Fenced<T>(in.k.count()),
                   Fenced<float>(which.num_heads * length)};
  Fenced<float> packed(kernels.key_numbers(length, size)), forward(kernels.forward_numbers(size)),
      backward(kernels.backward_numbers(length, size));
  for (std::int64_t head = 0; head < which.num_heads; ++head) {
    const std::int64_t key_at = key_start + head / group * size, at = start + head * size;
    kernels.pack_keys(shape, in.k.data() + key_at, in.v.data() + key_at, packed.data());
    for (std::int64_t query = 0; query < length; query += kernels.query_block)
      kernels.forward(shape, packed.data(), in.q.data() + at, out.y.data() + at, out.log_sums.data() + head * length,
                      query, std::min(kernels.query_block, length - query), forward.data());
  }
  for (std::int64_t head = 0; head < which.num_key_heads; ++head) {
    const std::int64_t at = start + head * group * size, key_at = key_start + head * size;
    kernels.backward(shape,
                     {in.q.data() + at, in.k.data() + key_at, in.v.data() + key_at, out.y.data() + at,
                      in.above.data() + at, out.log_sums.data() + head * group * length, length, out.q.data() + at,
                      out.k.data() + key_at, out.v.data() + key_at},
                     group, backward.data());
  }
  CHECK(packed.is_whole());
  CHECK(forward.is_whole());
  CHECK(backward.is_whole());
  CHECK(out.log_sums.is_whole());
  return out;
}

struct Tolerance {
  double largest, mean, log_sums;
};

template <class T>
void check(const AttentionKernels<T>& kernels, const Tolerance& tolerance) {
  for (const Case& which : kCases) {
    INFO(which.name());
    const double scale = 1 / std::sqrt(static_cast<double>(which.size));
    const auto in = numbers_of<T>(which, 2);
    const auto expected = written_down(which, in, scale);
    const auto actual = by_kernels(kernels, which, in, scale);
    const auto compare = [&](const char* what, const Fenced<T>& numbers, const std::vector<double>& reference,
                             std::int64_t num_heads) {
      INFO(what);
      const Middle<T> middle = {numbers, kBefore * num_heads * which.size, static_cast<std::int64_t>(reference.size())};
      CHECK(middle.is_alone());
      // Gradients of q and k are differences, of a single token zero: as shares of the gradient from above at least,
      // whose numbers are about one.
      const Difference difference = difference_of(middle, reference, 1);
      CHECK(difference.largest <= tolerance.largest);
      CHECK(difference.mean <= tolerance.mean);
    };
    compare("y", actual.y, expected.y, which.num_heads);
    compare("gradient of q", actual.q, expected.q, which.num_heads);
    compare("gradient of k", actual.k, expected.k, which.num_key_heads);
    compare("gradient of v", actual.v, expected.v, which.num_key_heads);
    // To the base e, or 2 where the way back takes that.
    std::vector<double> to_base_2 = expected.log_sums;
    for (double& number : to_base_2) number /= std::log(2.0);
    CHECK(std::min(difference_of(actual.log_sums, expected.log_sums, 1).largest,
                   difference_of(actual.log_sums, to_base_2, 1).largest) <= tolerance.log_sums);
  }
}

/// Scores far outside what an exponential takes.
template <class T>
void check_large_scores(const AttentionKernels<T>& kernels, double tolerance) {
  for (const Case& which : {Case{200, 1, 1, 8, 3}, Case{150, 2, 1, 64, 0}}) {
    INFO(which.name());
    const auto in = numbers_of<T>(which, 600);
    const auto expected = written_down(which, in, 1.0);
    const auto actual = by_kernels(kernels, which, in, 1.0);
    const Middle<T> y = {actual.y, kBefore * which.num_heads * which.size,
                         static_cast<std::int64_t>(expected.y.size())};
    CHECK(difference_of(y, expected.y).largest <= tolerance);
    for (std::int64_t i = 0; i < which.length * which.num_heads * which.size; ++i)
      REQUIRE(std::isfinite(actual.q[kBefore * which.num_heads * which.size + i]));
    for (std::int64_t i = 0; i < which.length * which.num_key_heads * which.size; ++i)
      REQUIRE(std::isfinite(actual.k[kBefore * which.num_key_heads * which.size + i]));
  }
}

/// Half a unit in the last place of bfloat16 is 2^-9 = 0.2 %: the results' own rounding, and through delta that of y.
/// AMX rounds weights and slopes besides.
void check(const CpuKernels& set) {
  check(set.attention_float32, {1e-5, 2e-6, 2e-6});
  check(set.attention_bfloat16, {1.5e-2, 4e-3, 2e-6});
  check_large_scores(set.attention_float32, 1e-3);
  check_large_scores(set.attention_bfloat16, 1e-2);
}

}  // namespace

TEST_CASE("attention of the baseline has the values and gradients of double") { check(*kernels_named("baseline")); }

TEST_CASE("attention of AVX2 has the values and gradients of double") {
  const CpuKernels* set = kernels_named("avx2");
  if (set == nullptr) FORGELM_SKIP("the processor has no AVX2");
  check(*set);
}

TEST_CASE("attention of AVX-512 has the values and gradients of double") {
  const CpuKernels* set = kernels_named("avx512");
  if (set == nullptr) FORGELM_SKIP("the processor has no AVX-512");
  check(*set);
}

TEST_CASE("attention of AMX has the values and gradients of double") {
  const CpuKernels* set = kernels_named("amx");
  if (set == nullptr) FORGELM_SKIP("the processor has no AMX, or the system grants none");
  check(set->attention_bfloat16, {2e-2, 6e-3, 2e-6});
  check_large_scores(set->attention_bfloat16, 1e-2);
}

TEST_CASE("the set of AMX is that of AVX-512 but for what tiles do") {
  const CpuKernels* set = kernels_named("amx");
  if (set == nullptr) FORGELM_SKIP("the processor has no AMX, or the system grants none");
  const CpuKernels* narrower = kernels_named("avx512");
  REQUIRE(narrower != nullptr);
  CHECK(std::string(set->name) == "amx");
  CHECK(set->attention_float32.forward == narrower->attention_float32.forward);
  CHECK(set->attention_bfloat16.forward != narrower->attention_bfloat16.forward);
  CHECK(set->bfloat16.norm_forward == narrower->bfloat16.norm_forward);
}

TEST_CASE("there is no set of a name that nobody gave") { CHECK(kernels_named("neon") == nullptr); }
