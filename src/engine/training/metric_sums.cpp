#include "engine/training/metric_sums.hpp"

#include <algorithm>

namespace forgelm::engine {

void MetricSums::add(const Metrics& metrics) {
  for (const auto& [name, value] : metrics) {
    const auto found = std::find_if(sums_.begin(), sums_.end(), [&](const auto& sum) { return sum.first == name; });
    if (found == sums_.end()) sums_.emplace_back(name, value);
    else found->second += value;
  }
}

MetricSums::Metrics MetricSums::divided_by(double count) const {
  Metrics means = sums_;
  for (auto& [name, value] : means) value /= count;
  return means;
}

void MetricSums::sum(Ranks& ranks) {
  std::vector<double> values;
  for (const auto& [name, value] : sums_) values.push_back(value);
  ranks.sum(values);
  for (std::size_t i = 0; i < values.size(); ++i) sums_[i].second = values[i];
}

}  // namespace forgelm::engine
