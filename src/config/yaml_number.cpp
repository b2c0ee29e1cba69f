// Oracle: CPython's int(), float() and PyYAML's construct_yaml_int and construct_yaml_float. The trap: under an
// explicit tag these see any text, so "!!int ' 12 '" is 12 and "!!int '--5'" is 5, as they are there. Only ASCII digits
// and blanks are known here.
#include "yaml_number.hpp"

#include <clocale>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include <algorithm>

#include "forgelm/core/text.hpp"
#include "yaml_text.hpp"

namespace forgelm::config::yaml {
namespace {

constexpr std::uint32_t kMaxFactor = 1'000'000'000;

std::string without_underscores(std::string_view text) {
  std::string out(text);
  out.erase(std::remove(out.begin(), out.end(), '_'), out.end());
  return out;
}

/// Removes a sign; true when it was '-'.
bool take_sign(std::string_view& text) noexcept {
  if (text.empty() || (text.front() != '-' && text.front() != '+')) return false;
  const bool is_negative = text.front() == '-';
  text.remove_prefix(1);
  return is_negative;
}

/// int(text, base) of Python: blanks around it, a sign and the base's own prefix are accepted.
std::optional<Integer> python_int(std::string_view text, std::uint32_t base) {
  text = trim(text);
  Integer out;
  out.is_negative = take_sign(text);
  const char prefix = base == 2 ? 'b' : base == 8 ? 'o' : base == 16 ? 'x' : '\0';
  if (prefix != '\0' && text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == prefix) text.remove_prefix(2);
  if (text.empty() || (base == 10 && text.size() > kMaxDigits)) return std::nullopt;
  // Several digits at a time: each multiplication passes over the whole number.
  std::uint32_t factor = 1;
  std::uint32_t addend = 0;
  for (const char c : text) {
    const int digit = hex_value(static_cast<unsigned char>(c));
    if (digit < 0 || static_cast<std::uint32_t>(digit) >= base) return std::nullopt;
    factor *= base;
    addend = addend * base + static_cast<std::uint32_t>(digit);
    if (factor < kMaxFactor / base) continue;
    if (!out.magnitude.multiply_add(factor, addend)) return std::nullopt;
    factor = 1;
    addend = 0;
  }
  if (!out.magnitude.multiply_add(factor, addend)) return std::nullopt;
  return out;
}

/// float(text) of Python.
std::optional<double> python_float(std::string_view text) {
  text = trim(text);
  std::string_view rest = text;
  const bool is_negative = take_sign(rest);
  if (rest == "inf" || rest == "infinity") return is_negative ? -HUGE_VAL : HUGE_VAL;
  if (rest == "nan") return std::nan("");
  const auto skip_digits = [&] {
    std::size_t count = 0;
    while (count < rest.size() && rest[count] >= '0' && rest[count] <= '9') ++count;
    rest.remove_prefix(count);
    return count;
  };
  std::size_t num_digits = skip_digits();
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    num_digits += skip_digits();
  }
  if (num_digits == 0) return std::nullopt;
  if (!rest.empty() && rest.front() == 'e') {
    rest.remove_prefix(1);
    take_sign(rest);
    if (skip_digits() == 0) return std::nullopt;
  }
  if (!rest.empty()) return std::nullopt;
  // strtod rounds correctly and gives infinity and denormals as Python does; the C locale makes '.' the point.
  static const locale_t c_locale = newlocale(LC_ALL_MASK, "C", nullptr);
  return strtod_l(std::string(text).c_str(), nullptr, c_locale);
}

std::vector<std::string_view> split_colons(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t colon = text.find(':');
    parts.push_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    text.remove_prefix(colon + 1);
  }
}

/// The sum of the parts times powers of 60. Parts may have signs of their own, so both signs are summed apart.
std::optional<Integer> base_60_integer(std::string_view text) {
  Natural positive;
  Natural negative;
  for (const std::string_view part : split_colons(text)) {
    const auto digit = python_int(part, 10);
    if (!digit || !positive.multiply_add(60, 0) || !negative.multiply_add(60, 0)) return std::nullopt;
    if (!(digit->is_negative ? negative : positive).add(digit->magnitude)) return std::nullopt;
  }
  Integer out;
  out.is_negative = positive.compare(negative) < 0;
  out.magnitude = out.is_negative ? negative : positive;
  out.magnitude.subtract(out.is_negative ? positive : negative);
  return out;
}

