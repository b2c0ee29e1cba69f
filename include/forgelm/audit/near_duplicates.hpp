// Near-duplicates among 64-bit fingerprints: pairs that differ in at most a few
// bits, counted exactly. Fingerprints that agree are taken together first and
// the rest is found by tables of parts of them, so that a data set of copies
// costs no more than one of differing rows, and time grows with the rows. Invariant: the counts equal comparing all
// pairs (tests/audit/near_duplicates_test.cpp; the reference's find_near_duplicates and _count_leaked_rows). A
// fingerprint of 0 is a row without words and is nobody's duplicate.
#pragma once

#include <cstdint>
#include <vector>

namespace forgelm::audit {

struct NearPair {
  std::uint32_t first = 0, second = 0;  ///< rows, first < second
  int distance = 0;
  bool operator==(const NearPair&) const = default;
};

/// Rows that hang together by pairs.
struct NearCluster {
  std::uint32_t first = 0;  ///< the first row
  std::uint64_t size = 0;
};

struct NearDuplicates {
  std::uint64_t num_pairs = 0;        ///< all of them
  std::uint64_t num_distinct = 0;     ///< different fingerprints
  std::vector<NearPair> pairs;        ///< by rows; empty when there are more than asked for
  std::vector<NearCluster> clusters;  ///< the largest first, then by row; of at least two rows
};

/// Pairs within `threshold` bits; listed when there are at most `max_listed`,
/// clusters (at most `max_clusters`) always.
NearDuplicates find_near_duplicates(const std::vector<std::uint64_t>& fingerprints, int threshold,
                                    std::size_t max_listed = 100'000, std::size_t max_clusters = 1'000);

/// Of each row, whether it hangs together, by pairs within `threshold` bits, with an earlier one.
std::vector<bool> find_repeats(const std::vector<std::uint64_t>& fingerprints, int threshold);

/// Of each of `source`, whether one of `target` is within `threshold` bits.
std::vector<bool> find_leaked(const std::vector<std::uint64_t>& source, const std::vector<std::uint64_t>& target,
                              int threshold);
/// How many of `source` have one of `target` within `threshold` bits.
std::uint64_t count_leaked(const std::vector<std::uint64_t>& source, const std::vector<std::uint64_t>& target,
                           int threshold);

}  // namespace forgelm::audit
