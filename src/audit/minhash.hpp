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

#include "forgelm/audit/near_duplicates.hpp"
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

/// As find_near_duplicates; the distance of a pair is the number of
/// permutations in which it differs.
NearDuplicates find_near_duplicates(const std::vector<Sketch>& sketches, double threshold,
                                    std::size_t max_listed = 100'000, std::size_t max_clusters = 1'000);

/// As find_repeats.
std::vector<bool> find_repeats(const std::vector<Sketch>& sketches, double threshold);

/// As find_leaked, for both directions.
std::pair<std::vector<bool>, std::vector<bool>> find_leaked(const std::vector<Sketch>& a, const std::vector<Sketch>& b,
                                                            double threshold);
/// As count_leaked, for both directions.
std::pair<std::uint64_t, std::uint64_t> count_leaked(const std::vector<Sketch>& a, const std::vector<Sketch>& b,
                                                     double threshold);

}  // namespace forgelm::audit
