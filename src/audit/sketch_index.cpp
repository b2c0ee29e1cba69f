// Bands are hashed in the order of the rows, so that a file is read from front to back; only what a band brings
// together is looked up.
#include "sketch_index.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "near_groups.hpp"
#include "words.hpp"

namespace forgelm::audit {
namespace {

std::string_view bytes_of(std::span<const Sketch> sketches) {
  return {reinterpret_cast<const char*>(sketches.data()), sketches.size_bytes()};
}

std::uint64_t hash_of(const Sketch& sketch) { return word_hash(bytes_of({&sketch, 1})); }

std::uint64_t empty_hash() {
  static const std::uint64_t hash = hash_of(empty_sketch());
  return hash;
}

std::size_t num_different(const Sketch& a, const Sketch& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < kNumPermutations; ++i) count += a[i] != b[i] ? 1 : 0;
  return count;
}

bool is_near(std::size_t different, double threshold) {
  return static_cast<double>(kNumPermutations - different) / static_cast<double>(kNumPermutations) >= threshold;
}

std::uint64_t band_hash(const Sketch& sketch, int band, int width) {
  const auto begin = static_cast<std::size_t>(band * width);
  return word_hash({reinterpret_cast<const char*>(&sketch[begin]), static_cast<std::size_t>(width) * sizeof sketch[0]});
}

bool agrees(const Sketch& a, const Sketch& b, int band, int width) {
  const auto begin = static_cast<std::size_t>(band * width);
  return std::memcmp(&a[begin], &b[begin], static_cast<std::size_t>(width) * sizeof a[0]) == 0;
}

/// A look at a sketch brings in the pages around it.
constexpr std::uint64_t kLooksBetweenReleases = 4096;

/// A band's hash and the group of rows that has it.
struct Banded {
  std::uint64_t hash = 0;
  std::uint32_t group = 0;
};

/// Rows of a split by their sketch, and what of them has a band's value.
class Groups {
 public:
  explicit Groups(const SketchIndex& sketches)
      : sketches_(sketches),
        groups_(
            sketches.size(), [&](std::uint32_t row) { return !sketches.is_empty(row); },
            [&](std::uint32_t a, std::uint32_t b) {
              if (sketches.hash(a) != sketches.hash(b)) return sketches.hash(a) < sketches.hash(b);
              return sketches[a] < sketches[b];
            }),
        by_row_(groups_.num_groups()) {
    std::iota(by_row_.begin(), by_row_.end(), 0U);
    std::sort(by_row_.begin(), by_row_.end(),
              [&](std::uint32_t a, std::uint32_t b) { return groups_.first_row(a) < groups_.first_row(b); });
  }

  const NearGroups& groups() const { return groups_; }
  const Sketch& sketch(std::uint32_t group) const { return sketches_[groups_.first_row(group)]; }

  /// Calls `take(group, hash of its band)` in the order of the rows.
  template <class Take>
  void for_each(int band, int width, Take take) const {
    constexpr std::size_t kAtOnce = std::size_t{1} << 17;
    for (std::size_t i = 0; i < by_row_.size(); ++i) {
      take(by_row_[i], band_hash(sketch(by_row_[i]), band, width));
      if (i % kAtOnce == kAtOnce - 1) sketches_.release();
    }
    sketches_.release();
  }

  std::vector<Banded> sorted_band(int band, int width) const {
    std::vector<Banded> order;
    order.reserve(by_row_.size());
    for_each(band, width, [&](std::uint32_t group, std::uint64_t hash) { order.push_back({hash, group}); });
    std::sort(order.begin(), order.end(),
              [](const Banded& a, const Banded& b) { return a.hash != b.hash ? a.hash < b.hash : a.group < b.group; });
    return order;
  }

