// N-grams of a text's words by their hashes, and a table of those that benchmarks have. The hash rolls: a window's is
// made from the one before in two multiplications. Private to src/audit.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "text_masks.hpp"
#include "words.hpp"

namespace forgelm::audit {

/// The hashes of a text's words.
class WordHashes {
 public:
  void read(std::string_view text) {
    masks_.read(text);
    hashes_.clear();
    masks_.for_each_word([this](std::string_view word) { hashes_.push_back(word_hash(word)); });
  }
  std::size_t size() const noexcept { return hashes_.size(); }

  /// Calls `take(hash)` for every run of `num_words` words, from the first on.
  template <class Take>
  void for_each_gram(int num_words, Take take) const {
    const auto size = static_cast<std::size_t>(num_words);
    if (hashes_.size() < size) return;
    std::uint64_t rolling = 0, leaving = 1;
    for (std::size_t i = 0; i < size; ++i) leaving *= kBase;
    for (std::size_t i = 0; i < hashes_.size(); ++i) {
      rolling = rolling * kBase + hashes_[i];
      if (i >= size) rolling -= leaving * hashes_[i - size];
      if (i + 1 >= size) take(mixed(rolling + static_cast<std::uint64_t>(num_words)));
    }
  }

 private:
  static constexpr std::uint64_t kBase = 0x9E3779B97F4A7C15U;
  /// The finalizer of SplitMix64: the table takes its low bits.
  static std::uint64_t mixed(std::uint64_t x) {
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9U;
    x = (x ^ x >> 27) * 0x94D049BB133111EBU;
    return x ^ x >> 31;
  }

  TextMasks masks_;
  std::vector<std::uint64_t> hashes_;
};

/// Hashes numbered in the order in which they came; open addressing, at most half full.
class GramTable {
 public:
  static constexpr std::uint32_t npos = std::numeric_limits<std::uint32_t>::max();

  GramTable() { grow(1024); }
  std::uint32_t find(std::uint64_t hash) const {
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      if (slots_[at].gram == npos) return npos;
      if (slots_[at].hash == hash) return slots_[at].gram;
    }
  }
  /// The number of the hash, a new one if it is new.
  std::uint32_t add(std::uint64_t hash) {
    if (const std::uint32_t known = find(hash); known != npos) return known;
    if (num_ * 2 >= slots_.size()) grow(slots_.size() * 2);
    put({hash, num_});
    return num_++;
  }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t gram = npos;
  };
  void put(Slot slot) {
    std::size_t at = slot.hash & mask_;
    while (slots_[at].gram != npos) at = (at + 1) & mask_;
    slots_[at] = slot;
  }
  void grow(std::size_t size) {
    std::vector<Slot> before = std::move(slots_);
    slots_.assign(size, {});
    mask_ = size - 1;
    for (const Slot& slot : before)
      if (slot.gram != npos) put(slot);
  }

  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
  std::uint32_t num_ = 0;
};

}  // namespace forgelm::audit
