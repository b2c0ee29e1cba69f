// Vocabulary: the tokens of a model and their ids, as a flat hash over one block of bytes; and the hashing that the
// models share. Invariants: look-ups allocate nothing; memory is about 24 bytes a token plus the tokens' bytes.
// Trap: two tokens may share an id (id -> token keeps the later one), and ids may have holes.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/text/tokenizer.hpp"

namespace forgelm::text {

/// What a tokenizer's files may hold at most: real ones stay a factor of four below.
inline constexpr std::size_t kMaxTokens = 2'000'000;
inline constexpr std::size_t kMaxMerges = 4'000'000;
inline constexpr TokenId kMaxTokenId = 4'194'303;

/// Differs from process to process, so that no file can be built to collide; no result depends on it.
std::uint64_t hash_seed() noexcept;

inline std::uint64_t mix_hash(std::uint64_t x) noexcept {
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93u;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93u;
  return x ^ (x >> 32);
}

inline std::uint64_t load_u64(const char* p) noexcept {
  std::uint64_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

/// A hash of bytes for tables in memory; eight bytes at a time.
inline std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) noexcept {
  constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15u;
  const char* p = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t hash = seed ^ (left * kFactor);
  for (; left > 8; left -= 8, p += 8) {
    hash = std::rotl((hash ^ load_u64(p)) * kFactor, 29);
  }
  std::uint64_t tail = 0;
  if (left >= 4) {
    std::uint32_t low;
    std::uint32_t high;
    std::memcpy(&low, p, 4);
    std::memcpy(&high, p + left - 4, 4);
    tail = low | (std::uint64_t{high} << 32);
  } else if (left > 0) {
    const auto byte = [&](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(p[i])}; };
    tail = byte(0) | (byte(left / 2) << 8) | (byte(left - 1) << 16);
  }
  return mix_hash(hash ^ tail);
}

class Vocabulary {
 public:
  Vocabulary() : seed_(hash_seed()) {}

  /// Adds a token. A token that is there already gets the new id. `id` must be in [0, kMaxTokenId].
  void add(std::string_view token, TokenId id);
  std::optional<TokenId> find(std::string_view token) const noexcept {
    return find_hashed(token, hash_bytes(token, seed_));
  }
  /// Empty when no token has this id.
  std::string_view token_of(TokenId id) const noexcept;
  /// Highest id + 1.
  std::size_t num_ids() const noexcept { return place_of_id_.size(); }
  /// Different tokens held.
  std::size_t size() const noexcept { return entries_.size(); }
  /// True when two tokens have the same id.
  bool has_shared_ids() const noexcept;
  void reserve(std::size_t num_tokens, std::size_t num_bytes);

  struct Entry {
    std::uint32_t offset;
    std::uint32_t size;
    TokenId id;
    std::uint32_t hash;
  };
  /// In the order of adding.
  const std::vector<Entry>& entries() const noexcept { return entries_; }
  std::string_view text_of(const Entry& entry) const noexcept {
    return std::string_view(bytes_).substr(entry.offset, entry.size);
  }

 private:
  std::optional<TokenId> find_hashed(std::string_view token, std::uint64_t hash) const noexcept;
  void rehash(std::size_t num_slots);

  std::uint64_t seed_;
  std::string bytes_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  ///< index into entries_ + 1; 0: free. Size a power of two, at most half full
  std::vector<std::uint32_t> place_of_id_;  ///< index into entries_ + 1; 0: hole
};

/// The ids of the tokens "<0x00>" to "<0xFF>"; -1 for those that the vocabulary lacks.
std::array<TokenId, 256> find_byte_tokens(const Vocabulary& vocabulary) noexcept;

}  // namespace forgelm::text
