// The precompiled_charsmap of SentencePiece: a double array over the bytes of what is replaced, and the replacements,
// each ended by a NUL. Layout: u32 size of the array in bytes (little-endian); units of u32: bits 0-7 label, bit 8 "a
// value stands at the base", bits 9-30 offset to the base (bit 9: times 256), bit 31 marks a value (the offset of a
// replacement). Trap: sentencepiece before 0.2.1 walks this without looking where it steps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace forgelm::text {

/// The library keeps this many matches of one text on its stack and counts on.
inline constexpr int kMaxCharsmapMatches = 32;
inline constexpr int kMaxCharsmapDepth = 256;
inline constexpr std::size_t kMaxCharsmapArrayBytes = std::size_t{4} << 20;
/// What one match may become: bounds the normalised text by the text times this.
inline constexpr std::size_t kMaxCharsmapReplacementBytes = 256;

/// What is wrong with a charsmap; nothing when every walk through it stays inside and ends, and every replacement is
/// UTF-8 with an end. An empty blob is fine: no map.
std::optional<std::string> find_charsmap_fault(std::string_view blob);

struct CharsmapParts {
  std::vector<std::uint32_t> units;
  std::string_view replacements;  ///< of the blob
};
/// The parts of a charsmap without a fault.
CharsmapParts read_charsmap(std::string_view blob);

// A walk: from node 0, to base ^ label for each byte while the unit there has that label.
inline std::uint32_t charsmap_base(const std::vector<std::uint32_t>& units, std::uint32_t node) noexcept {
  const std::uint32_t unit = units[node];
  return node ^ ((unit >> 10) << ((unit & (1u << 9)) >> 6));
}
inline bool charsmap_has_label(const std::vector<std::uint32_t>& units, std::uint32_t node,
                               std::uint32_t label) noexcept {
  return (units[node] & 0x800000ffu) == label;
}
inline bool charsmap_has_value(const std::vector<std::uint32_t>& units, std::uint32_t node) noexcept {
  return ((units[node] >> 8) & 1) != 0;
}
/// Of a node that has one, by its base.
inline std::uint32_t charsmap_value(const std::vector<std::uint32_t>& units, std::uint32_t base) noexcept {
  return units[base] & 0x7fffffffu;
}

}  // namespace forgelm::text
