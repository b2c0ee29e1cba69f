// Digits of identifiers and the sums that their check digits are made of; for the validators.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "decimal_digits.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::audit {

using Digits = std::vector<int>;

/// The decimal digits of any script in the match.
inline Digits digits_of(std::string_view match) {
  Digits digits;
  for (std::size_t at = 0; at < match.size();) {
    const DecodedCodePoint code_point = decode_utf8(match, at);
    at += code_point.num_bytes;
    if (const int value = decimal_value(code_point.value); value >= 0) digits.push_back(value);
  }
  return digits;
}

inline bool passes_luhn(const Digits& digits) {
  int total = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    int digit = digits[digits.size() - 1 - i];
    if (i % 2 == 1) digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
    total += digit;
  }
  return total % 10 == 0;
}

/// There are at least as many digits as weights.
inline int weighted_sum(const Digits& digits, std::initializer_list<int> weights) {
  int sum = 0;
  std::size_t i = 0;
  for (const int weight : weights) sum += weight * digits[i++];
  return sum;
}

inline std::uint64_t number_of(const Digits& digits, std::size_t begin, std::size_t end) {
  std::uint64_t number = 0;
  for (std::size_t i = begin; i < end; ++i) number = number * 10 + static_cast<std::uint64_t>(digits[i]);
  return number;
}

inline bool is_month_and_day(int month, int day) { return month >= 1 && month <= 12 && day >= 1 && day <= 31; }

}  // namespace forgelm::audit
