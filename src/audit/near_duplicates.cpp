// A table is sorted by its key; fingerprints with the same key stand together
// and are compared with each other. A pair that meets in several tables is
// taken in the first of them.
#include "forgelm/audit/near_duplicates.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "near_groups.hpp"

namespace forgelm::audit {
namespace {

constexpr int kBits = 64;
constexpr std::uint64_t kMaxTables = 64;
constexpr int kMinKeyBits = 4;  // narrower keys tell nothing apart: all pairs are compared then

/// The fingerprint is cut into blocks; a table's key is some of them. Two fingerprints that differ in at most t bits
/// agree in all but t of t + e blocks, so that one of the tables of all choices of e blocks brings them together. More
/// blocks in a key make it longer and the tables more: the number of rows decides. (Manku, Jain, Das Sarma: Detecting
/// Near-Duplicates for Web Crawling.)
class Tables {
 public:
  Tables(int threshold, std::size_t num_rows) {
    int per_key = num_rows < 10'000 ? 1 : num_rows < 1'000'000 ? 2 : 3;
    while (per_key > 1 && num_choices(threshold + per_key, per_key) > kMaxTables) --per_key;
    const int num_blocks = threshold + per_key;
    if (kBits / num_blocks * per_key < kMinKeyBits) {
      choices_ = {0};
      return;
    }
    for (int i = 0; i < num_blocks; ++i) {
      const int begin = i * kBits / num_blocks, end = (i + 1) * kBits / num_blocks;
      blocks_.push_back((end == kBits ? 0 : std::uint64_t{1} << end) - (std::uint64_t{1} << begin));
    }
    const std::uint64_t none_left = std::uint64_t{1} << num_blocks;
    for (std::uint64_t choice = (std::uint64_t{1} << per_key) - 1; choice < none_left;) {
      choices_.push_back(choice);
      // The next number with as many bits (Gosper).
      const std::uint64_t low = choice & (~choice + 1), ripple = choice + low;
      choice = ((choice ^ ripple) >> 2) / low | ripple;
    }
  }

  std::size_t count() const { return choices_.size(); }
  /// The bits of a fingerprint that table `index` goes by.
  std::uint64_t mask(std::size_t index) const {
    std::uint64_t bits = 0;
    for (std::size_t block = 0; block < blocks_.size(); ++block)
      if ((choices_[index] >> block & 1) != 0) bits |= blocks_[block];
    return bits;
  }
  /// No table before `index` brings the two together.
  bool is_first(std::uint64_t a, std::uint64_t b, std::size_t index) const {
    std::uint64_t agreeing = 0;
    for (std::size_t block = 0; block < blocks_.size(); ++block)
      if (((a ^ b) & blocks_[block]) == 0) agreeing |= std::uint64_t{1} << block;
    for (std::size_t earlier = 0; earlier < index; ++earlier)
      if ((choices_[earlier] & ~agreeing) == 0) return false;
    return true;
  }

 private:
  static std::uint64_t num_choices(int of, int some) {
    std::uint64_t count = 1;
    for (int i = 1; i <= some; ++i)
      count = count * static_cast<std::uint64_t>(of - some + i) / static_cast<std::uint64_t>(i);
    return count;
  }

  std::vector<std::uint64_t> blocks_;   ///< masks
  std::vector<std::uint64_t> choices_;  ///< bit i: block i is of the key
};

/// A fingerprint's key of a table, and whose it is.
struct Keyed {
  std::uint64_t key = 0;
  std::uint32_t group = 0;
};

/// Values with the same key stand together, in their order. By counting, eleven bits at a time: linear.
void sort_by_key(std::vector<Keyed>& items, std::vector<Keyed>& buffer, std::uint64_t mask) {
  constexpr int kDigit = 11;
  buffer.resize(items.size());
  for (int shift = 0; shift < kBits; shift += kDigit) {
    if ((mask >> shift & ((1U << kDigit) - 1)) == 0) continue;
    std::array<std::uint32_t, (1U << kDigit) + 1> places{};
    const auto digit = [&](const Keyed& item) { return item.key >> shift & ((1U << kDigit) - 1); };
    for (const Keyed& item : items) ++places[digit(item) + 1];
    std::partial_sum(places.begin(), places.end(), places.begin());
    for (const Keyed& item : items) buffer[places[digit(item)]++] = item;
    items.swap(buffer);
  }
}

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
  const Tables tables(threshold, values.size());
  std::vector<Keyed> items(values.size()), buffer;
  for (std::size_t table = 0; table < tables.count(); ++table) {
    const std::uint64_t mask = tables.mask(table);
    for (std::uint32_t group = 0; group < values.size(); ++group) items[group] = {values[group] & mask, group};
    sort_by_key(items, buffer, mask);
    for (std::size_t begin = 0, end = 0; begin < items.size(); begin = end) {
      for (end = begin + 1; end < items.size() && items[end].key == items[begin].key;) ++end;
      for (std::size_t i = begin; i < end; ++i)
        for (std::size_t j = i + 1; j < end; ++j) {
          const std::uint64_t a = values[items[i].group], b = values[items[j].group];
          const int bits = distance(a, b);
          if (bits <= threshold && tables.is_first(a, b, table)) take(items[i].group, items[j].group, bits);
        }
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

std::vector<bool> find_repeats(const std::vector<std::uint64_t>& fingerprints, int threshold) {
  const NearGroups groups = groups_of(fingerprints);
  NearCollector found(groups, 0, 0);
  for_each_near(values_of(groups, fingerprints), threshold,
                [&](std::uint32_t a, std::uint32_t b, int bits) { found.add(a, b, bits); });
  return found.repeats(fingerprints.size());
}

std::vector<bool> find_leaked(const std::vector<std::uint64_t>& source, const std::vector<std::uint64_t>& target,
                              int threshold) {
  const NearGroups from_groups = groups_of(source);
  const std::vector<std::uint64_t> from = values_of(from_groups, source), to = values_of(groups_of(target), target);
  const Tables tables(threshold, to.size());
  std::vector<bool> is_leaked(from.size());
  std::vector<Keyed> order(to.size());
  for (std::size_t table = 0; table < tables.count(); ++table) {
    const std::uint64_t mask = tables.mask(table);
    for (std::uint32_t group = 0; group < to.size(); ++group) order[group] = {to[group] & mask, group};
    std::sort(order.begin(), order.end(), [](const Keyed& a, const Keyed& b) { return a.key < b.key; });
    for (std::size_t group = 0; group < from.size(); ++group) {
      if (is_leaked[group]) continue;
      const std::uint64_t wanted = from[group] & mask;
      auto at = std::lower_bound(order.begin(), order.end(), wanted,
                                 [](const Keyed& other, std::uint64_t key) { return other.key < key; });
      for (; at != order.end() && at->key == wanted; ++at)
        if (distance(from[group], to[at->group]) <= threshold) {
          is_leaked[group] = true;
          break;
        }
    }
  }
  return from_groups.rows_of(is_leaked, source.size());
}

std::uint64_t count_leaked(const std::vector<std::uint64_t>& source, const std::vector<std::uint64_t>& target,
                           int threshold) {
  const std::vector<bool> leaked = find_leaked(source, target, threshold);
  return static_cast<std::uint64_t>(std::count(leaked.begin(), leaked.end(), true));
}

}  // namespace forgelm::audit
