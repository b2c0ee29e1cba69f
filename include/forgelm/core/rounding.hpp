// Rounding as Python has it, for figures that stand in files which both write.
#pragma once

#include <array>
#include <charconv>

namespace forgelm {

/// Python's round(value, digits): the decimal nearest to the exact value, ties of the exact value to even. For finite
/// values below 1e300.
inline double rounded(double value, int digits) {
  std::array<char, 400> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, digits);
  std::from_chars(text.data(), end.ptr, value);
  return value;
}

}  // namespace forgelm
