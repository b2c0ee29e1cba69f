// Words repeat, so their permuted values are kept: a thread's memory of the
// most recent 4096 words (2 MiB) saves the hash and the 128 products of most of
// them.
#include "minhash.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string>

#include "words.hpp"

namespace forgelm::audit {
namespace {

constexpr std::uint64_t kPrime = (std::uint64_t{1} << 61) - 1;
constexpr std::size_t kKeptWords = 4096;

struct Permutation {
  std::uint64_t a = 0, b = 0;
};

/// numpy.random.RandomState(1).randint(low, kPrime, dtype=uint64): masked, with
/// rejection.
class NumpyRandom {
 public:
  std::uint64_t next(std::uint64_t low) {
    const std::uint64_t range = kPrime - 1 - low;
    for (;;) {
      const std::uint64_t high = generator_();
      const std::uint64_t value = (high << 32 | generator_()) & ((std::uint64_t{1} << 61) - 1);
      if (value <= range) return low + value;
    }
  }

 private:
  std::mt19937 generator_{1};
};

const std::array<Permutation, kNumPermutations>& permutations() {
  static const auto all = [] {
    std::array<Permutation, kNumPermutations> made;
    NumpyRandom random;
    for (Permutation& permutation : made) {
      permutation.a = random.next(1);
      permutation.b = random.next(0);
    }
    return made;
  }();
  return all;
}

/// value % kPrime, without a division.
std::uint64_t modulo_prime(std::uint64_t value) {
  const std::uint64_t folded = (value & kPrime) + (value >> 61);
  return folded >= kPrime ? folded - kPrime : folded;
}

std::uint32_t sha1_of(std::string_view word) {
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(word.data()), word.size(), digest);
  return static_cast<std::uint32_t>(digest[0]) | static_cast<std::uint32_t>(digest[1]) << 8 |
         static_cast<std::uint32_t>(digest[2]) << 16 | static_cast<std::uint32_t>(digest[3]) << 24;
}

struct KnownWord {
  std::string word;
  Sketch values{};
};

const Sketch& values_of(std::string_view word) {
  thread_local std::vector<KnownWord> known(kKeptWords);
  KnownWord& place = known[word_hash(word) % kKeptWords];
  if (place.word == word) return place.values;
  place.word.assign(word);
  const std::uint64_t hash = sha1_of(word);
  for (std::size_t i = 0; i < kNumPermutations; ++i) {
    const auto [a, b] = permutations()[i];
    place.values[i] = static_cast<std::uint32_t>(modulo_prime(a * hash + b));
  }
  return place.values;
}

/// Simpson's rule; the functions are polynomials.
template <class Function>
double integral(Function function, double from, double to) {
  constexpr int kSteps = 400;
  const double step = (to - from) / kSteps;
  double sum = function(from) + function(to);
  for (int i = 1; i < kSteps; ++i) sum += function(from + i * step) * (i % 2 == 1 ? 4 : 2);
  return sum * step / 3;
}

}  // namespace

Sketch empty_sketch() noexcept {
  Sketch sketch;
  sketch.fill(0xFFFFFFFF);
  return sketch;
}

Sketch minhash(const TextMasks& text) {
  Sketch sketch = empty_sketch();
  text.for_each_word([&](std::string_view word) {
    const Sketch& values = values_of(word);
    for (std::size_t i = 0; i < kNumPermutations; ++i) sketch[i] = std::min(sketch[i], values[i]);
  });
  return sketch;
}

std::pair<int, int> lsh_bands(double threshold) {
  std::pair<int, int> best{0, 0};
  double least = INFINITY;
  for (int bands = 1; bands <= static_cast<int>(kNumPermutations); ++bands)
    for (int rows = 1; rows <= static_cast<int>(kNumPermutations) / bands; ++rows) {
      const auto found = [&](double s) { return 1 - std::pow(1 - std::pow(s, rows), bands); };
      const double error =
          0.5 * integral(found, 0, threshold) + 0.5 * integral([&](double s) { return 1 - found(s); }, threshold, 1);
      if (error < least) {
        least = error;
        best = {bands, rows};
      }
    }
  return best;
}

}  // namespace forgelm::audit
