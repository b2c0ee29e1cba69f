// Trie: all tokens of a vocabulary by their bytes, as a double array whose children stand at base ^ byte. One step is
// one look at memory. Invariants: immutable; building is near linear and its memory bounded (about 12 bytes a node at
// 80 % use for real vocabularies).
// Trap: node 0 is both the root and what step() returns for "no such child"; nothing leads back to the root.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace forgelm::text {

class Trie {
 public:
  using Key = std::pair<std::string_view, std::int32_t>;  ///< bytes and the value (>= 0)

  Trie() : units_(256) {}
  /// Later keys win over earlier equal ones; an empty key is ignored. std::length_error above the bound on memory.
  explicit Trie(std::vector<Key> keys);

  /// The child by this byte, or 0.
  std::uint32_t step(std::uint32_t node, char byte) const noexcept {
    const std::uint32_t next = units_[node].base ^ static_cast<unsigned char>(byte);
    return units_[next].parent == node ? next : 0;
  }
  /// The value of the key that ends here, or -1.
  std::int32_t value(std::uint32_t node) const noexcept { return units_[node].value; }
  /// The node that `bytes` lead to, or 0.
  std::uint32_t walk(std::string_view bytes, std::uint32_t node = 0) const noexcept {
    for (const char byte : bytes) {
      node = step(node, byte);
      if (node == 0) break;
    }
    return node;
  }

 private:
  static constexpr std::uint32_t kFree = 0xffffffffu;
  static constexpr std::size_t kMaxUnits = 24'000'000;

  struct Unit {
    std::uint32_t base = 0;
    std::uint32_t parent = kFree;
    std::int32_t value = -1;
  };
  class Builder;

  std::vector<Unit> units_;
};

}  // namespace forgelm::text
