// Loops of the kernels: every index once, and denormal numbers zero within and as they were behind.
#include "engine/kernels/parallel.hpp"

#include <limits>
#include <vector>

#include "support/test.hpp"

namespace {

using namespace forgelm;

/// A product that is denormal, made when the program runs.
float smallest_product() {
  volatile float least = std::numeric_limits<float>::min(), half = 0.5F;
  return least * half;
}

}  // namespace

TEST_CASE("Loops of the kernels take numbers too small for full precision as zero, and nothing behind them does") {
  std::vector<float> products(1000, -1.0F);
  REQUIRE(smallest_product() > 0.0F);
  engine::parallel_for(0, 1000, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) products[static_cast<std::size_t>(i)] = smallest_product();
  });
  for (const float product : products) CHECK(product == 0.0F);
  CHECK(smallest_product() > 0.0F);
}
