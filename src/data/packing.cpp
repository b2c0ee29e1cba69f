// Best fit decreasing in linear time: lengths are sorted by counting, the bins of each free space are a queue, and
// which spaces have bins is a set of bits with summaries above it.
#include "forgelm/data/packing.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::data {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

/// A set of numbers below a bound that finds the next one. A bit of level k says that a word of level k-1 is not zero.
class NumberSet {
 public:
  explicit NumberSet(std::uint64_t bound) {
    do {
      bound = bound / 64 + 1;
      levels_.emplace_back(bound);
    } while (bound > 1);
  }

  void insert(std::uint64_t number) {
    for (auto& words : levels_) {
      words[number / 64] |= std::uint64_t{1} << (number % 64);
      number /= 64;
    }
  }

  void erase(std::uint64_t number) {
    for (auto& words : levels_) {
      words[number / 64] &= ~(std::uint64_t{1} << (number % 64));
      number /= 64;
      if (words[number] != 0) return;
    }
  }

  /// The least number of the set that is not below `number`, or kNone.
  std::uint64_t find_from(std::uint64_t number) const {
    for (std::size_t level = 0; level < levels_.size(); ++level) {
      const auto& words = levels_[level];
      if (number / 64 >= words.size()) return kNone;
      const std::uint64_t rest = words[number / 64] >> (number % 64);
      if (rest == 0) {
        number = number / 64 + 1;
        continue;
      }
      number += static_cast<std::uint64_t>(std::countr_zero(rest));
      while (level > 0) {
        --level;
        number = number * 64 + static_cast<std::uint64_t>(std::countr_zero(levels_[level][number]));
      }
      return number;
    }
    return kNone;
  }

 private:
  std::vector<std::vector<std::uint64_t>> levels_;
};

/// Indices of the items that are not empty, longest first, those of one length in their order.
std::vector<std::uint32_t> longest_first(std::span<const std::uint32_t> lengths, std::uint32_t max_length) {
  std::vector<std::uint32_t> begins(std::size_t{max_length} + 2, 0);  // of the items of a length, from the longest on
  for (const std::uint32_t length : lengths) ++begins[max_length - length + 1];
  const std::size_t num_empty = begins[std::size_t{max_length} + 1];
  for (std::size_t i = 1; i < begins.size(); ++i) begins[i] += begins[i - 1];
  std::vector<std::uint32_t> sorted(lengths.size() - num_empty);
  for (std::uint32_t i = 0; i < lengths.size(); ++i)
    if (lengths[i] > 0) sorted[begins[max_length - lengths[i]]++] = i;
  return sorted;
}

}  // namespace

Bins pack_best_fit(std::span<const std::uint32_t> lengths, std::uint32_t max_length) {
  if (max_length == 0 || lengths.size() >= kNone)
    throw RunError(RunErrorKind::internal, cat("cannot pack ", lengths.size(), " items to ", max_length));
  const auto longest = std::max_element(lengths.begin(), lengths.end());
  if (longest != lengths.end() && *longest > max_length)
    throw RunError(RunErrorKind::data, cat("example ", longest - lengths.begin(), " has ", *longest,
                                           " tokens and cannot be packed to ", max_length));
  const std::vector<std::uint32_t> sorted = longest_first(lengths, max_length);

  NumberSet spaces(max_length);  // free spaces, smaller than an empty bin's, that some bin has
  std::vector<std::uint32_t> first_bin(max_length, kNone);  // the queue of the bins of each free space
  std::vector<std::uint32_t> last_bin(max_length, kNone);
  std::vector<std::uint32_t> next_bin;
  std::vector<std::uint32_t> bin_of(sorted.size());
  Bins bins;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const std::uint32_t length = lengths[sorted[i]];
    std::uint64_t space = spaces.find_from(length);
    std::uint32_t bin = 0;
    if (space == kNone) {
      space = max_length;
      bin = static_cast<std::uint32_t>(next_bin.size());
      next_bin.push_back(kNone);
      bins.begins.push_back(0);
    } else {
      bin = first_bin[space];
      first_bin[space] = next_bin[bin];
      if (first_bin[space] == kNone) spaces.erase(space);
    }
    bin_of[i] = bin;
    ++bins.begins[std::size_t{bin} + 1];
    space -= length;
    if (space == 0) continue;
    next_bin[bin] = kNone;
    if (first_bin[space] == kNone) first_bin[space] = bin, spaces.insert(space);
    else next_bin[last_bin[space]] = bin;
    last_bin[space] = bin;
  }

  for (std::size_t bin = 1; bin < bins.begins.size(); ++bin) bins.begins[bin] += bins.begins[bin - 1];
  bins.items.resize(sorted.size());
  // In sorted order, so that items in a bin stay longest first; begins move to the ends and are moved back.
  for (std::size_t i = 0; i < sorted.size(); ++i) bins.items[bins.begins[bin_of[i]]++] = sorted[i];
  bins.begins.insert(bins.begins.begin(), 0);
  bins.begins.pop_back();
  return bins;
}

}  // namespace forgelm::data
