// The 8-bit number formats of bitsandbytes 0.50.2, "dynamic" maps: seven decades below 1, each of twice as many values
// as the one below it. Source: Dettmers 2015, arXiv 1511.04561. Scales of 4-bit weights are held in them, and the
// states of 8-bit optimizers.
#pragma once

#include <array>
#include <cstdint>

namespace forgelm::engine {

struct DynamicMap {
  std::array<float, 256> values;  ///< of the codes, ascending
  /// Codes of an even grid of 65536 points from -1 to 1. As on bitsandbytes' CPU backend a value takes the code of its
  /// nearest grid point, which makes the bounds between codes slightly uneven and gives everything within 1.5e-5 of
  /// zero the code of +1.5e-5.
  std::array<std::uint8_t, 65536> codes;
};

/// From -0.99 to 1.
const DynamicMap& signed_dynamic_map();
/// From 0 to 1.
const DynamicMap& unsigned_dynamic_map();

}  // namespace forgelm::engine
