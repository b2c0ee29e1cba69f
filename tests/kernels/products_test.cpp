// The head with its loss, and the gradients of a LoRA pair, of every instruction set that
// the machine has, against the same in double.
#include <cstdint>
#include <vector>

#include "engine/kernels/cpu/sets.hpp"
#include "forgelm/core/text.hpp"
#include "kernels/numbers.hpp"

using namespace forgelm;
using namespace forgelm::engine;
using namespace forgelm::test;

namespace {

using Doubles = std::vector<double>;

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// a [rows, depth] times b [depth, columns], with any strides.
struct Matrix {
  const Fenced<float>& numbers;
  std::int64_t row, column;
  double operator()(std::int64_t r, std::int64_t c) const { return numbers[r * row + c * column]; }
};
Doubles product(const Matrix& a, const Matrix& b, std::int64_t rows, std::int64_t columns, std::int64_t depth) {
  Doubles out(at(rows * columns));
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t k = 0; k < depth; ++k)
      for (std::int64_t c = 0; c < columns; ++c) out[at(r * columns + c)] += a(r, k) * b(k, c);
  return out;
}

void check_head(const HeadKernels& kernels, const HeadShape& shape) {
  INFO(cat(shape.count, " tokens of ", shape.size, ", vocabulary ", shape.vocabulary));
  const auto [count, size, vocabulary] = shape;
  std::mt19937 random(static_cast<std::uint32_t>(count * 31 + vocabulary));
  const auto x = random_numbers<float>(random, count * size), weight = random_numbers<float>(random, vocabulary * size);
  std::vector<std::int64_t> targets, is_correct(at(count), -1), expected_correct;
  for (std::int64_t i = 0; i < count; ++i) targets.push_back(static_cast<std::int64_t>(random()) % vocabulary);
  Fenced<float> losses(count), x_gradient(count * size), weight_gradient(vocabulary * size),
      scratch(kernels.numbers(shape));
  std::fill_n(weight_gradient.data(), vocabulary * size, 0.25f);
  const HeadTensors tensors = {weight.data(), x.data(),          targets.data(),
                               losses.data(), is_correct.data(), x_gradient.data()};
  kernels.loss(shape, tensors, scratch.data());
  const bool has_weight_gradient = size % 16 == 0;
  if (has_weight_gradient) {
    kernels.prepare_weight_gradient(shape, tensors, scratch.data());
    for (const auto& [begin, end] : {std::pair{std::int64_t{0}, vocabulary / 3}, std::pair{vocabulary / 3, vocabulary}})
      kernels.add_weight_gradient(shape, tensors, scratch.data(), weight_gradient.data(), begin, end);
  }
  Doubles logits = product({x, size, 1}, {weight, 1, size}, count, vocabulary, size), expected_losses;
  Doubles expected_x(at(count * size)), expected_weight(at(vocabulary * size), 0.25);
  for (std::int64_t i = 0; i < count; ++i) {
    double* row = &logits[at(i * vocabulary)];
    const double* greatest = std::max_element(row, row + vocabulary);
    expected_correct.push_back(greatest - row == targets[at(i)] ? 1 : 0);
    const double peak = *greatest;
    double sum = 0;
    for (std::int64_t v = 0; v < vocabulary; ++v) sum += std::exp(row[v] - peak);
    expected_losses.push_back(std::log(sum) + peak - row[targets[at(i)]]);
    for (std::int64_t v = 0; v < vocabulary; ++v) {
      const double slope = std::exp(row[v] - peak) / sum - (v == targets[at(i)] ? 1 : 0);
      for (std::int64_t d = 0; d < size; ++d) {
        expected_x[at(i * size + d)] += slope * weight[v * size + d];
        expected_weight[at(v * size + d)] += slope * x[i * size + d];
      }
    }
  }
  CHECK(difference_of(losses, expected_losses, 1).largest <= 5e-6);
  CHECK(is_correct == expected_correct);
  CHECK(difference_of(x_gradient, expected_x, 1).largest <= 5e-6);
  if (has_weight_gradient) CHECK(difference_of(weight_gradient, expected_weight, 1).largest <= 5e-6);
  CHECK((losses.is_whole() && x_gradient.is_whole() && weight_gradient.is_whole() && scratch.is_whole()));
}

