// The Merkle tree against the vectors of certificate-transparency (cpp/merkletree/merkle_tree_test.cc), and every proof
// of every small tree against the definition of RFC 6962, written down here a second time.
#include "forgelm/compliance/merkle.hpp"

#include <string>

#include "forgelm/core/text.hpp"
#include "support/test.hpp"

namespace forgelm::compliance {
namespace {

const std::vector<std::string> kLeaves = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
const std::vector<std::string> kRoots = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                         "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                         "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                         "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

struct Vector {
  std::uint64_t first, second;
  std::vector<std::string> path;
};

// Leaf and size, counted from 1 and from 1.
const std::vector<Vector> kInclusion = {{1, 1, {}},
                                        {1,
                                         8,
                                         {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                                          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                                          "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
                                        {6,
                                         8,
                                         {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                                          "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
                                        {3, 3, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
                                        {2,
                                         5,
                                         {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                                          "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}}};

const std::vector<Vector> kConsistency = {{1, 1, {}},
                                          {1,
                                           8,
                                           {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                                            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                                            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
                                          {6,
                                           8,
                                           {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                                            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
                                          {2,
                                           5,
                                           {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                                            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}}};

std::string hex(const Sha256Digest& digest) { return hex_encode(bytes_of(digest)); }

std::vector<Sha256Digest> leaves(std::size_t num) {
  std::vector<Sha256Digest> out;
  for (std::size_t i = 0; i < num; ++i)
    out.push_back(merkle_leaf(i < kLeaves.size() ? *hex_decode(kLeaves[i]) : std::to_string(i)));
  return out;
}

/// RFC 6962, 2.1, word for word.
Sha256Digest root_of(std::vector<Sha256Digest> part) {
  if (part.size() == 1) return part[0];
  std::size_t k = 1;
  while (k * 2 < part.size()) k *= 2;
  const auto middle = part.begin() + static_cast<std::ptrdiff_t>(k);
  return sha256(cat('\x01', bytes_of(root_of({part.begin(), middle})), bytes_of(root_of({middle, part.end()}))));
}

std::vector<Sha256Digest> path_of(const std::vector<LeafRange>& ranges, const std::vector<Sha256Digest>& all) {
  SubtreeHasher hasher(ranges);
  for (const auto& leaf : all) hasher.add(leaf);
  std::vector<Sha256Digest> path;
  for (std::size_t i = 0; i < hasher.num_ranges(); ++i) path.push_back(hasher.root(i).value());
  return path;
}

std::vector<std::string> hex(const std::vector<Sha256Digest>& path) {
  std::vector<std::string> out;
  for (const auto& digest : path) out.push_back(hex(digest));
  return out;
}

TEST_CASE("Merkle tree: the published roots") {
  CHECK(hex(MerkleTree().root()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  MerkleTree tree;
  for (std::size_t i = 0; i < kRoots.size(); ++i) {
    tree.add(leaves(8)[i]);
    CHECK(hex(tree.root()) == kRoots[i]);
    const auto again = MerkleTree::from_edge(tree.size(), tree.edge());
    REQUIRE(again);
    CHECK(again->root() == tree.root());
  }
  CHECK_FALSE(MerkleTree::from_edge(3, tree.edge()));
}

TEST_CASE("Merkle tree: the published proofs") {
  for (const Vector& vector : kInclusion) {
    const auto all = leaves(vector.second);
    CHECK(hex(path_of(inclusion_ranges(vector.first - 1, vector.second), all)) == vector.path);
  }
  for (const Vector& vector : kConsistency) {
    const auto all = leaves(vector.second);
    CHECK(hex(path_of(consistency_ranges(vector.first, vector.second), all)) == vector.path);
  }
}

TEST_CASE("Merkle tree: every proof of every tree up to 33 leaves verifies, and none that was changed does") {
  std::vector<Sha256Digest> roots{{}};
  for (std::size_t size = 1; size <= 33; ++size) roots.push_back(root_of(leaves(size)));
  for (std::size_t size = 1; size <= 33; ++size) {
    const auto all = leaves(size);
    const auto flipped = [](std::vector<Sha256Digest> path, std::size_t at) {
      path[at][at % 32] ^= 1;
      return path;
    };
    for (std::size_t index = 0; index < size; ++index) {
      const auto path = path_of(inclusion_ranges(index, size), all);
      REQUIRE(verify_inclusion(index, size, all[index], path, roots[size]));
      for (std::size_t i = 0; i < path.size(); ++i)
        REQUIRE_FALSE(verify_inclusion(index, size, all[index], flipped(path, i), roots[size]));
      if (size > 1) REQUIRE_FALSE(verify_inclusion(index, size, all[(index + 1) % size], path, roots[size]));
      auto longer = path;
      longer.push_back(all[0]);
      REQUIRE_FALSE(verify_inclusion(index, size, all[index], longer, roots[size]));
    }
    for (std::size_t first = 1; first <= size; ++first) {
      const auto path = path_of(consistency_ranges(first, size), all);
      REQUIRE(verify_consistency(first, size, path, roots[first], roots[size]));
      for (std::size_t i = 0; i < path.size(); ++i)
        REQUIRE_FALSE(verify_consistency(first, size, flipped(path, i), roots[first], roots[size]));
      if (first < size) REQUIRE_FALSE(verify_consistency(first, size, path, roots[size], roots[first]));
      auto longer = path;
      longer.push_back(all[0]);
      REQUIRE_FALSE(verify_consistency(first, size, longer, roots[first], roots[size]));
    }
  }
  CHECK_FALSE(verify_inclusion(3, 3, {}, {}, {}));
  CHECK_FALSE(verify_consistency(0, 3, {}, {}, {}));
}

}  // namespace
}  // namespace forgelm::compliance
