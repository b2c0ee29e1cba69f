// A band is sorted by its value; fingerprints with the same value stand
// together and are compared with each other. A pair that agrees in several
// bands is taken in the first of them.
#include "forgelm/audit/near_duplicates.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#include "near_groups.hpp"

namespace forgelm::audit {
namespace {

constexpr int kBits = 64;
constexpr int kMinBandBits = 4;  // narrower bands tell nothing apart: all pairs are compared then

struct Bands {
  int count = 1;
  int bits = 0;  ///< of a band; 0: everything is in one

  explicit Bands(int threshold) {
    if (threshold < kBits && kBits / (threshold + 1) >= kMinBandBits) {
      count = threshold + 1;
      bits = kBits / count;
    }
  }
  std::uint64_t value(std::uint64_t fingerprint, int band) const {
    if (bits == 0) return 0;
    const std::uint64_t mask = bits == kBits ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
    return fingerprint >> (band * bits) & mask;
  }
  /// No band before `band` agrees.
  bool is_first(std::uint64_t a, std::uint64_t b, int band) const {
    for (int earlier = 0; earlier < band; ++earlier)
      if (value(a, earlier) == value(b, earlier)) return false;
    return true;
  }
};

int distance(std::uint64_t a, std::uint64_t b) { return std::popcount(a ^ b); }

NearGroups groups_of(const std::vector<std::uint64_t>& fingerprints) {
  return NearGroups(
      fingerprints.size(), [&](std::uint32_t row) { return fingerprints[row] != 0; },
      [&](std::uint32_t a, std::uint32_t b) { return fingerprints[a] < fingerprints[b]; });
}

std::vector<std::uint64_t> values_of(const NearGroups& groups, const std::vector<std::uint64_t>& fingerprints) {
  std::vector<std::uint64_t> values;
  for (std::size_t group = 0; group < groups.num_groups(); ++group)
    values.push_back(fingerprints[groups.first_row(group)]);
  return values;
}

/// Calls `take(a, b, distance)` once for each pair of different groups within
/// `threshold`.
template <class Take>
void for_each_near(const std::vector<std::uint64_t>& values, int threshold, Take take) {
  const Bands bands(threshold);
  std::vector<std::uint32_t> order(values.size());
  for (int band = 0; band < bands.count; ++band) {
    std::iota(order.begin(), order.end(), 0U);
    if (bands.bits != 0)
      std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return bands.value(values[a], band) < bands.value(values[b], band);
      });
    for (std::size_t begin = 0; begin < order.size();) {
      std::size_t end = begin + 1;
      while (end < order.size() && bands.value(values[order[end]], band) == bands.value(values[order[begin]], band))
        ++end;
      for (std::size_t i = begin; i < end; ++i)
        for (std::size_t j = i + 1; j < end; ++j) {
          const std::uint64_t a = values[order[i]], b = values[order[j]];
          const int bits = distance(a, b);
          if (bits <= threshold && bands.is_first(a, b, band)) take(order[i], order[j], bits);
        }
      begin = end;
    }
  }
}

}  // namespace

NearDuplicates find_near_duplicates(const std::vector<std::uint64_t>& fingerprints, int threshold,
                                    std::size_t max_listed, std::size_t max_clusters) {
  const NearGroups groups = groups_of(fingerprints);
  NearCollector found(groups, max_listed, max_clusters);
  for_each_near(values_of(groups, fingerprints), threshold,
                [&](std::uint32_t a, std::uint32_t b, int bits) { found.add(a, b, bits); });
  return found.finish();
}

std::uint64_t count_leaked(const std::vector<std::uint64_t>& source, const std::vector<std::uint64_t>& target,
                           int threshold) {
  const NearGroups from_groups = groups_of(source);
  const std::vector<std::uint64_t> from = values_of(from_groups, source), to = values_of(groups_of(target), target);
  const Bands bands(threshold);
  std::vector<bool> is_leaked(from.size());
  std::vector<std::uint32_t> order(to.size());
  for (int band = 0; band < bands.count; ++band) {
    std::iota(order.begin(), order.end(), 0U);
    const auto value_of = [&](std::uint32_t group) { return bands.value(to[group], band); };
    if (bands.bits != 0)
      std::sort(order.begin(), order.end(),
                [&](std::uint32_t a, std::uint32_t b) { return value_of(a) < value_of(b); });
    for (std::size_t group = 0; group < from.size(); ++group) {
      if (is_leaked[group]) continue;
      const std::uint64_t wanted = bands.value(from[group], band);
      auto at = std::lower_bound(order.begin(), order.end(), wanted,
                                 [&](std::uint32_t other, std::uint64_t value) { return value_of(other) < value; });
      for (; at != order.end() && value_of(*at) == wanted; ++at)
        if (distance(from[group], to[*at]) <= threshold) {
          is_leaked[group] = true;
          break;
        }
    }
  }
  std::uint64_t leaked = 0;
  for (std::size_t group = 0; group < from.size(); ++group)
    if (is_leaked[group]) leaked += from_groups.size(group);
  return leaked;
}

}  // namespace forgelm::audit