void check_lora(const LoraKernels& kernels, const LoraShape& shape) {
  INFO(cat(shape.rows, " rows, ", shape.in, " to ", shape.out, ", rank ", shape.rank));
  const auto [rows, in, out, rank] = shape;
  std::mt19937 random(static_cast<std::uint32_t>(rows * 7 + in));
  const auto a = random_numbers<float>(random, rank * in), b = random_numbers<float>(random, out * rank),
             x = random_numbers<float>(random, rows * in), above = random_numbers<float>(random, rows * out);
  const std::int64_t wide = (rank + kernels.rank_unit - 1) / kernels.rank_unit * kernels.rank_unit;
  Fenced<float> a_sums(in * wide), b_sums(out * wide), slopes(rows * rank), scratch(kernels.numbers(shape));
  std::fill_n(a_sums.data(), in * wide, 0.0f);
  std::fill_n(b_sums.data(), out * wide, 0.0f);
  kernels.pack(shape, a.data(), b.data(), scratch.data());
  kernels.add_gradients(shape, x.data(), above.data(), a_sums.data(), b_sums.data(), slopes.data(), scratch.data());
  const Doubles expected_slopes = product({above, out, 1}, {b, rank, 1}, rows, rank, out),
                ranks = product({x, in, 1}, {a, 1, in}, rows, rank, in);
  Doubles expected_a(at(in * rank)), expected_b(at(out * rank)), actual_a, actual_b;
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t r = 0; r < rank; ++r) {
      for (std::int64_t i = 0; i < in; ++i)
        expected_a[at(i * rank + r)] += x[row * in + i] * expected_slopes[at(row * rank + r)];
      for (std::int64_t i = 0; i < out; ++i)
        expected_b[at(i * rank + r)] += above[row * out + i] * ranks[at(row * rank + r)];
    }
  Fenced<float> narrow_a(in * rank), narrow_b(out * rank);
  for (std::int64_t r = 0; r < rank; ++r) {
    for (std::int64_t i = 0; i < in; ++i) narrow_a.data()[i * rank + r] = a_sums.data()[i * wide + r];
    for (std::int64_t i = 0; i < out; ++i) narrow_b.data()[i * rank + r] = b_sums.data()[i * wide + r];
  }
  CHECK(difference_of(narrow_a, expected_a).largest <= 5e-6);
  CHECK(difference_of(narrow_b, expected_b).largest <= 5e-6);
  CHECK(difference_of(slopes, expected_slopes).largest <= 5e-6);
  CHECK((a_sums.is_whole() && b_sums.is_whole() && slopes.is_whole() && scratch.is_whole()));
}

void check(const CpuKernels& set) {
  for (const HeadShape& shape :
       {HeadShape{1, 1, 2}, HeadShape{2, 3, 5}, HeadShape{7, 8, 127}, HeadShape{16, 16, 128}, HeadShape{17, 32, 129},
        HeadShape{40, 48, 300}, HeadShape{33, 20, 513}, HeadShape{65, 64, 700}, HeadShape{100, 96, 200}})
    check_head(set.head, shape);
  for (const LoraShape& shape : {LoraShape{1, 1, 1, 1}, LoraShape{3, 8, 5, 2}, LoraShape{17, 48, 64, 8},
                                 LoraShape{96, 33, 65, 16}, LoraShape{97, 64, 48, 17}, LoraShape{200, 96, 80, 32}})
    check_lora(set.lora, shape);
}

}  // namespace

TEST_CASE("the head and LoRA of the baseline are those of double") { check(*kernels_named("baseline")); }

TEST_CASE("the head and LoRA of AVX2 are those of double") {
  const CpuKernels* set = kernels_named("avx2");
  if (set == nullptr) FORGELM_SKIP("the processor has no AVX2");
  check(*set);
}

TEST_CASE("the head and LoRA of AVX-512 are those of double") {
  const CpuKernels* set = kernels_named("avx512");
  if (set == nullptr) FORGELM_SKIP("the processor has no AVX-512");
  check(*set);
}
