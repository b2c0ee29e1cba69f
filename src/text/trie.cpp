// See trie.hpp. Free units are kept in a ring and only those of the latest blocks are tried, so that building stays
// near linear; a block of 256 holds all children of one base.
#include "trie.hpp"

#include <algorithm>
#include <stdexcept>

namespace forgelm::text {

class Trie::Builder {
 public:
  explicit Builder(std::vector<Unit>& units) : units_(units) { add_block(); }

  void build(const std::vector<Key>& keys);

 private:
  static constexpr std::size_t kMaxTries = 128;
  static constexpr std::size_t kOpenBlocks = 16;
  struct Task {
    std::uint32_t node;
    std::uint32_t begin;  ///< keys [begin, end) share the node's bytes
    std::uint32_t end;
    std::uint32_t depth;
  };

  void add_block();
  void close_block(std::size_t block);
  void unlink(std::uint32_t unit);
  void take(std::uint32_t unit, std::uint32_t parent);
  std::uint32_t find_base();

  std::vector<Unit>& units_;
  std::vector<std::uint32_t> next_;  ///< ring of free units; kFree: not in it
  std::vector<std::uint32_t> previous_;
  std::uint32_t first_free_ = kFree;
  std::vector<unsigned char> labels_;
};

void Trie::Builder::add_block() {
  const std::size_t begin = units_.size();
  if (begin + 256 > kMaxUnits) throw std::length_error("too many different beginnings of tokens");
  units_.resize(begin + 256);
  next_.resize(begin + 256, kFree);
  previous_.resize(begin + 256, kFree);
  for (std::size_t i = begin; i < begin + 256; ++i) {
    const auto unit = static_cast<std::uint32_t>(i);
    if (first_free_ == kFree) {
      first_free_ = next_[unit] = previous_[unit] = unit;
    } else {
      const std::uint32_t last = previous_[first_free_];
      next_[last] = unit;
      previous_[unit] = last;
      next_[unit] = first_free_;
      previous_[first_free_] = unit;
    }
  }
  const std::size_t block = begin / 256;
  if (block >= kOpenBlocks) close_block(block - kOpenBlocks);
}

void Trie::Builder::close_block(std::size_t block) {
  for (std::size_t i = block * 256; i < block * 256 + 256; ++i) {
    if (next_[i] != kFree) unlink(static_cast<std::uint32_t>(i));
  }
}

void Trie::Builder::unlink(std::uint32_t unit) {
  if (next_[unit] == unit) {
    first_free_ = kFree;
  } else {
    next_[previous_[unit]] = next_[unit];
    previous_[next_[unit]] = previous_[unit];
    if (first_free_ == unit) first_free_ = next_[unit];
  }
  next_[unit] = previous_[unit] = kFree;
}

void Trie::Builder::take(std::uint32_t unit, std::uint32_t parent) {
  unlink(unit);
  units_[unit].parent = parent;
}

/// A base from which all labels lead to free units.
std::uint32_t Trie::Builder::find_base() {
  const auto is_free = [&](std::uint32_t unit) { return next_[unit] != kFree; };
  std::uint32_t unit = first_free_;
  for (std::size_t tries = 0; unit != kFree && tries < kMaxTries; ++tries) {
    const std::uint32_t base = unit ^ labels_.front();
    if (std::all_of(labels_.begin() + 1, labels_.end(), [&](unsigned char label) { return is_free(base ^ label); })) {
      return base;
    }
    unit = next_[unit];
    if (unit == first_free_) break;
  }
  const auto begin = static_cast<std::uint32_t>(units_.size());
  add_block();
  return begin;
}

void Trie::Builder::build(const std::vector<Key>& keys) {
  unlink(0);  // the root
  std::vector<Task> tasks = {{0, 0, static_cast<std::uint32_t>(keys.size()), 0}};
  std::vector<std::uint32_t> ends;
  while (!tasks.empty()) {
    Task task = tasks.back();
    tasks.pop_back();
    if (task.begin < task.end && keys[task.begin].first.size() == task.depth) {
      if (task.node != 0) units_[task.node].value = keys[task.begin].second;
      ++task.begin;
    }
    if (task.begin == task.end) {
      // Nothing may seem to be a child here: unit 0 has no parent, and the root's own base is set below.
      units_[task.node].base = 0;
      continue;
    }
    labels_.clear();
    ends.clear();
    for (std::uint32_t i = task.begin; i < task.end; ++i) {
      const auto label = static_cast<unsigned char>(keys[i].first[task.depth]);
      if (labels_.empty() || labels_.back() != label) {
        labels_.push_back(label);
        ends.push_back(i + 1);
      } else {
        ends.back() = i + 1;
      }
    }
    const std::uint32_t base = find_base();
    units_[task.node].base = base;
    std::uint32_t begin = task.begin;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      const std::uint32_t child = base ^ labels_[i];
      take(child, task.node);
      tasks.push_back({child, begin, ends[i], task.depth + 1});
      begin = ends[i];
    }
  }
}

Trie::Trie(std::vector<Key> keys) {
  std::stable_sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) { return a.first < b.first; });
  // Of equal keys the last one stays.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].first.empty() || (i + 1 < keys.size() && keys[i + 1].first == keys[i].first)) continue;
    keys[kept++] = keys[i];
  }
  keys.resize(kept);
  Builder(units_).build(keys);
  units_.shrink_to_fit();
}

}  // namespace forgelm::text
