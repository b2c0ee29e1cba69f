#include "engine/training/metric_sums.hpp"

#include <algorithm>

namespace forgelm::engine {

void MetricSums::add(const std::vector<std::pair<std::string, at::Tensor>>& metrics) {
  for (const auto& [name, value] : metrics) {
    const auto found = std::find_if(sums_.begin(), sums_.end(), [&](const auto& sum) { return sum.first == name; });
    const at::Tensor addend = value.detach().to(at::kDouble);
    if (found == sums_.end()) sums_.emplace_back(name, addend);
    else found->second = found->second + addend;
  }
}

std::vector<std::pair<std::string, double>> MetricSums::divided_by(double count, Ranks& ranks) const {
  std::vector<double> values;
  for (const auto& [name, sum] : sums_) values.push_back(sum.item<double>());
  ranks.sum(values);
  std::vector<std::pair<std::string, double>> means;
  for (std::size_t i = 0; i < values.size(); ++i) means.emplace_back(sums_[i].first, values[i] / count);
  return means;
}

}  // namespace forgelm::engine