 private:
  const SketchIndex& sketches_;
  NearGroups groups_;
  std::vector<std::uint32_t> by_row_;
};

/// Adds each pair of different groups that MinHashLSH proposes and that is near, once.
void collect_near(const Groups& all, const SketchIndex& sketches, double threshold, NearCollector& found) {
  const auto [num_bands, width] = lsh_bands(threshold);
  std::uint64_t num_compared = 0;
  for (int band = 0; band < num_bands; ++band) {
    const std::vector<Banded> order = all.sorted_band(band, width);
    for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
      for (end = begin + 1; end < order.size() && order[end].hash == order[begin].hash;) ++end;
      for (std::size_t i = begin; i < end; ++i)
        for (std::size_t j = i + 1; j < end; ++j) {
          if (++num_compared % kLooksBetweenReleases == 0) sketches.release();
          const Sketch &a = all.sketch(order[i].group), &b = all.sketch(order[j].group);
          bool is_first = agrees(a, b, band, width);
          for (int earlier = 0; earlier < band && is_first; ++earlier) is_first = !agrees(a, b, earlier, width);
          if (!is_first) continue;
          if (const std::size_t different = num_different(a, b); is_near(different, threshold))
            found.add(order[i].group, order[j].group, static_cast<int>(different));
        }
    }
  }
}

}  // namespace

void SketchIndex::append(std::span<const Sketch> sketches) {
  for (const Sketch& sketch : sketches) {
    hashes_.push_back(hash_of(sketch));
    if (hashes_.back() == empty_hash()) ++num_empty_;
  }
  if (!file_ && hashes_.size() <= max_in_memory_) {
    in_memory_.insert(in_memory_.end(), sketches.begin(), sketches.end());
    return;
  }
  if (!file_) {
    file_.emplace();
    file_->append(bytes_of(in_memory_));
    in_memory_ = {};
  }
  file_->append(bytes_of(sketches));
}

void SketchIndex::finish() {
  if (file_) {
    mapped_.emplace(file_->map());
    sketches_ = {reinterpret_cast<const Sketch*>(mapped_->bytes().data()), hashes_.size()};
  } else {
    sketches_ = in_memory_;
  }
}

bool SketchIndex::is_empty(std::size_t row) const noexcept { return hashes_[row] == empty_hash(); }

void SketchIndex::forget(std::size_t row) noexcept {
  if (!is_empty(row)) ++num_empty_;
  hashes_[row] = empty_hash();
}

void SketchIndex::release() const noexcept {
  if (mapped_) mapped_->release_pages();
}

NearDuplicates find_near_duplicates(const SketchIndex& sketches, double threshold, std::size_t max_listed,
                                    std::size_t max_clusters) {
  const Groups all(sketches);
  NearCollector found(all.groups(), max_listed, max_clusters);
  collect_near(all, sketches, threshold, found);
  return found.finish();
}

std::vector<bool> find_repeats(const SketchIndex& sketches, double threshold) {
  const Groups all(sketches);
  NearCollector found(all.groups(), 0, 0);
  collect_near(all, sketches, threshold, found);
  return found.repeats(sketches.size());
}

std::pair<std::vector<bool>, std::vector<bool>> find_leaked(const SketchIndex& a, const SketchIndex& b,
                                                            double threshold) {
  const Groups all_a(a), all_b(b);
  const auto [num_bands, width] = lsh_bands(threshold);
  std::vector<bool> leaked_a(all_a.groups().num_groups()), leaked_b(all_b.groups().num_groups());
  for (int band = 0; band < num_bands; ++band) {
    const std::vector<Banded> order = all_b.sorted_band(band, width);
    all_a.for_each(band, width, [&, num_rows = width](std::uint32_t group, std::uint64_t wanted) {
      auto at = std::lower_bound(order.begin(), order.end(), wanted,
                                 [](const Banded& other, std::uint64_t hash) { return other.hash < hash; });
      for (; at != order.end() && at->hash == wanted; ++at) {
        if (leaked_a[group] && leaked_b[at->group]) continue;
        const Sketch &mine = all_a.sketch(group), &other = all_b.sketch(at->group);
        if (!agrees(mine, other, band, num_rows) || !is_near(num_different(mine, other), threshold)) continue;
        leaked_a[group] = true;
        leaked_b[at->group] = true;
      }
    });
  }
  return {all_a.groups().rows_of(leaked_a, a.size()), all_b.groups().rows_of(leaked_b, b.size())};
}

std::pair<std::uint64_t, std::uint64_t> count_leaked(const SketchIndex& a, const SketchIndex& b, double threshold) {
  const auto [in_a, in_b] = find_leaked(a, b, threshold);
  const auto count = [](const std::vector<bool>& rows) {
    return static_cast<std::uint64_t>(std::count(rows.begin(), rows.end(), true));
  };
  return {count(in_a), count(in_b)};
}

}  // namespace forgelm::audit
