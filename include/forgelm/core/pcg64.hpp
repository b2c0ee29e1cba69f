// numpy.random.default_rng(seed), number for number: SeedSequence, PCG64 (XSL-RR 128/64) and what the reference uses of
// Generator, so that rows, splits and orders equal the reference's. Oracle: numpy (tests/golden/pcg64).
// Paper: M. E. O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for Random Number
// Generation" (2014); bounded draws: D. Lemire, "Fast Random Integer Generation in an Interval" (2019).
// Traps: shuffle and integers draw bounded numbers in different ways; 32-bit draws take the low half of a 64-bit draw
// and keep the high half for the next 32-bit draw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace forgelm {

class Pcg64 {
 public:
  /// All of the generator, to be stored in a checkpoint and put back.
  struct State {
    std::uint64_t state_high = 0;
    std::uint64_t state_low = 0;
    std::uint64_t increment_high = 0;
    std::uint64_t increment_low = 0;
    bool has_uint32 = false;
    std::uint32_t uint32 = 0;
    bool operator==(const State&) const = default;
  };

  explicit Pcg64(std::uint64_t seed);
  explicit Pcg64(const State& state) : state_(state) {}
  const State& state() const noexcept { return state_; }

  std::uint64_t next_uint64() noexcept;
  std::uint32_t next_uint32() noexcept;
  /// Uniform in [0, 1): Generator.random().
  double next_double() noexcept;
  /// Uniform in [0, bound], bound included: Generator.integers(0, bound, endpoint=True).
  std::uint64_t next_up_to(std::uint64_t bound) noexcept;

  /// Uniform in [0, bound] by masking and drawing again, which spends other draws than next_up_to: what numpy's shuffle
  /// uses.
  std::uint64_t next_masked_up_to(std::uint64_t bound) noexcept;

  /// Generator.shuffle of a one-dimensional array.
  template <class T>
  void shuffle(std::vector<T>& items) {
    using std::swap;
    for (std::size_t i = items.size(); i-- > 1;) swap(items[i], items[next_masked_up_to(i)]);
  }

  /// Generator.permutation(n): 0 to n-1 in random order.
  std::vector<std::int64_t> permutation(std::size_t n);

 private:
  State state_;
};

}  // namespace forgelm
