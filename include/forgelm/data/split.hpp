// Orders of rows: shuffling and holding out rows for evaluation, row for row as the reference does (datasets 5.2.0:
// train_test_split and shuffle with numpy's default_rng). Invariant: a pure function of the numbers of rows and the
// seed. Trap: holding out and shuffling each start a generator of their own with the same seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace forgelm::data {

inline constexpr std::uint64_t kDefaultSeed = 42;

/// One row of one data set of the job, in 8 bytes, so that 20 million rows are 160 MB.
class RowRef {
 public:
  static constexpr std::uint32_t kMaxSources = 1u << 16;
  static constexpr std::uint64_t kMaxRows = std::uint64_t{1} << 48;

  RowRef() = default;
  constexpr RowRef(std::uint32_t source, std::uint64_t row) noexcept : packed_(std::uint64_t{source} << 48 | row) {}
  constexpr std::uint32_t source() const noexcept { return static_cast<std::uint32_t>(packed_ >> 48); }
  constexpr std::uint64_t row() const noexcept { return packed_ & (kMaxRows - 1); }
  bool operator==(const RowRef&) const = default;

 private:
  std::uint64_t packed_ = 0;
};

using RowOrder = std::vector<RowRef>;

/// Rows 0 to num_rows - 1 of a data set. ConfigError beyond what a RowRef holds.
RowOrder all_rows(std::uint32_t source, std::uint64_t num_rows);

/// Dataset.shuffle(seed=seed).
void shuffle_rows(RowOrder& rows, std::uint64_t seed);

struct SplitRows {
  RowOrder train;
  RowOrder eval;  ///< empty below two rows
};

/// What the reference does with a data set that brings no split to evaluate on: train_test_split(test_size, seed), where
/// the test part is the first num_held_out_rows() (glance.hpp) of the shuffled rows and the rest trains, in that order.
SplitRows hold_out_rows(RowOrder rows, std::uint64_t seed);

}  // namespace forgelm::data
