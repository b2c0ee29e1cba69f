// Numbers as Python reads them from text: int() and float() of a string, YAML 1.1's bases and base 60, without a limit
// of size short of the 4300 decimal digits at which Python stops too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace forgelm::config::yaml {

inline constexpr std::size_t kMaxDigits = 4300;  ///< decimal digits that Python reads or writes

/// A natural number of any size up to kMaxDigits digits.
class Natural {
 public:
  /// this = this * factor + addend; false when the result would be too long.
  bool multiply_add(std::uint32_t factor, std::uint32_t addend);
  bool add(const Natural& other);
  /// this -= other, which must not be greater.
  void subtract(const Natural& other);
  int compare(const Natural& other) const noexcept;
  bool is_zero() const noexcept { return limbs_.empty(); }
  std::string digits() const;

 private:
  static constexpr std::uint32_t kBase = 1'000'000'000;
  bool is_too_long() const noexcept { return limbs_.size() > kMaxDigits / 9 + 1; }
  std::vector<std::uint32_t> limbs_;  ///< base 10^9, lowest first, highest not zero
};

struct Integer {
  bool is_negative = false;
  Natural magnitude;
};

/// PyYAML's value of a text under the int tag (underscores, sign, 0b, 0x, leading 0, base 60), or nothing.
std::optional<Integer> yaml_integer(std::string_view text);

/// PyYAML's value of a text under the float tag (underscores, sign, .inf, .nan, base 60), or nothing.
std::optional<double> yaml_real(std::string_view text);

}  // namespace forgelm::config::yaml
