#include "forgelm/data/mixture.hpp"

#include <algorithm>
#include <cmath>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::data {
namespace {

using config::MixStrategy;

/// Python's int() of a number of rows, at most `limit`.
std::uint64_t whole_rows(double wanted, std::uint64_t limit) {
  if (!(wanted > 0)) return 0;
  return wanted >= static_cast<double>(limit) ? limit : static_cast<std::uint64_t>(wanted);
}

/// Whether weights choose rows here: the reference looks at them only where data sets are added.
bool is_weighted(const config::DataSection& data, std::size_t num_sources) {
  if (!data.mix_ratio || data.mix_ratio->empty()) return false;
  const auto& weights = *data.mix_ratio;
  if (std::all_of(weights.begin(), weights.end(), [](double weight) { return weight == 0; })) return false;
  return num_sources > 1 || data.mix_strategy == MixStrategy::budget;
}

}  // namespace

std::vector<std::uint64_t> mixed_counts(const config::DataSection& data, std::span<const std::uint64_t> num_rows) {
  std::vector<std::uint64_t> counts(num_rows.begin(), num_rows.end());
  if (data.mix_ratio && !data.mix_ratio->empty() && data.mix_ratio->size() != num_rows.size())
    throw ConfigError(
        cat("data.mix_ratio has ", data.mix_ratio->size(), " weights for ", num_rows.size(), " data sets"));
  if (!is_weighted(data, num_rows.size())) return counts;
  const auto& weights = *data.mix_ratio;
  double total = 0;
  for (const double weight : weights) total += weight;
  switch (data.mix_strategy) {
    case MixStrategy::weights: {
      const auto largest = static_cast<double>(*std::max_element(num_rows.begin(), num_rows.end()));
      for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = whole_rows(largest * (weights[i] / total), num_rows[i]);
      break;
    }
    case MixStrategy::anchor:
      if (weights[0] == 0)
        throw ConfigError("data.mix_ratio: the weight of the first data set is 0, and the others are shares beside it",
                          "give the first data set a weight above 0, or use data.mix_strategy: weights");
      for (std::size_t i = 1; i < counts.size(); ++i)
        counts[i] = whole_rows(static_cast<double>(num_rows[0]) * weights[i] / weights[0], num_rows[i]);
      break;
    case MixStrategy::budget:
      if (!data.max_train_examples)
        throw ConfigError("data.mix_strategy: shares of a budget need the budget", "set data.max_train_examples");
      for (std::size_t i = 0; i < counts.size(); ++i)
        counts[i] = whole_rows(static_cast<double>(*data.max_train_examples) * (weights[i] / total), num_rows[i]);
      break;
  }
  return counts;
}

RowOrder mixed_rows(const config::DataSection& data, std::span<const std::uint64_t> num_rows, std::uint64_t seed) {
  const auto counts = mixed_counts(data, num_rows);
  const bool samples = is_weighted(data, num_rows.size());
  std::uint64_t total = 0;
  for (const auto count : counts) total += count;
  RowOrder mixed;
  mixed.reserve(static_cast<std::size_t>(total));
  for (std::uint32_t source = 0; source < counts.size(); ++source) {
    if (counts[source] == 0) continue;
    RowOrder rows = all_rows(source, num_rows[source]);
    if (samples && !(source == 0 && data.mix_strategy == MixStrategy::anchor)) shuffle_rows(rows, seed);
    mixed.insert(mixed.end(), rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(counts[source]));
  }
  return mixed;
}

SplitRows select_rows(const config::DataSection& data, std::span<const std::uint64_t> num_rows, bool holds_out,
                      std::uint64_t seed) {
  SplitRows out;
  out.train = mixed_rows(data, num_rows, seed);
  if (holds_out) out = hold_out_rows(std::move(out.train), seed);
  if (data.shuffle) shuffle_rows(out.train, seed);
  if (data.max_train_examples && out.train.size() > static_cast<std::uint64_t>(*data.max_train_examples))
    out.train.resize(static_cast<std::size_t>(*data.max_train_examples));
  if (out.train.size() < static_cast<std::uint64_t>(data.min_examples))
    throw ConfigError(cat(out.train.size(), " training rows where data.min_examples asks for ", data.min_examples));
  return out;
}

}  // namespace forgelm::data
