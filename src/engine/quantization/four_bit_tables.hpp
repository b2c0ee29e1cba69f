// The number formats of 4-bit weights and of their 8-bit scales, as bitsandbytes 0.50.2 defines them.
#pragma once

#include <array>
#include <cstdint>

#include "engine/quantization/four_bit.hpp"

namespace forgelm::engine {

/// A value is in class i of 0 to 15 when i of `bounds` are below it: on a bound it belongs to the lower class.
struct FourBitTable {
  std::array<float, 16> values;              ///< of the codes, within [-1, 1]
  std::array<float, 15> bounds;              ///< half way between neighbours, ascending
  std::array<std::uint8_t, 16> class_codes;  ///< class -> code
};
const FourBitTable& four_bit_table(FourBitKind kind);

/// Scales that are quantized together with double quantization.
constexpr std::int64_t kNestedBlock = 256;

/// A scale of less, in the last block when it is not full, counts as this one; so does any divisor.
constexpr float kLeastAbsmax = 1e-38F;

}  // namespace forgelm::engine
