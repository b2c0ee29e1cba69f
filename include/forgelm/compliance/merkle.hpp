// The Merkle tree of RFC 6962 (section 2.1) over the lines of a log, in memory that grows with the logarithm of their
// number: leaf SHA-256(0x00 || line), node SHA-256(0x01 || left || right), the left subtree the largest power of two
// below the whole. Only the right edge is kept: the roots of the full subtrees, largest first.
// Oracle: the published vectors of certificate-transparency and the proofs of RFC 9162 (tests/compliance/merkle_test).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "forgelm/core/hash.hpp"

namespace forgelm::compliance {

Sha256Digest merkle_leaf(std::string_view entry);

class MerkleTree {
 public:
  MerkleTree() = default;
  /// The tree of that many leaves whose full subtrees have these roots; nothing when their number is not that of the
  /// ones in `size`.
  static std::optional<MerkleTree> from_edge(std::uint64_t size, std::vector<Sha256Digest> edge);

  void add(const Sha256Digest& leaf);
  std::uint64_t size() const noexcept { return size_; }
  /// Of no leaves: SHA-256 of nothing.
  Sha256Digest root() const;
  /// Roots of the full subtrees, largest first: as many as `size` has ones in binary.
  const std::vector<Sha256Digest>& edge() const noexcept { return edge_; }

 private:
  std::uint64_t size_ = 0;
  std::vector<Sha256Digest> edge_;
};

struct LeafRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// The subtrees whose roots are the proof that leaf `index` is in the tree of `size` leaves (index < size), leaf to
/// root (RFC 9162, 2.1.3.1).
std::vector<LeafRange> inclusion_ranges(std::uint64_t index, std::uint64_t size);

/// The same for the proof that the tree of `first` leaves is how the tree of `second` began (0 < first <= second;
/// RFC 9162, 2.1.4.1).
std::vector<LeafRange> consistency_ranges(std::uint64_t first, std::uint64_t second);

/// The full subtrees of the tree of `size` leaves, largest first: those whose roots MerkleTree::edge() holds.
std::vector<LeafRange> edge_ranges(std::uint64_t size);

/// Roots of subtrees of leaves that pass by in order. The ranges must not overlap.
class SubtreeHasher {
 public:
  explicit SubtreeHasher(std::vector<LeafRange> ranges);
  void add(const Sha256Digest& leaf);
  std::size_t num_ranges() const noexcept { return ranges_.size(); }
  /// The root of the range that was given at this place; nothing while it lacks leaves.
  std::optional<Sha256Digest> root(std::size_t index) const;
  const LeafRange& range(std::size_t index) const { return ranges_[index]; }

 private:
  std::vector<LeafRange> ranges_;
  std::vector<std::size_t> order_;  ///< of the ranges by their begin
  std::vector<MerkleTree> trees_;
  std::size_t current_ = 0;
  std::uint64_t num_leaves_ = 0;
};

/// RFC 9162, 2.1.3.2.
bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Sha256Digest& leaf,
                      std::span<const Sha256Digest> proof, const Sha256Digest& root);

/// RFC 9162, 2.1.4.2.
bool verify_consistency(std::uint64_t first, std::uint64_t second, std::span<const Sha256Digest> proof,
                        const Sha256Digest& first_root, const Sha256Digest& second_root);

}  // namespace forgelm::compliance
