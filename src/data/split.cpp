#include "forgelm/data/split.hpp"

#include "forgelm/core/error.hpp"
#include "forgelm/core/pcg64.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/glance.hpp"

namespace forgelm::data {

RowOrder all_rows(std::uint32_t source, std::uint64_t num_rows) {
  if (source >= RowRef::kMaxSources)
    throw ConfigError(cat("a job has at most ", RowRef::kMaxSources, " data sets"));
  if (num_rows > RowRef::kMaxRows)
    throw ConfigError(cat("a data set has ", num_rows, " rows; at most ", RowRef::kMaxRows, " can be trained on"));
  RowOrder rows;
  rows.reserve(static_cast<std::size_t>(num_rows));
  for (std::uint64_t row = 0; row < num_rows; ++row) rows.emplace_back(source, row);
  return rows;
}

// numpy permutes 0 to n-1 and datasets picks rows by that; the same swaps on the rows themselves give the same order.
void shuffle_rows(RowOrder& rows, std::uint64_t seed) { Pcg64(seed).shuffle(rows); }

SplitRows hold_out_rows(RowOrder rows, std::uint64_t seed) {
  const auto num_eval = static_cast<std::ptrdiff_t>(num_held_out_rows(static_cast<std::int64_t>(rows.size())));
  SplitRows out;
  out.train = std::move(rows);
  if (num_eval == 0) return out;
  shuffle_rows(out.train, seed);
  out.eval.assign(out.train.begin(), out.train.begin() + num_eval);
  out.train.erase(out.train.begin(), out.train.begin() + num_eval);
  return out;
}

}  // namespace forgelm::data
