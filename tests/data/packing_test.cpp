// Packing against TRL's bins (tests/golden/packing, made by tools/golden/packing/make.py) and against the obvious way.
#include "forgelm/data/packing.hpp"

#include <algorithm>
#include <fstream>
#include <numeric>

#include "forgelm/core/error.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/pcg64.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::data;

namespace {

using Lengths = std::vector<std::uint32_t>;

/// Looks through all bins for each item. Of bins with the same room the one that has had it longest is taken.
std::vector<std::vector<std::uint32_t>> pack_slowly(const Lengths& lengths, std::uint32_t max_length) {
  std::vector<std::uint32_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return lengths[a] > lengths[b]; });
  struct Bin {
    std::vector<std::uint32_t> items;
    std::uint32_t room;
    std::size_t since;
  };
  std::vector<Bin> bins;
  std::size_t now = 0;
  for (const std::uint32_t item : order) {
    if (lengths[item] == 0) continue;
    Bin* best = nullptr;
    for (Bin& bin : bins)
      if (bin.room >= lengths[item] &&
          (best == nullptr || bin.room < best->room || (bin.room == best->room && bin.since < best->since)))
        best = &bin;
    if (best == nullptr) best = &bins.emplace_back(Bin{{}, max_length, 0});
    best->items.push_back(item);
    best->room -= lengths[item];
    best->since = ++now;
  }
  std::vector<std::vector<std::uint32_t>> result;
  for (Bin& bin : bins) result.push_back(std::move(bin.items));
  return result;
}

std::vector<std::vector<std::uint32_t>> lists_of(const Bins& bins) {
  std::vector<std::vector<std::uint32_t>> lists;
  for (std::size_t i = 0; i < bins.size(); ++i) lists.emplace_back(bins[i].begin(), bins[i].end());
  return lists;
}

Lengths random_lengths(std::uint64_t seed, std::size_t num, std::uint32_t low, std::uint32_t high) {
  Pcg64 random(seed);
  Lengths lengths(num);
  for (auto& length : lengths) length = static_cast<std::uint32_t>(low + random.next_up_to(high - low));
  return lengths;
}

}  // namespace

TEST_CASE("packing: a small case by hand") {
  // 7 goes to a new bin; 5 too; 3 fits best into 7's (room 3); 3 into 5's (room 5); 2 into 5's (room 2).
  const Bins bins = pack_best_fit(Lengths{3, 7, 5, 0, 3, 2}, 10);
  CHECK(lists_of(bins) == std::vector<std::vector<std::uint32_t>>{{1, 0}, {2, 4, 5}});
  CHECK(pack_best_fit(Lengths{}, 10).size() == 0);
  CHECK(pack_best_fit(Lengths{0, 0}, 10).size() == 0);
}

TEST_CASE("packing: bins are those of the reference") {
  std::ifstream in(FORGELM_SOURCE_DIR "/tests/golden/packing/bins.jsonl");
  std::string line;
  int num_rows = 0;
  while (std::getline(in, line)) {
    ++num_rows;
    const Json row = parse_json(line).value();
    const auto number = [&row](std::string_view key) { return static_cast<std::uint32_t>(row.at(key).integer()); };
    const Lengths lengths = random_lengths(number("seed"), number("num"), number("low"), number("high"));
    const Bins bins = pack_best_fit(lengths, number("max_length"));
    INFO(line);
    CHECK(bins.size() == number("num_bins"));
    const Json& head = row.at("head");
    for (std::size_t i = 0; i < head.items().size() && i < bins.size(); ++i) {
      std::vector<std::int64_t> wanted;
      for (const Json& item : head.items()[i].items()) wanted.push_back(item.integer());
      const auto first = bins[i].first(std::min<std::size_t>(bins[i].size(), 20));
      CHECK(std::vector<std::int64_t>(first.begin(), first.end()) == wanted);
    }
    Sha256 hash;
    for (std::size_t i = 0; i < bins.size(); ++i) {
      const auto size = static_cast<std::uint32_t>(bins[i].size());
      hash.update(&size, sizeof(size)).update(bins[i].data(), bins[i].size_bytes());
    }
    CHECK(hash.finish_hex() == row.at("sha256").text());
  }
  CHECK(num_rows == 15);
}

TEST_CASE("packing: random lengths give what looking through all bins gives") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Pcg64 random(seed + 1000);
    const auto max_length = static_cast<std::uint32_t>(1 + random.next_up_to(seed % 3 == 0 ? 5000 : 70));
    const Lengths lengths = random_lengths(seed, random.next_up_to(300), 0, max_length);
    INFO("seed " << seed);
    CHECK(lists_of(pack_best_fit(lengths, max_length)) == pack_slowly(lengths, max_length));
  }
}

TEST_CASE("packing: every item that is not empty is in one bin, and no bin holds too much") {
  const Lengths lengths = random_lengths(5, 200000, 0, 2048);
  const Bins bins = pack_best_fit(lengths, 2048);
  std::vector<int> times(lengths.size());
  for (std::size_t i = 0; i < bins.size(); ++i) {
    std::uint64_t sum = 0;
    for (const std::uint32_t item : bins[i]) sum += lengths[item], ++times[item];
    REQUIRE(sum <= 2048);
  }
  for (std::size_t i = 0; i < lengths.size(); ++i) REQUIRE(times[i] == (lengths[i] > 0 ? 1 : 0));
}

TEST_CASE("packing: an item that fits nowhere is an error that names it") {
  CHECK_THROWS_WITH(pack_best_fit(Lengths{3, 11, 5}, 10), Catch::Contains("example 1 has 11 tokens"));
  CHECK_THROWS_AS(pack_best_fit(Lengths{}, 0), RunError);
}
