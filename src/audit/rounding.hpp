// Python's round(): the nearest decimal to the exact binary value, ties (which
// are exact) to even.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace forgelm::audit {

inline double rounded(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return std::strtod(text, nullptr);
}

}  // namespace forgelm::audit
