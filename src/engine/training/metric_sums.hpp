// Named sums that objectives give besides the loss, over the batches of a step or of an evaluation. They stay on their
// device until they are asked for.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <utility>
#include <vector>

#include "engine/training/ranks.hpp"

namespace forgelm::engine {

class MetricSums {
 public:
  void add(const std::vector<std::pair<std::string, at::Tensor>>& metrics);
  /// In the order in which the names came first; over all ranks, which give the same names.
  std::vector<std::pair<std::string, double>> divided_by(double count, Ranks& ranks) const;

 private:
  std::vector<std::pair<std::string, at::Tensor>> sums_;  ///< float64
};

}  // namespace forgelm::engine