std::optional<double> base_60_real(std::string_view text) {
  const std::vector<std::string_view> parts = split_colons(text);
  double sum = 0.0;
  Natural base;
  base.multiply_add(0, 1);
  for (std::size_t i = parts.size(); i-- > 0;) {
    const auto digit = python_float(parts[i]);
    const auto factor = python_float(base.digits());
    // Python cannot turn an integer beyond the largest double into a float.
    if (!digit || !factor || std::isinf(*factor)) return std::nullopt;
    sum += *digit * *factor;
    base.multiply_add(60, 0);
  }
  return sum;
}

}  // namespace

bool Natural::multiply_add(std::uint32_t factor, std::uint32_t addend) {
  std::uint64_t carry = addend;
  for (std::uint32_t& limb : limbs_) {
    carry += std::uint64_t{limb} * factor;
    limb = static_cast<std::uint32_t>(carry % kBase);
    carry /= kBase;
  }
  if (carry > 0) limbs_.push_back(static_cast<std::uint32_t>(carry));
  return !is_too_long();
}

bool Natural::add(const Natural& other) {
  if (limbs_.size() < other.limbs_.size()) limbs_.resize(other.limbs_.size());
  std::uint32_t carry = 0;
  for (std::size_t i = 0; i < limbs_.size(); ++i) {
    std::uint32_t sum = limbs_[i] + carry + (i < other.limbs_.size() ? other.limbs_[i] : 0);
    carry = sum >= kBase ? 1 : 0;
    limbs_[i] = sum - carry * kBase;
  }
  if (carry > 0) limbs_.push_back(carry);
  return !is_too_long();
}

void Natural::subtract(const Natural& other) {
  std::int64_t borrow = 0;
  for (std::size_t i = 0; i < limbs_.size(); ++i) {
    std::int64_t rest = std::int64_t{limbs_[i]} - borrow - (i < other.limbs_.size() ? other.limbs_[i] : 0);
    borrow = rest < 0 ? 1 : 0;
    limbs_[i] = static_cast<std::uint32_t>(rest + borrow * kBase);
  }
  while (!limbs_.empty() && limbs_.back() == 0) limbs_.pop_back();
}

int Natural::compare(const Natural& other) const noexcept {
  if (limbs_.size() != other.limbs_.size()) return limbs_.size() < other.limbs_.size() ? -1 : 1;
  for (std::size_t i = limbs_.size(); i-- > 0;)
    if (limbs_[i] != other.limbs_[i]) return limbs_[i] < other.limbs_[i] ? -1 : 1;
  return 0;
}

std::string Natural::digits() const {
  if (limbs_.empty()) return "0";
  std::string out = std::to_string(limbs_.back());
  char buffer[16];
  for (std::size_t i = limbs_.size() - 1; i-- > 0;) {
    std::snprintf(buffer, sizeof buffer, "%09u", static_cast<unsigned>(limbs_[i]));
    out += buffer;
  }
  return out;
}

std::optional<Integer> yaml_integer(std::string_view text) {
  const std::string plain = without_underscores(text);
  std::string_view rest = plain;
  const bool is_negative = take_sign(rest);
  std::optional<Integer> out;
  if (rest.empty()) return std::nullopt;
  if (rest.substr(0, 2) == "0b") out = python_int(rest.substr(2), 2);
  else if (rest.substr(0, 2) == "0x") out = python_int(rest.substr(2), 16);
  else if (rest.front() == '0') out = python_int(rest, 8);
  else if (rest.find(':') != std::string_view::npos) out = base_60_integer(rest);
  else out = python_int(rest, 10);
  if (!out || out->magnitude.digits().size() > kMaxDigits) return std::nullopt;
  out->is_negative = !out->magnitude.is_zero() && out->is_negative != is_negative;
  return out;
}

std::optional<double> yaml_real(std::string_view text) {
  const std::string plain = ascii_lower(without_underscores(text));
  std::string_view rest = plain;
  const bool is_negative = take_sign(rest);
  if (rest.empty()) return std::nullopt;
  const double sign = is_negative ? -1.0 : 1.0;
  if (rest == ".inf") return sign * HUGE_VAL;
  if (rest == ".nan") return std::nan("");
  const auto value = rest.find(':') != std::string_view::npos ? base_60_real(rest) : python_float(rest);
  if (!value) return std::nullopt;
  return sign * *value;
}

}  // namespace forgelm::config::yaml
