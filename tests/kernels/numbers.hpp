// For the tests of kernels without tensors: rows of numbers in float32 or the bits of bfloat16, random ones, and how
// far they are from what was computed in double. Numbers that a kernel must neither read nor write stand around each
// array.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "support/test.hpp"

namespace forgelm::test {

inline float to_float(float number) { return number; }
inline float to_float(std::uint16_t bits) {
  const std::uint32_t wide = std::uint32_t{bits} << 16;
  float number = 0;
  std::memcpy(&number, &wide, sizeof number);
  return number;
}

/// To the nearest, ties to even; for numbers that are finite in both.
template <class T>
T from_float(float number) {
  if constexpr (sizeof(T) == 4) {
    return number;
  } else {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &number, sizeof bits);
    return static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
  }
}

template <class T>
T not_a_number() {
  if constexpr (sizeof(T) == 4) return std::numeric_limits<float>::quiet_NaN();
  else return 0x7fc1;
}

/// `count` numbers between two fences of NaN.
template <class T>
class Fenced {
 public:
  explicit Fenced(std::int64_t count)
      : count_(count), numbers_(static_cast<std::size_t>(count + 2 * kFence), not_a_number<T>()) {}

  T* data() { return numbers_.data() + kFence; }
  const T* data() const { return numbers_.data() + kFence; }
  std::int64_t count() const { return count_; }
  double operator[](std::int64_t i) const { return static_cast<double>(to_float(data()[i])); }

  /// The fences hold what they held.
  bool is_whole() const {
    const T fence = not_a_number<T>();
    const auto holds = [&](std::int64_t i) {
      return std::memcmp(&numbers_[static_cast<std::size_t>(i)], &fence, sizeof fence) == 0;
    };
    for (std::int64_t i = 0; i < kFence; ++i)
      if (!holds(i) || !holds(kFence + count_ + i)) return false;
    return true;
  }

 private:
  static constexpr std::int64_t kFence = 192;
  std::int64_t count_;
  std::vector<T> numbers_;
};

template <class T>
Fenced<T> random_numbers(std::mt19937& random, std::int64_t count, float size = 1) {
  Fenced<T> numbers(count);
  std::normal_distribution<float> normal(0, size);
  for (std::int64_t i = 0; i < count; ++i) numbers.data()[i] = from_float<T>(normal(random));
  return numbers;
}

/// As shares of a size: the largest difference, and the root of the mean square of all.
struct Difference {
  double largest = 0, mean = 0;
};
template <class Numbers>
Difference difference_of(const Numbers& actual, const std::vector<double>& expected, double least_size = 0) {
  double largest = least_size, squares = 0, error_squares = 0, worst = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double error = std::abs(actual[static_cast<std::int64_t>(i)] - expected[i]);
    worst = error <= worst ? worst : error;  // NaN becomes the worst and stays
    largest = std::max(largest, std::abs(expected[i]));
    squares += expected[i] * expected[i];
    error_squares += error * error;
  }
  const double count = static_cast<double>(std::max<std::size_t>(1, expected.size()));
  const double size = std::max(std::sqrt(squares / count), least_size);
  return {largest > 0 ? worst / largest : worst, size > 0 ? std::sqrt(error_squares / count) / size : error_squares};
}

}  // namespace forgelm::test
