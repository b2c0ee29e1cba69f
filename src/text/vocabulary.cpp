// See vocabulary.hpp.
#include "vocabulary.hpp"

#include <algorithm>
#include <random>

namespace forgelm::text {

std::uint64_t hash_seed() noexcept {
  static const std::uint64_t seed = [] {
    try {
      std::random_device device;
      return (std::uint64_t{device()} << 32) ^ device();
    } catch (...) {
      return std::uint64_t{0x5bd1e9955bd1e995u};
    }
  }();
  return seed;
}

void Vocabulary::reserve(std::size_t num_tokens, std::size_t num_bytes) {
  entries_.reserve(num_tokens);
  bytes_.reserve(num_bytes);
  const std::size_t wanted = std::bit_ceil(num_tokens * 2 + 16);
  if (wanted > slots_.size()) rehash(wanted);
}

void Vocabulary::rehash(std::size_t num_slots) {
  slots_.assign(num_slots, 0);
  const std::size_t mask = num_slots - 1;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::size_t at = entries_[i].hash & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

std::optional<TokenId> Vocabulary::find_hashed(std::string_view token, std::uint64_t hash) const noexcept {
  if (slots_.empty()) return std::nullopt;
  const std::size_t mask = slots_.size() - 1;
  const auto short_hash = static_cast<std::uint32_t>(hash);
  for (std::size_t at = short_hash & mask; slots_[at] != 0; at = (at + 1) & mask) {
    const Entry& entry = entries_[slots_[at] - 1];
    if (entry.hash == short_hash && text_of(entry) == token) return entry.id;
  }
  return std::nullopt;
}

void Vocabulary::add(std::string_view token, TokenId id) {
  if ((entries_.size() + 1) * 2 > slots_.size()) rehash(std::bit_ceil(entries_.size() * 4 + 16));
  const auto hash = static_cast<std::uint32_t>(hash_bytes(token, seed_));
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at] != 0) {
    Entry& entry = entries_[slots_[at] - 1];
    if (entry.hash == hash && text_of(entry) == token) {
      entry.id = id;
      break;
    }
    at = (at + 1) & mask;
  }
  if (slots_[at] == 0) {
    entries_.push_back({static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(token.size()), id, hash});
    bytes_.append(token);
    slots_[at] = static_cast<std::uint32_t>(entries_.size());
  }
  const auto index = static_cast<std::size_t>(id);
  if (index >= place_of_id_.size()) place_of_id_.resize(index + 1, 0);
  place_of_id_[index] = slots_[at];
}

bool Vocabulary::has_shared_ids() const noexcept {
  const auto num_used = std::count_if(place_of_id_.begin(), place_of_id_.end(), [](auto place) { return place != 0; });
  return static_cast<std::size_t>(num_used) != entries_.size();
}

std::string_view Vocabulary::token_of(TokenId id) const noexcept {
  const auto index = static_cast<std::size_t>(id);
  if (id < 0 || index >= place_of_id_.size() || place_of_id_[index] == 0) return {};
  return text_of(entries_[place_of_id_[index] - 1]);
}

std::array<TokenId, 256> find_byte_tokens(const Vocabulary& vocabulary) noexcept {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::array<TokenId, 256> ids{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const char name[] = {'<', '0', 'x', kHex[byte >> 4], kHex[byte & 15], '>'};
    ids[byte] = vocabulary.find(std::string_view(name, sizeof name)).value_or(-1);
  }
  return ids;
}

}  // namespace forgelm::text
