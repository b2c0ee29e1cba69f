// Named sums that objectives give besides the loss, over the batches of a step or of an evaluation.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/training/ranks.hpp"

namespace forgelm::engine {

class MetricSums {
 public:
  using Metrics = std::vector<std::pair<std::string, double>>;
  void add(const Metrics& metrics);
  /// In the order in which the names came first.
  Metrics divided_by(double count) const;
  /// Over all ranks, which give the same names.
  void sum(Ranks& ranks);

 private:
  Metrics sums_;
};

}  // namespace forgelm::engine
