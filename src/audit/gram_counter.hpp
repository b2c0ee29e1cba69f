// Benchmarks' n-grams in a block of rows, and in a split. Private to src/audit.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "forgelm/audit/contamination.hpp"
#include "word_grams.hpp"

namespace forgelm::audit {

struct BlockGrams {
  std::vector<std::uint64_t> num_rows_touched;  ///< by benchmark
  std::vector<GramPlace> places;                ///< each gram once, in order of appearance; rows from the block's first
};

/// For one thread.
class GramCounter {
 public:
  /// `index` must outlive it; nullptr: nothing is looked for.
  explicit GramCounter(const BenchmarkIndex* index);

  void add_string(std::string_view text, std::uint64_t line, std::uint64_t row);
  void end_row();
  BlockGrams take();

 private:
  const BenchmarkIndex* index_;
  BlockGrams block_;
  WordHashes words_;
  std::vector<std::uint32_t> seen_in_;  ///< by gram: the block in which it was met last
  std::uint32_t block_number_ = 1;
  std::uint64_t touched_ = 0;
};

/// Puts blocks together, in order.
class GramFold {
 public:
  explicit GramFold(const BenchmarkIndex* index);
  void add(const BlockGrams& block, std::uint64_t num_rows);
  ContaminationProfile finish();

 private:
  std::vector<bool> is_found_;
  ContaminationProfile profile_;
};

}  // namespace forgelm::audit
