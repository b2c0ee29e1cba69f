// WordCache: the tokens of words seen before, per thread. Text is Zipfian: nearly every word of a row is here, and
// then costs one hash and one comparison.
// Invariant: bounded (about 6 MB); when full it is emptied as a whole, which costs the time to meet the frequent words
// again and needs no bookkeeping per hit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model.hpp"
#include "vocabulary.hpp"

namespace forgelm::text {

class WordCache {
 public:
  /// Longer words are rare and cost more room than time.
  static constexpr std::size_t kMaxWordBytes = 192;

  WordCache() : seed_(hash_seed()) {}

  /// Appends the word's tokens to `out`; false when the word is not known. Remembers where insert() would put it.
  bool find(std::string_view word, std::vector<Piece>& out);
  /// The tokens of the word that find() just missed.
  void insert(std::string_view word, std::span<const Piece> pieces);

 private:
  static constexpr std::size_t kMaxSlots = std::size_t{1} << 17;
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
  static constexpr std::size_t kMaxPieces = std::size_t{1} << 18;

  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t word_begin = 0;
    std::uint32_t pieces_begin = 0;
    std::uint16_t word_size = 0;  ///< 0: free
    std::uint16_t num_pieces = 0;
  };
  void grow_or_clear();

  std::uint64_t seed_;
  std::vector<Slot> slots_;
  std::size_t num_used_ = 0;
  std::string bytes_;
  std::vector<Piece> pieces_;
  std::uint32_t missed_hash_ = 0;
  std::size_t missed_at_ = 0;
};

}  // namespace forgelm::text
