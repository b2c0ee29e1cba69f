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
      const std::uint64_t mask = (end == kBits ? 0 : std::uint64_t{1} << end) - (std::uint64_t{1} << begin);
      blocks_.push_back({mask, begin, end - begin});
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
  /// What table `index` goes by: at most 32 bits of the blocks of its key.
  std::uint32_t key(std::uint64_t fingerprint, std::size_t index) const {
    std::uint64_t key = 0;
    for (std::uint64_t choice = choices_[index]; choice != 0; choice &= choice - 1) {
      const Block& block = blocks_[static_cast<std::size_t>(std::countr_zero(choice))];
      key = key << block.num_bits % kBits | (fingerprint & block.mask) >> block.begin;
    }
    return static_cast<std::uint32_t>(key);
  }
  /// Table `index` is the first one whose blocks agree in both.
  bool is_first(std::uint64_t a, std::uint64_t b, std::size_t index) const {
    std::uint64_t agreeing = 0;
    for (std::size_t block = 0; block < blocks_.size(); ++block)
      if (((a ^ b) & blocks_[block].mask) == 0) agreeing |= std::uint64_t{1} << block;
    const auto brings_together = [&](std::size_t table) { return (choices_[table] & ~agreeing) == 0; };
    for (std::size_t earlier = 0; earlier < index; ++earlier)
      if (brings_together(earlier)) return false;
    return brings_together(index);
  }

 private:
  static std::uint64_t num_choices(int of, int some) {
    std::uint64_t count = 1;
    for (int i = 1; i <= some; ++i)
      count = count * static_cast<std::uint64_t>(of - some + i) / static_cast<std::uint64_t>(i);
    return count;
  }

  struct Block {
    std::uint64_t mask;
    int begin, num_bits;
  };
  std::vector<Block> blocks_;
  std::vector<std::uint64_t> choices_;  ///< bit i: block i is of the key
};

/// A fingerprint's key of a table in the upper half, whose it is in the lower one.
using Keyed = std::uint64_t;
Keyed keyed(std::uint32_t key, std::uint32_t group) { return Keyed{key} << 32 | group; }
std::uint32_t key_of(Keyed item) { return static_cast<std::uint32_t>(item >> 32); }
std::uint32_t group_of(Keyed item) { return static_cast<std::uint32_t>(item); }

/// Items with the same key stand together, in their order. By counting, eleven bits at a time: linear.
void sort_by_key(std::vector<Keyed>& items, std::vector<Keyed>& buffer) {
  constexpr int kDigit = 11;
  buffer.resize(items.size());
  for (int shift = 32; shift < 64; shift += kDigit) {
    std::array<std::uint32_t, (1U << kDigit) + 1> places{};
    const auto digit = [&](Keyed item) { return item >> shift & ((1U << kDigit) - 1); };
    for (const Keyed item : items) ++places[digit(item) + 1];
    std::partial_sum(places.begin(), places.end(), places.begin());
    for (const Keyed item : items) buffer[places[digit(item)]++] = item;
    items.swap(buffer);
  }
}

int distance(std::uint64_t a, std::uint64_t b) { return std::popcount(a ^ b); }

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
    for (std::uint32_t group = 0; group < values.size(); ++group)
      items[group] = keyed(tables.key(values[group], table), group);
    sort_by_key(items, buffer);
    for (std::size_t begin = 0, end = 0; begin < items.size(); begin = end) {
      for (end = begin + 1; end < items.size() && key_of(items[end]) == key_of(items[begin]);) ++end;
      for (std::size_t i = begin; i < end; ++i)
        for (std::size_t j = i + 1; j < end; ++j) {
          const std::uint64_t a = values[group_of(items[i])], b = values[group_of(items[j])];
          const int bits = distance(a, b);
          if (bits <= threshold && tables.is_first(a, b, table)) take(group_of(items[i]), group_of(items[j]), bits);
        }
    }
  }
}

}  // namespace

NearDuplicates find_near_duplicates(const std::vector<std::uint64_t>& fingerprints, int threshold,
                                    std::size_t max_listed, std::size_t max_clusters) {
  const NearGroups groups(fingerprints);
  NearCollector found(groups, max_listed, max_clusters);
  for_each_near(values_of(groups, fingerprints), threshold,
                [&](std::uint32_t a, std::uint32_t b, int bits) { found.add(a, b, bits); });
  return found.finish();
}

std::vector<bool> find_repeats(const std::vector<std::uint64_t>& fingerprints, int threshold) {
  const NearGroups groups(fingerprints);
  NearCollector found(groups, 0, 0);
  for_each_near(values_of(groups, fingerprints), threshold,
                [&](std::uint32_t a, std::uint32_t b, int bits) { found.add(a, b, bits); });
  return found.repeats(fingerprints.size());
}

std::vector<bool> find_leaked(const std::vector<std::uint64_t>& source, const std::vector<std::uint64_t>& target,
                              int threshold) {
  const NearGroups from_groups(source);
  const std::vector<std::uint64_t> from = values_of(from_groups, source), to = values_of(NearGroups(target), target);
  const Tables tables(threshold, to.size());
  std::vector<bool> is_leaked(from.size());
  std::vector<Keyed> order(to.size()), buffer;
  for (std::size_t table = 0; table < tables.count(); ++table) {
    for (std::uint32_t group = 0; group < to.size(); ++group) order[group] = keyed(tables.key(to[group], table), group);
    sort_by_key(order, buffer);
    for (std::size_t group = 0; group < from.size(); ++group) {
      if (is_leaked[group]) continue;
      const std::uint32_t wanted = tables.key(from[group], table);
      for (auto at = std::lower_bound(order.begin(), order.end(), keyed(wanted, 0));
           at != order.end() && key_of(*at) == wanted; ++at)
        if (distance(from[group], to[group_of(*at)]) <= threshold) {
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
