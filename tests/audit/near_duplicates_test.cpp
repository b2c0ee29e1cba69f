// Counting by tables equals comparing all pairs, and finds what was planted among a million rows.
#include "forgelm/audit/near_duplicates.hpp"

#include <bit>
#include <random>
#include <span>
#include <string>

#include "audit/sketch_index.hpp"
#include "support/test.hpp"

namespace forgelm::audit {
namespace {

std::uint64_t with_flipped(std::uint64_t value, int num_bits, std::mt19937_64& random) {
  std::uint64_t flipped = 0;
  while (std::popcount(flipped) < num_bits) flipped |= std::uint64_t{1} << random() % 64;
  return value ^ flipped;
}

std::uint64_t pairs_within(const std::vector<std::uint64_t>& prints, int threshold) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < prints.size(); ++i)
    for (std::size_t j = i + 1; j < prints.size(); ++j)
      if (prints[i] != 0 && prints[j] != 0 && std::popcount(prints[i] ^ prints[j]) <= threshold) ++count;
  return count;
}

TEST_CASE("near-duplicates are those of comparing all pairs, whatever the threshold") {
  std::mt19937_64 random(5);
  std::vector<std::uint64_t> prints = {0, 0};
  for (int i = 0; i < 150; ++i) prints.push_back(random());
  while (prints.size() < 1200)
    prints.push_back(with_flipped(prints[2 + random() % 150], static_cast<int>(random() % 9), random));
  for (const int threshold : {0, 1, 2, 3, 4, 7, 15, 16, 31, 62, 63, 64}) {
    INFO(threshold);
    const NearDuplicates found = find_near_duplicates(prints, threshold, 2'000'000);
    const std::uint64_t wanted = pairs_within(prints, threshold);
    CHECK(found.num_pairs == wanted);
    CHECK(found.pairs.size() == wanted);
    for (const NearPair& pair : found.pairs)
      if (std::popcount(prints[pair.first] ^ prints[pair.second]) != pair.distance) FAIL("a wrong distance");
  }
}

TEST_CASE("near-duplicates among many rows are those that were planted") {
  for (const std::size_t num_rows : {20'000U, 1'050'000U}) {
    INFO(num_rows);
    std::mt19937_64 random(6);
    std::vector<std::uint64_t> prints;
    std::uint64_t num_planted = 0;
    while (prints.size() < num_rows) {
      prints.push_back(random());
      if (prints.size() % 100 != 0) continue;
      const int num_bits = static_cast<int>(random() % 6);
      num_planted += num_bits <= 3 ? 1 : 0;
      prints.push_back(with_flipped(prints.back(), num_bits, random));
    }
    REQUIRE(num_planted > 100);
    // Two of the others are this near once in a hundred million such sets of 20,000, once in some hundred of a million:
    // not with this seed.
    CHECK(find_near_duplicates(prints, 3).num_pairs == num_planted);
    const std::vector<std::uint64_t> half(prints.begin(), prints.begin() + 100);
    CHECK(count_leaked(half, prints, 3) == 100);
  }
}

SketchIndex index_of(const std::vector<Sketch>& sketches, std::size_t max_in_memory) {
  SketchIndex index(max_in_memory);
  const std::span<const Sketch> all = sketches;
  index.append(all.first(all.size() / 3));
  index.append(all.subspan(all.size() / 3));
  index.finish();
  return index;
}

TEST_CASE("sketches on disk give what sketches in memory give") {
  std::mt19937 random(8);
  std::vector<Sketch> sketches = {empty_sketch()};
  std::vector<int> words(60);
  for (int i = 0; i < 400; ++i) {
    // A text, and then some that have a word or two of their own.
    for (int& word : words)
      if (i % 5 == 0) word = static_cast<int>(random());
    words[random() % 60] = static_cast<int>(random());
    std::string text;
    for (const int word : words) text += std::to_string(word) + " ";
    sketches.push_back(minhash(TextMasks(text)));
    if (i % 50 == 0) sketches.push_back(sketches.back());
  }
  const SketchIndex memory = index_of(sketches, sketches.size()), part = index_of(sketches, 200),
                    disk = index_of(sketches, 0);
  CHECK(disk.num_empty() == 1);
  std::uint64_t num_pairs = 0;
  for (std::size_t i = 1; i < sketches.size(); ++i)
    for (std::size_t j = i + 1; j < sketches.size(); ++j) {
      int same = 0;
      for (std::size_t k = 0; k < kNumPermutations; ++k) same += sketches[i][k] == sketches[j][k] ? 1 : 0;
      num_pairs += same >= 0.9 * kNumPermutations ? 1 : 0;
    }
  REQUIRE(num_pairs > 100);
  const NearDuplicates wanted = find_near_duplicates(memory, 0.9);
  CHECK(wanted.num_pairs <= num_pairs);  // LSH misses some near the threshold
  CHECK(wanted.num_pairs > num_pairs / 2);
  for (const SketchIndex* const other : {&part, &disk}) {
    const NearDuplicates found = find_near_duplicates(*other, 0.9);
    CHECK(found.num_pairs == wanted.num_pairs);
    CHECK(found.pairs == wanted.pairs);
    CHECK(count_leaked(*other, memory, 0.9) == count_leaked(memory, memory, 0.9));
  }
}

}  // namespace
}  // namespace forgelm::audit
