// Words repeat, so their permuted values are kept: a thread's memory of the
// most recent 4096 words (2 MiB) saves the hash and the 128 products of most of
// them.
#include "minhash.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>

#include "near_groups.hpp"
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

std::size_t num_different(const Sketch& a, const Sketch& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < kNumPermutations; ++i) count += a[i] != b[i] ? 1 : 0;
  return count;
}

bool is_near(std::size_t different, double threshold) {
  return static_cast<double>(kNumPermutations - different) / static_cast<double>(kNumPermutations) >= threshold;
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

std::uint64_t band_hash(const Sketch& sketch, int band, int width) {
  const auto begin = static_cast<std::size_t>(band * width);
  return word_hash({reinterpret_cast<const char*>(&sketch[begin]), static_cast<std::size_t>(width) * sizeof sketch[0]});
}

bool agrees(const Sketch& a, const Sketch& b, int band, int width) {
  const auto begin = static_cast<std::size_t>(band * width);
  return std::memcmp(&a[begin], &b[begin], static_cast<std::size_t>(width) * sizeof a[0]) == 0;
}

/// Rows by the hash of their band.
std::vector<std::pair<std::uint64_t, std::uint32_t>> sorted_band(const std::vector<const Sketch*>& sketches, int band,
                                                                 int width) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> order;
  for (std::uint32_t i = 0; i < sketches.size(); ++i) order.emplace_back(band_hash(*sketches[i], band, width), i);
  std::sort(order.begin(), order.end());
  return order;
}

NearGroups groups_of(const std::vector<Sketch>& sketches) {
  const Sketch none = empty_sketch();
  return NearGroups(
      sketches.size(), [&](std::uint32_t row) { return sketches[row] != none; },
      [&](std::uint32_t a, std::uint32_t b) { return sketches[a] < sketches[b]; });
}

std::vector<const Sketch*> representatives(const NearGroups& groups, const std::vector<Sketch>& sketches) {
  std::vector<const Sketch*> all;
  for (std::size_t group = 0; group < groups.num_groups(); ++group) all.push_back(&sketches[groups.first_row(group)]);
  return all;
}

/// Calls `take(a, b, different)` once for each pair of different groups that MinHashLSH proposes and that is near.
template <class Take>
void for_each_near(const std::vector<const Sketch*>& all, double threshold, Take take) {
  const auto [num_bands, width] = lsh_bands(threshold);
  for (int band = 0; band < num_bands; ++band) {
    const auto order = sorted_band(all, band, width);
    for (std::size_t begin = 0, end; begin < order.size(); begin = end) {
      for (end = begin + 1; end < order.size() && order[end].first == order[begin].first;) ++end;
      for (std::size_t i = begin; i < end; ++i)
        for (std::size_t j = i + 1; j < end; ++j) {
          const Sketch &a = *all[order[i].second], &b = *all[order[j].second];
          bool is_first = agrees(a, b, band, width);
          for (int earlier = 0; earlier < band && is_first; ++earlier) is_first = !agrees(a, b, earlier, width);
          if (!is_first) continue;
          if (const std::size_t different = num_different(a, b); is_near(different, threshold))
            take(order[i].second, order[j].second, static_cast<int>(different));
        }
    }
  }
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

NearDuplicates find_near_duplicates(const std::vector<Sketch>& sketches, double threshold, std::size_t max_listed,
                                    std::size_t max_clusters) {
  const NearGroups groups = groups_of(sketches);
  NearCollector found(groups, max_listed, max_clusters);
  for_each_near(representatives(groups, sketches), threshold,
                [&](std::uint32_t a, std::uint32_t b, int different) { found.add(a, b, different); });
  return found.finish();
}

std::vector<bool> find_repeats(const std::vector<Sketch>& sketches, double threshold) {
  const NearGroups groups = groups_of(sketches);
  NearCollector found(groups, 0, 0);
  for_each_near(representatives(groups, sketches), threshold,
                [&](std::uint32_t a, std::uint32_t b, int different) { found.add(a, b, different); });
  return found.repeats(sketches.size());
}

std::pair<std::vector<bool>, std::vector<bool>> find_leaked(const std::vector<Sketch>& a, const std::vector<Sketch>& b,
                                                            double threshold) {
  const NearGroups groups_a = groups_of(a), groups_b = groups_of(b);
  const auto all_a = representatives(groups_a, a), all_b = representatives(groups_b, b);
  const auto [num_bands, width] = lsh_bands(threshold);
  std::vector<bool> leaked_a(all_a.size()), leaked_b(all_b.size());
  for (int band = 0; band < num_bands; ++band) {
    const auto order = sorted_band(all_b, band, width);
    for (std::size_t i = 0; i < all_a.size(); ++i) {
      const std::uint64_t wanted = band_hash(*all_a[i], band, width);
      auto at = std::lower_bound(order.begin(), order.end(), std::pair(wanted, std::uint32_t{0}));
      for (; at != order.end() && at->first == wanted; ++at) {
        if (leaked_a[i] && leaked_b[at->second]) continue;
        if (!agrees(*all_a[i], *all_b[at->second], band, width) ||
            !is_near(num_different(*all_a[i], *all_b[at->second]), threshold))
          continue;
        leaked_a[i] = true;
        leaked_b[at->second] = true;
      }
    }
  }
  return {groups_a.rows_of(leaked_a, a.size()), groups_b.rows_of(leaked_b, b.size())};
}

std::pair<std::uint64_t, std::uint64_t> count_leaked(const std::vector<Sketch>& a, const std::vector<Sketch>& b,
                                                     double threshold) {
  const auto [in_a, in_b] = find_leaked(a, b, threshold);
  const auto count = [](const std::vector<bool>& rows) {
    return static_cast<std::uint64_t>(std::count(rows.begin(), rows.end(), true));
  };
  return {count(in_a), count(in_b)};
}

}  // namespace forgelm::audit
