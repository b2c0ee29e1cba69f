#include "forgelm/compliance/merkle.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace forgelm::compliance {
namespace {

Sha256Digest node(const Sha256Digest& left, const Sha256Digest& right) {
  Sha256 hash;
  return hash.update(std::string_view("\x01", 1)).update(bytes_of(left)).update(bytes_of(right)).finish();
}

std::size_t num_ones(std::uint64_t value) { return static_cast<std::size_t>(std::popcount(value)); }

/// The largest power of two below `size` (size > 1).
std::uint64_t split_point(std::uint64_t size) { return std::bit_floor(size - 1); }

}  // namespace

Sha256Digest merkle_leaf(std::string_view entry) {
  Sha256 hash;
  return hash.update(std::string_view("\x00", 1)).update(entry).finish();
}

std::optional<MerkleTree> MerkleTree::from_edge(std::uint64_t size, std::vector<Sha256Digest> edge) {
  if (edge.size() != num_ones(size)) return std::nullopt;
  MerkleTree tree;
  tree.size_ = size;
  tree.edge_ = std::move(edge);
  return tree;
}

void MerkleTree::add(const Sha256Digest& leaf) {
  // Adding one carries through the low ones of the size, and joins a subtree for each.
  Sha256Digest joined = leaf;
  for (std::uint64_t size = size_; (size & 1u) != 0; size >>= 1) {
    joined = node(edge_.back(), joined);
    edge_.pop_back();
  }
  edge_.push_back(joined);
  ++size_;
}

Sha256Digest MerkleTree::root() const {
  if (edge_.empty()) return sha256({});
  Sha256Digest root = edge_.back();
  for (std::size_t i = edge_.size() - 1; i-- > 0;) root = node(edge_[i], root);
  return root;
}

std::vector<LeafRange> inclusion_ranges(std::uint64_t index, std::uint64_t size) {
  std::vector<LeafRange> ranges;  // root to leaf
  std::uint64_t begin = 0, end = size;
  while (end - begin > 1) {
    const std::uint64_t middle = begin + split_point(end - begin);
    if (index < middle) {
      ranges.push_back({middle, end});
      end = middle;
    } else {
      ranges.push_back({begin, middle});
      begin = middle;
    }
  }
  std::reverse(ranges.begin(), ranges.end());
  return ranges;
}

std::vector<LeafRange> consistency_ranges(std::uint64_t first, std::uint64_t second) {
  std::vector<LeafRange> ranges;  // root to leaf
  std::uint64_t begin = 0, end = second;
  bool is_known = true;  // whether the verifier has the root of what is left: the first tree, untouched
  while (first != end) {
    const std::uint64_t middle = begin + split_point(end - begin);
    if (first <= middle) {
      ranges.push_back({middle, end});
      end = middle;
    } else {
      ranges.push_back({begin, middle});
      begin = middle;
      is_known = false;
    }
  }
  if (!is_known) ranges.push_back({begin, end});
  std::reverse(ranges.begin(), ranges.end());
  return ranges;
}

std::vector<LeafRange> edge_ranges(std::uint64_t size) {
  std::vector<LeafRange> ranges;
  for (std::uint64_t begin = 0; begin < size;) {
    const std::uint64_t end = begin + std::bit_floor(size - begin);
    ranges.push_back({begin, end});
    begin = end;
  }
  return ranges;
}

SubtreeHasher::SubtreeHasher(std::vector<LeafRange> ranges)
    : ranges_(std::move(ranges)), order_(ranges_.size()), trees_(ranges_.size()) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::sort(order_.begin(), order_.end(),
            [this](std::size_t a, std::size_t b) { return ranges_[a].begin < ranges_[b].begin; });
}

void SubtreeHasher::add(const Sha256Digest& leaf) {
  const std::uint64_t index = num_leaves_++;
  while (current_ < order_.size() && index >= ranges_[order_[current_]].end) ++current_;
  if (current_ < order_.size() && index >= ranges_[order_[current_]].begin) trees_[order_[current_]].add(leaf);
}

std::optional<Sha256Digest> SubtreeHasher::root(std::size_t index) const {
  if (num_leaves_ < ranges_[index].end) return std::nullopt;
  return trees_[index].root();
}

bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Sha256Digest& leaf,
                      std::span<const Sha256Digest> proof, const Sha256Digest& root) {
  if (index >= size) return false;
  std::uint64_t place = index, last = size - 1;
  Sha256Digest hash = leaf;
  for (const Sha256Digest& sibling : proof) {
    if (last == 0) return false;
    if ((place & 1u) != 0 || place == last) {
      hash = node(sibling, hash);
      while ((place & 1u) == 0 && place != 0) {
        place >>= 1;
        last >>= 1;
      }
    } else {
      hash = node(hash, sibling);
    }
    place >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

bool verify_consistency(std::uint64_t first, std::uint64_t second, std::span<const Sha256Digest> proof,
                        const Sha256Digest& first_root, const Sha256Digest& second_root) {
  if (first == 0 || first > second) return false;
  if (first == second) return proof.empty() && first_root == second_root;
  // A whole power of two stands for itself: its root is the first node.
  const bool is_first_known = std::has_single_bit(first);
  if (!is_first_known && proof.empty()) return false;
  Sha256Digest old_hash = is_first_known ? first_root : proof.front();
  Sha256Digest new_hash = old_hash;
  if (!is_first_known) proof = proof.subspan(1);
  std::uint64_t place = first - 1, last = second - 1;
  while ((place & 1u) != 0) {
    place >>= 1;
    last >>= 1;
  }
  for (const Sha256Digest& sibling : proof) {
    if (last == 0) return false;
    if ((place & 1u) != 0 || place == last) {
      old_hash = node(sibling, old_hash);
      new_hash = node(sibling, new_hash);
      while ((place & 1u) == 0 && place != 0) {
        place >>= 1;
        last >>= 1;
      }
    } else {
      new_hash = node(new_hash, sibling);
    }
    place >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == first_root && new_hash == second_root;
}

}  // namespace forgelm::compliance
