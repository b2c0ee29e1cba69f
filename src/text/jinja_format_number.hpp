// Numbers as Python's % operator and str.format write them, and the padding that both share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "jinja_value.hpp"

namespace forgelm::text::jinja {

/// A parsed [[fill]align][sign][z][#][0][width][,][.precision][type], or the same of a % directive.
struct FormatSpec {
  std::string fill = " ";
  char align = '\0';  ///< '<', '>', '^', '='; NUL: the type's own
  char sign = '-';    ///< '-', '+', ' '
  bool is_alternate = false;
  char grouping = '\0';  ///< ',' or '_'
  std::int64_t width = 0;
  std::int64_t precision = -1;
  char type = '\0';
};

/// Digits of an integer in 'd', 'b', 'o', 'x', 'X', without a sign.
std::string integer_digits(std::int64_t value, char type);
/// A float in 'e', 'E', 'f', 'F', 'g', 'G', '%' (as |value|, without a sign), or as repr when type is NUL.
std::string real_digits(Heap& heap, double value, const FormatSpec& spec);
/// `text` put into spec.width columns; `sign` and `prefix` stand before the padding of '='.
std::string pad_number(Heap& heap, std::string_view sign, std::string_view prefix, std::string digits,
                       const FormatSpec& spec, char default_align);

}  // namespace forgelm::text::jinja
