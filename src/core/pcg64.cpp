#include "forgelm/core/pcg64.hpp"

#include <array>
#include <bit>
#include <numeric>

namespace forgelm {
namespace {

__extension__ using Uint128 = unsigned __int128;

constexpr Uint128 join(std::uint64_t high, std::uint64_t low) { return (Uint128{high} << 64) | low; }

constexpr Uint128 kMultiplier = join(2549297995355413924u, 4865540595714422341u);

/// numpy's SeedSequence: a pool of four words, mixed, then stretched to as many words as are wanted.
class SeedSequence {
 public:
  explicit SeedSequence(std::uint64_t seed) {
    const std::array<std::uint32_t, 4> entropy = {static_cast<std::uint32_t>(seed),
                                                  static_cast<std::uint32_t>(seed >> 32), 0, 0};
    std::uint32_t constant = 0x43b0d7e5u;
    for (std::size_t i = 0; i < pool_.size(); ++i) pool_[i] = hash(entropy[i], constant, 0x931e8875u);
    for (std::size_t from = 0; from < pool_.size(); ++from)
      for (std::size_t to = 0; to < pool_.size(); ++to)
        if (from != to) pool_[to] = mix(pool_[to], hash(pool_[from], constant, 0x931e8875u));
  }

  /// generate_state(4, uint64).
  std::array<std::uint64_t, 4> state() const {
    std::array<std::uint64_t, 4> words{};
    std::uint32_t constant = 0x8b51f9ddu;
    for (std::size_t i = 0; i < 8; ++i) {
      const std::uint64_t word = hash(pool_[i % pool_.size()], constant, 0x58f38dedu);
      words[i / 2] |= word << (i % 2 * 32);
    }
    return words;
  }

 private:
  static std::uint32_t hash(std::uint32_t value, std::uint32_t& constant, std::uint32_t multiplier) {
    value ^= constant;
    constant *= multiplier;
    value *= constant;
    return value ^ (value >> 16);
  }

  static std::uint32_t mix(std::uint32_t x, std::uint32_t y) {
    const std::uint32_t value = 0xca01f9ddu * x - 0x4973f715u * y;
    return value ^ (value >> 16);
  }

  std::array<std::uint32_t, 4> pool_{};
};

void step(Pcg64::State& s) {
  const Uint128 next = join(s.state_high, s.state_low) * kMultiplier + join(s.increment_high, s.increment_low);
  s.state_high = static_cast<std::uint64_t>(next >> 64);
  s.state_low = static_cast<std::uint64_t>(next);
}

}  // namespace

Pcg64::Pcg64(std::uint64_t seed) {
  const auto words = SeedSequence(seed).state();
  const Uint128 increment = (join(words[2], words[3]) << 1) | 1u;
  state_.increment_high = static_cast<std::uint64_t>(increment >> 64);
  state_.increment_low = static_cast<std::uint64_t>(increment);
  step(state_);
  const Uint128 started = join(state_.state_high, state_.state_low) + join(words[0], words[1]);
  state_.state_high = static_cast<std::uint64_t>(started >> 64);
  state_.state_low = static_cast<std::uint64_t>(started);
  step(state_);
}

std::uint64_t Pcg64::next_uint64() noexcept {
  step(state_);
  const std::uint64_t folded = state_.state_high ^ state_.state_low;
  const unsigned rotation = static_cast<unsigned>(state_.state_high >> 58);
  return (folded >> rotation) | (folded << ((64u - rotation) & 63u));
}

std::uint32_t Pcg64::next_uint32() noexcept {
  if (state_.has_uint32) {
    state_.has_uint32 = false;
    return state_.uint32;
  }
  const std::uint64_t drawn = next_uint64();
  state_.has_uint32 = true;
  state_.uint32 = static_cast<std::uint32_t>(drawn >> 32);
  return static_cast<std::uint32_t>(drawn);
}

double Pcg64::next_double() noexcept { return static_cast<double>(next_uint64() >> 11) * 0x1.0p-53; }

std::uint64_t Pcg64::next_up_to(std::uint64_t bound) noexcept {
  if (bound == 0) return 0;
  if (bound == UINT32_MAX) return next_uint32();
  if (bound == UINT64_MAX) return next_uint64();
  const std::uint64_t num_values = bound + 1;
  // The product's high half is the draw; its low half tells the draws that would come up too often.
  if (bound < UINT32_MAX) {
    const auto range = static_cast<std::uint32_t>(num_values);
    std::uint64_t product = std::uint64_t{next_uint32()} * range;
    if (static_cast<std::uint32_t>(product) < range) {
      const std::uint32_t threshold = (UINT32_MAX - static_cast<std::uint32_t>(bound)) % range;
      while (static_cast<std::uint32_t>(product) < threshold) product = std::uint64_t{next_uint32()} * range;
    }
    return product >> 32;
  }
  Uint128 product = Uint128{next_uint64()} * num_values;
  if (static_cast<std::uint64_t>(product) < num_values) {
    const std::uint64_t threshold = (UINT64_MAX - bound) % num_values;
    while (static_cast<std::uint64_t>(product) < threshold) product = Uint128{next_uint64()} * num_values;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t Pcg64::next_masked_up_to(std::uint64_t bound) noexcept {
  if (bound == 0) return 0;
  const std::uint64_t mask = UINT64_MAX >> std::countl_zero(bound);
  for (;;) {
    const std::uint64_t value = (bound <= UINT32_MAX ? next_uint32() : next_uint64()) & mask;
    if (value <= bound) return value;
  }
}

std::vector<std::int64_t> Pcg64::permutation(std::size_t n) {
  std::vector<std::int64_t> order(n);
  std::iota(order.begin(), order.end(), std::int64_t{0});
  shuffle(order);
  return order;
}

}  // namespace forgelm
