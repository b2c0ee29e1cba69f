// Numbers as Python formats them. The C library's printf gives the digits; it rounds as Python does.
#include "jinja_format_number.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "forgelm/core/text.hpp"
#include "jinja_builtins.hpp"
#include "jinja_text.hpp"

namespace forgelm::text::jinja {

std::string integer_digits(std::int64_t value, char type) {
  const int base = type == 'b' ? 2 : type == 'o' ? 8 : type == 'x' || type == 'X' ? 16 : 10;
  const auto magnitude =
      value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  char buffer[72];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, magnitude, base);
  std::string out(buffer, result.ptr);
  return type == 'X' ? ascii_upper(out) : out;
}

std::string real_digits(Heap& heap, double value, const FormatSpec& spec) {
  value = std::abs(value);
  char type = spec.type;
  const bool is_upper = type == 'E' || type == 'F' || type == 'G';
  if (!std::isfinite(value)) {
    const std::string word = std::isnan(value) ? "nan" : "inf";
    return cat(is_upper ? ascii_upper(word) : word, type == '%' ? "%" : "");
  }
  if (type == '\0' && spec.precision < 0) return real_repr(value);
  std::int64_t precision = spec.precision < 0 ? 6 : spec.precision;
  if (precision > 100'000) throw Fault{cat("a precision of ", precision, " digits is too big"), false};
  if (type == '%') value *= 100;
  const bool is_general = type == '\0';
  if (is_general) type = 'g';
  if (type == '%' || type == 'F') type = 'f';
  const char form[] = {'%',
                       spec.is_alternate ? '#' : '.',
                       spec.is_alternate ? '.' : '*',
                       spec.is_alternate ? '*' : type,
                       spec.is_alternate ? type : '\0',
                       '\0'};
  heap.reserve(static_cast<std::size_t>(precision) + 400);
  heap.tick_bytes(static_cast<std::size_t>(precision) * 8);
  const int size = std::snprintf(nullptr, 0, form, static_cast<int>(precision), value);
  std::string out(static_cast<std::size_t>(size) + 1, '\0');
  std::snprintf(out.data(), out.size(), form, static_cast<int>(precision), value);
  out.pop_back();
  // No type: as 'g', but with at least one digit after the point.
  if (is_general && out.find_first_of(".e") == std::string::npos) {
    if (static_cast<std::int64_t>(out.size()) < std::max<std::int64_t>(precision, 1)) out += ".0";
    else {
      FormatSpec exponent = spec;
      exponent.type = 'e';
      exponent.precision = std::max<std::int64_t>(precision, 1) - 1;
      out = real_digits(heap, value, exponent);
      const std::size_t e = out.find('e');
      std::string mantissa = out.substr(0, e);
      if (mantissa.find('.') != std::string::npos) {
        mantissa.erase(mantissa.find_last_not_of('0') + 1);
        if (mantissa.back() == '.') mantissa.pop_back();
      }
      out = mantissa + out.substr(e);
    }
  }
  if (spec.type == '%') out += '%';
  return out;
}

namespace {

/// Groups of three (four for "_" in other bases) from the right, in the digits before any '.', 'e' or '%'.
std::string grouped(std::string digits, const FormatSpec& spec, std::size_t min_size) {
  std::size_t whole = 0;
  const bool is_hex = spec.type == 'x' || spec.type == 'X';
  while (whole < digits.size() && (is_ascii_digit(digits[whole]) || (is_hex && digits[whole] != '.'))) ++whole;
  const std::size_t size = is_hex || spec.type == 'b' || spec.type == 'o' ? 4 : 3;
  std::string out;
  std::size_t count = 0;
  for (std::size_t i = whole; i > 0; --i) {
    if (count != 0 && count % size == 0) out.insert(out.begin(), spec.grouping);
    out.insert(out.begin(), digits[i - 1]);
    ++count;
  }
  // Zero padding goes on in groups, and does not begin with a separator.
  const std::size_t rest = digits.size() - whole;
  while (out.size() + rest < min_size) {
    if (count % size == 0) out.insert(out.begin(), spec.grouping);
    out.insert(out.begin(), '0');
    ++count;
  }
  return out + digits.substr(whole);
}

}  // namespace

std::string pad_number(Heap& heap, std::string_view sign, std::string_view prefix, std::string digits,
                       const FormatSpec& spec, char default_align) {
  const char align = spec.align != '\0' ? spec.align : default_align;
  const auto width = static_cast<std::size_t>(std::max<std::int64_t>(spec.width, 0));
  heap.reserve(width < (std::size_t{1} << 40) ? width * spec.fill.size() : width);
  heap.tick_bytes(width);
  if (spec.grouping != '\0') {
    heap.tick_bytes(width * width / 16);
    const bool fills_with_zeros = align == '=' && spec.fill == "0";
    const std::size_t fixed = sign.size() + prefix.size();
    digits = grouped(std::move(digits), spec, fills_with_zeros && width > fixed ? width - fixed : 0);
  }
  const std::size_t present = sign.size() + prefix.size() + num_code_points(digits);
  std::string padding;
  const auto fill = [&](std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += spec.fill;
    return out;
  };
  const std::size_t missing = width > present ? width - present : 0;
  switch (align) {
    case '<': return cat(sign, prefix, digits, fill(missing));
    case '^': return cat(fill(missing / 2), sign, prefix, digits, fill(missing - missing / 2));
    case '=': return cat(sign, prefix, fill(missing), digits);
    default: return cat(fill(missing), sign, prefix, digits);
  }
}

}  // namespace forgelm::text::jinja
