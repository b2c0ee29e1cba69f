#include "engine/quantization/four_bit_tables.hpp"

namespace forgelm::engine {
namespace {

FourBitTable make_table(const std::array<float, 16>& values, const std::array<std::uint8_t, 16>& class_codes) {
  FourBitTable table{values, {}, class_codes};
  for (std::size_t i = 0; i < table.bounds.size(); ++i)
    table.bounds[i] = (values[class_codes[i]] + values[class_codes[i + 1]]) / 2;
  return table;
}

// Equal areas under the normal distribution, with an exact zero.
FourBitTable make_nf4() {
  return make_table({-1.0F, -0.6961928009986877F, -0.5250730514526367F, -0.39491748809814453F, -0.28444138169288635F,
                     -0.18477343022823334F, -0.09105003625154495F, 0.0F, 0.07958029955625534F, 0.16093020141124725F,
                     0.24611230194568634F, 0.33791524171829224F, 0.44070982933044434F, 0.5626170039176941F,
                     0.7229568362236023F, 1.0F},
                    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
}

// A sign bit, then these twelfths. Of the two zeros, 0 is the class below, 8 the one above.
FourBitTable make_fp4() {
  constexpr std::array<float, 8> kTwelfths = {0, 0.0625F, 8, 12, 4, 6, 2, 3};
  std::array<float, 16> values{};
  for (std::size_t code = 0; code < kTwelfths.size(); ++code) {
    values[code] = kTwelfths[code] / 12;
    values[code + 8] = -values[code];
  }
  return make_table(values, {11, 10, 13, 12, 15, 14, 9, 0, 8, 1, 6, 7, 4, 5, 2, 3});
}

}  // namespace

const FourBitTable& four_bit_table(FourBitKind kind) {
  static const FourBitTable nf4 = make_nf4();
  static const FourBitTable fp4 = make_fp4();
  return kind == FourBitKind::nf4 ? nf4 : fp4;
}

}  // namespace forgelm::engine
