#include "engine/quantization/dynamic_map.hpp"

#include <algorithm>
#include <cstddef>

namespace forgelm::engine {
namespace {

// The values of a decade are the middles of equal parts of [0.1, 1], times a power of ten. Points of a decade are
// rounded to float once (the reference's are fused multiply-adds), the products after that one by one.
DynamicMap make_dynamic_map(bool is_signed) {
  constexpr std::array<float, 7> kPowers = {1e-6F, 1e-5F, 1e-4F, 1e-3F, 1e-2F, 1e-1F, 1};
  constexpr float kLow = 0.1F;
  DynamicMap map{};  // one of the values is zero
  std::size_t next = 0;
  for (std::size_t decade = 0; decade < kPowers.size(); ++decade) {
    const int parts = 1 << (is_signed ? decade : decade + 1);
    const double step = (1.0F - kLow) / static_cast<float>(parts);
    const auto point = [&](int k) {
      return static_cast<float>(k < (parts + 1) / 2 ? static_cast<double>(kLow) + step * k : 1 - step * (parts - k));
    };
    for (int k = 0; k < parts; ++k) {
      const float value = kPowers[decade] * ((point(k) + point(k + 1)) / 2);
      map.values[next++] = value;
      if (is_signed) map.values[next++] = -value;
    }
  }
  map.values[next] = 1;
  std::sort(map.values.begin(), map.values.end());

  std::size_t code = 0;
  for (std::size_t i = 0; i < map.codes.size(); ++i) {
    const float value = -1.0F + 2.0F * static_cast<float>(i) / 65535;
    while (code < 255 && 0.5F * (map.values[code] + map.values[code + 1]) < value) ++code;
    map.codes[i] = static_cast<std::uint8_t>(code);
  }
  return map;
}

}  // namespace

const DynamicMap& signed_dynamic_map() {
  static const DynamicMap map = make_dynamic_map(true);
  return map;
}

const DynamicMap& unsigned_dynamic_map() {
  static const DynamicMap map = make_dynamic_map(false);
  return map;
}

}  // namespace forgelm::engine
