// Linear: a slot of a model where a matrix is multiplied with. What stands in it can be exchanged: quantization and
// adapters are parts put into slots, and no model file knows of them.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/nn/forward.hpp"
#include "engine/nn/weight.hpp"

namespace forgelm::engine {

/// Gives a matrix [O, I] that needs no gradient, each time it is called; it may be the memory of a part: only read it.
using FrozenMatrix = std::function<at::Tensor()>;

class Linear {
 public:
  virtual ~Linear();

  /// x_TI -> y_TO, in the type of x: x W^T, plus the bias where there is one. Differentiable in x and in what is
  /// trained.
  virtual at::Tensor forward(const at::Tensor& x_TI, const ForwardMode& mode) = 0;

  virtual std::int64_t in_features() const = 0;
  virtual std::int64_t out_features() const = 0;

  /// The matrix that forward() multiplies with, as float32 [O, I]; of a quantized part what its codes stand for, of an
  /// adapted one with the adapter in it. Not differentiable; may be the memory of the part itself: only read it.
  virtual at::Tensor dense_weight() const = 0;
  /// Null when there is none.
  virtual WeightPtr bias() const = 0;
  /// What forward() multiplies x of this type with, when that is a frozen matrix of the type and nothing else; it may
  /// outlive the part. Else empty.
  virtual FrozenMatrix frozen_matrix(at::ScalarType dtype) const;

  /// All weights; names begin with `prefix`, which is the slot's name and a dot.
  virtual void visit(const std::string& prefix, const WeightVisitor& visit) = 0;
};

/// The plain matrix.
class DenseLinear final : public Linear {
 public:
  /// weight_OI; `bias` may be null.
  DenseLinear(WeightPtr weight, WeightPtr bias);

  at::Tensor forward(const at::Tensor& x_TI, const ForwardMode& mode) override;
  std::int64_t in_features() const override;
  std::int64_t out_features() const override;
  at::Tensor dense_weight() const override;
  WeightPtr bias() const override { return bias_; }
  FrozenMatrix frozen_matrix(at::ScalarType dtype) const override;
  WeightPtr weight() const { return weight_; }
  void visit(const std::string& prefix, const WeightVisitor& visit) override;

 private:
  WeightPtr weight_;
  WeightPtr bias_;
};

}  // namespace forgelm::engine
