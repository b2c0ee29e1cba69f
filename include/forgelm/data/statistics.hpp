// What a data set holds, in figures: rows, bytes, columns and lengths, by reading every row; no tokenizer needed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "forgelm/data/data_report.hpp"
#include "forgelm/data/source.hpp"

namespace forgelm::data {

struct ColumnStatistics {
  std::string name;
  std::uint64_t num_rows = 0;   ///< that have it
  std::uint64_t num_empty = 0;  ///< among them: null, a blank text, an empty list or object
};

struct SplitStatistics {
  std::string name;
  std::uint64_t num_files = 0, size_bytes = 0;
  std::uint64_t num_rows = 0, num_unreadable = 0;
  std::uint64_t text_bytes = 0;           ///< of all texts, UTF-8
  std::vector<ColumnStatistics> columns;  ///< in the order in which they were first seen; DataReport::kMaxColumns
  LengthHistogram lengths;                ///< characters of all texts of a row
};

/// Every split, the training split first. `progress` is told bytes read and bytes in all. RunError(io).
std::vector<SplitStatistics> data_statistics(const Source& source,
                                             const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

}  // namespace forgelm::data
