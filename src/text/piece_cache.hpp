// The tokens of short words that were met before, for one thread. One entry is one line of 64 bytes with the word in
// it, so that a hit touches nothing else.
// Invariant: fixed size (4 MiB); an entry that is in the way is overwritten, of two places the older one.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "forgelm/text/tokenizer.hpp"
#include "model.hpp"

namespace forgelm::text {

class PieceCache {
 public:
  static constexpr std::size_t kMaxWordBytes = 24;
  static constexpr std::size_t kMaxPieces = 7;

  struct alignas(64) Entry {
    std::uint64_t word[3] = {};  // padded with zeros
    std::int32_t ids[kMaxPieces] = {};
    std::uint8_t ends[kMaxPieces] = {};  // of the pieces within the word
    std::uint8_t word_size = 0;          // 0: free
    std::uint8_t num_pieces = 0;
  };

  PieceCache() : entries_(kNumEntries) {}

  /// The entry of `word` (1 to kMaxWordBytes bytes), or nullptr. `text_end`: bytes up to there may be read.
  const Entry* find(std::string_view word, const char* text_end) noexcept {
    load(word, text_end);
    const std::uint64_t mixed =
        (key_[0] ^ (key_[1] * 0x9E3779B97F4A7C15u) ^ (key_[2] * 0xC2B2AE3D27D4EB4Fu) ^ word.size()) *
        0xD6E8FEB86659FD93u;
    place_ = (mixed >> 32) & (kNumEntries - 2);
    for (std::size_t way = 0; way < 2; ++way) {
      const Entry& entry = entries_[place_ + way];
      if (entry.word_size == word.size() && entry.word[0] == key_[0] && entry.word[1] == key_[1] &&
          entry.word[2] == key_[2])
        return &entry;
    }
    return nullptr;
  }

  /// The tokens of the word that find() just missed; words with too many are left out.
  void insert(std::string_view word, const Piece* pieces, std::size_t num_pieces) noexcept {
    if (num_pieces > kMaxPieces) return;
    entries_[place_ + 1] = entries_[place_];
    Entry& entry = entries_[place_];
    std::memcpy(entry.word, key_, sizeof key_);
    for (std::size_t i = 0; i < num_pieces; ++i) {
      entry.ids[i] = pieces[i].id;
      entry.ends[i] = static_cast<std::uint8_t>(pieces[i].end);
    }
    entry.word_size = static_cast<std::uint8_t>(word.size());
    entry.num_pieces = static_cast<std::uint8_t>(num_pieces);
  }

 private:
  static constexpr std::size_t kNumEntries = std::size_t{1} << 16;

  void load(std::string_view word, const char* text_end) noexcept {
    if (static_cast<std::size_t>(text_end - word.data()) >= kMaxWordBytes) {
      std::memcpy(key_, word.data(), kMaxWordBytes);
      const std::size_t last = (word.size() - 1) / 8;
      key_[last] &= ~std::uint64_t{0} >> (8 * (7 - (word.size() - 1) % 8));
      for (std::size_t i = last + 1; i < 3; ++i) key_[i] = 0;
      return;
    }
    key_[0] = key_[1] = key_[2] = 0;
    std::memcpy(key_, word.data(), word.size());
  }

  std::vector<Entry> entries_;
  std::uint64_t key_[3] = {};
  std::size_t place_ = 0;
};

}  // namespace forgelm::text
