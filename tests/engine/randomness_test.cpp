// Random numbers as a function of their place; FNV-1a against its published values.
#include "engine/nn/randomness.hpp"

#include <set>
#include <vector>

#include "support/torch_test.hpp"

using namespace forgelm::engine;

TEST_CASE("Equal places draw equal numbers, and each part of a place matters") {
  const auto draw = [](const Randomness& randomness, std::uint64_t site) {
    auto generator = randomness.generator(site, at::kCPU);
    const at::Tensor bits = at::empty({8}).uniform_(0, 1, generator);
    return std::vector<float>(bits.data_ptr<float>(), bits.data_ptr<float>() + 8);
  };
  const Randomness base{1, 2, 3, 4};
  CHECK(draw(base, 5) == draw(Randomness{1, 2, 3, 4}, 5));
  std::set<std::vector<float>> different = {draw(base, 5),         draw(base, 6),         draw({2, 2, 3, 4}, 5),
                                            draw({1, 3, 3, 4}, 5), draw({1, 2, 4, 4}, 5), draw({1, 2, 3, 5}, 5),
                                            draw({2, 1, 3, 4}, 5),  // exchanged
                                            draw({1, 2, 4, 3}, 5)};
  CHECK(different.size() == 8);
}

TEST_CASE("Neighbouring places are unrelated: a thousand of them keep nine of ten numbers, as they should") {
  double kept = 0;
  for (std::uint64_t step = 0; step < 1000; ++step) {
    auto generator = Randomness{42, step, 0, 0}.generator(1, at::kCPU);
    kept += at::empty({10}).bernoulli_(0.9, generator).sum().item<double>();
  }
  // 10000 draws: one standard deviation is 30.
  CHECK(kept > 9000 - 150);
  CHECK(kept < 9000 + 150);
}

TEST_CASE("A site is the FNV-1a of its name") {
  CHECK(site_of("") == 0xcbf29ce484222325U);
  CHECK(site_of("a") == 0xaf63dc4c8601ec8cU);
  CHECK(site_of("foobar") == 0x85944171f73967e8U);
}
