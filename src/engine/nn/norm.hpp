// RMSNorm: x / rms(x) * weight. Source: Zhang and Sennrich 2019, arXiv 1910.07467. Oracle: transformers' LlamaRMSNorm;
// the trap is its order of rounding: mean square in float32, back to the type of x, and only then times the weight.
#pragma once

#include <ATen/ATen.h>

#include "engine/nn/weight.hpp"

namespace forgelm::engine {

class RmsNorm {
 public:
  RmsNorm(WeightPtr weight, double epsilon);
  at::Tensor forward(const at::Tensor& x_TD) const;
  const WeightPtr& weight() const { return weight_; }

 private:
  WeightPtr weight_;
  double epsilon_;
};

}  // namespace forgelm::engine
