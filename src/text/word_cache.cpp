// See word_cache.hpp.
#include "word_cache.hpp"

#include <algorithm>
#include <cstring>

namespace forgelm::text {

bool WordCache::find(std::string_view word, std::vector<Piece>& out) {
  if (slots_.empty()) slots_.resize(1024);
  const auto hash = static_cast<std::uint32_t>(hash_bytes(word, seed_));
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  for (; slots_[at].word_size != 0; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.hash == hash && slot.word_size == word.size() &&
        std::memcmp(bytes_.data() + slot.word_begin, word.data(), word.size()) == 0) {
      const Piece* first = pieces_.data() + slot.pieces_begin;
      out.insert(out.end(), first, first + slot.num_pieces);
      return true;
    }
  }
  missed_hash_ = hash;
  missed_at_ = at;
  return false;
}

void WordCache::insert(std::string_view word, std::span<const Piece> pieces) {
  if (word.empty() || word.size() > kMaxWordBytes) return;
  const bool is_full = (num_used_ + 1) * 2 > slots_.size() || bytes_.size() + word.size() > kMaxBytes ||
                       pieces_.size() + pieces.size() > kMaxPieces;
  if (is_full) {
    grow_or_clear();
    const std::size_t mask = slots_.size() - 1;
    missed_at_ = missed_hash_ & mask;
    while (slots_[missed_at_].word_size != 0) missed_at_ = (missed_at_ + 1) & mask;
  }
  slots_[missed_at_] = {missed_hash_, static_cast<std::uint32_t>(bytes_.size()),
                        static_cast<std::uint32_t>(pieces_.size()), static_cast<std::uint16_t>(word.size()),
                        static_cast<std::uint16_t>(pieces.size())};
  bytes_.append(word);
  pieces_.insert(pieces_.end(), pieces.begin(), pieces.end());
  ++num_used_;
}

void WordCache::grow_or_clear() {
  const bool has_room = bytes_.size() + kMaxWordBytes <= kMaxBytes && pieces_.size() + kMaxWordBytes <= kMaxPieces;
  if (has_room && slots_.size() < kMaxSlots) {
    std::vector<Slot> larger(slots_.size() * 4 <= kMaxSlots ? slots_.size() * 4 : kMaxSlots);
    const std::size_t mask = larger.size() - 1;
    for (const Slot& slot : slots_) {
      if (slot.word_size == 0) continue;
      std::size_t at = slot.hash & mask;
      while (larger[at].word_size != 0) at = (at + 1) & mask;
      larger[at] = slot;
    }
    slots_.swap(larger);
    return;
  }
  std::fill(slots_.begin(), slots_.end(), Slot{});
  bytes_.clear();
  pieces_.clear();
  num_used_ = 0;
}

}  // namespace forgelm::text
