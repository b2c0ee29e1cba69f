// Embedding: a row of a matrix for each id.
#pragma once

#include <ATen/ATen.h>

#include <utility>

#include "engine/nn/weight.hpp"

namespace forgelm::engine {

class Embedding {
 public:
  /// weight_VD
  explicit Embedding(WeightPtr weight) : weight_(std::move(weight)) {}
  /// ids_T -> [T, D], in the type of the weight.
  at::Tensor forward(const at::Tensor& ids_T) const { return at::embedding(weight_->value, ids_T); }
  const WeightPtr& weight() const { return weight_; }

 private:
  WeightPtr weight_;
};

}  // namespace forgelm::engine
