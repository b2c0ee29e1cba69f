// Pcg64 against numpy.random.default_rng (tests/golden/pcg64, made by tools/golden/pcg64/make.py).
#include "forgelm/core/pcg64.hpp"

#include <bit>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "forgelm/core/hash.hpp"
#include "forgelm/core/json.hpp"
#include "support/test.hpp"

using forgelm::Json;
using forgelm::Pcg64;

namespace {

std::uint64_t uint64_of(const Json& text) { return std::stoull(text.text()); }

void check_order(const std::vector<std::int64_t>& order, const Json& expected) {
  static_assert(std::endian::native == std::endian::little);
  const auto& head = expected.at("head").items();
  REQUIRE(head.size() == std::min<std::size_t>(10, order.size()));
  for (std::size_t i = 0; i < head.size(); ++i) CHECK(order[i] == head[i].integer());
  forgelm::Sha256 hash;
  CHECK(hash.update(order.data(), order.size() * sizeof(std::int64_t)).finish_hex() == expected.at("sha256").text());
}

}  // namespace

TEST_CASE("pcg64: permutations, draws and doubles are numpy's, number for number") {
  std::ifstream in(FORGELM_SOURCE_DIR "/tests/golden/pcg64/draws.jsonl");
  std::size_t num_rows = 0;
  for (std::string line; std::getline(in, line); ++num_rows) {
    const Json row = forgelm::parse_json(line).value();
    const std::uint64_t seed = uint64_of(row.at("seed"));
    INFO("seed " << seed);
    Pcg64 rng(seed);
    if (const Json* n = row.find("permutation")) {
      INFO("n " << n->integer());
      check_order(rng.permutation(static_cast<std::size_t>(n->integer())), row);
    } else if (const Json* twice = row.find("permutations")) {
      const std::size_t sizes[] = {4, 1000, 5};
      for (std::size_t i = 0; i < 3; ++i) check_order(rng.permutation(sizes[i]), twice->items()[i]);
    } else if (const Json* doubles = row.find("doubles")) {
      for (const auto& text : doubles->items()) CHECK(rng.next_double() == std::strtod(text.text().c_str(), nullptr));
    } else if (const Json* raw = row.find("raw")) {
      for (const auto& text : raw->items()) CHECK(rng.next_uint64() == uint64_of(text));
    } else {
      const std::uint64_t bound = uint64_of(row.at("bound"));
      INFO("bound " << bound);
      for (const auto& text : row.at("integers").items()) CHECK(rng.next_up_to(bound) == uint64_of(text));
    }
  }
  REQUIRE(num_rows == 8u * (8 + 3 + 9));
}

TEST_CASE("pcg64: a generator put back from its state goes on as the first one does") {
  Pcg64 rng(7);
  rng.permutation(13);
  rng.next_uint32();
  Pcg64 again(rng.state());
  CHECK(again.permutation(1000) == rng.permutation(1000));
  CHECK(again.state() == rng.state());
}
