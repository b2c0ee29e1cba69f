// MinHash sketches as datasketch makes them in its scheme "legacy" (all
// versions before 2.0): 128 permutations of a 61-bit prime from numpy's
// RandomState(1), over the first four bytes of SHA-1 of each word. Pairs are
// those that its MinHashLSH proposes and whose estimated Jaccard similarity
// reaches the threshold.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "text_masks.hpp"

namespace forgelm::audit {

inline constexpr std::size_t kNumPermutations = 128;
/// All ones: a row without words, which is nobody's duplicate.
using Sketch = std::array<std::uint32_t, kNumPermutations>;

Sketch empty_sketch() noexcept;
/// The sketch of the set of words of a text (\w+ in lower case).
Sketch minhash(const TextMasks& text);

/// Bands and rows of a band that datasketch's MinHashLSH takes for a threshold.
std::pair<int, int> lsh_bands(double threshold);

}  // namespace forgelm::audit
