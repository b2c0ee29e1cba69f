// Numbers as the reference's artefacts have them.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace forgelm::compliance {

/// Python's round(value, digits): the decimal nearest to the exact value, ties to even. For finite values below 1e300.
inline double rounded(double value, int digits) {
  char text[400];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return std::strtod(text, nullptr);
}

}  // namespace forgelm::compliance
