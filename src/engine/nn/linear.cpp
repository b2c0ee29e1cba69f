#include "engine/nn/linear.hpp"

#include <utility>

#include "engine/torch.hpp"

namespace forgelm::engine {

Linear::~Linear() = default;

FrozenMatrix Linear::frozen_matrix(at::ScalarType) const { return nullptr; }

DenseLinear::DenseLinear(WeightPtr weight, WeightPtr bias) : weight_(std::move(weight)), bias_(std::move(bias)) {
  TORCH_CHECK(weight_->value.dim() == 2, "a linear part needs a matrix, not ", weight_->value.dim(), " dimensions");
  TORCH_CHECK(bias_ == nullptr || (bias_->value.dim() == 1 && bias_->value.size(0) == weight_->value.size(0)),
              "the bias of a linear part must have one number for each of its ", weight_->value.size(0), " rows");
}

at::Tensor DenseLinear::forward(const at::Tensor& x_TI, const ForwardMode&) {
  if (bias_ == nullptr) return at::linear(x_TI, in_type_of(*weight_, x_TI));
  return at::linear(x_TI, in_type_of(*weight_, x_TI), in_type_of(*bias_, x_TI));
}

std::int64_t DenseLinear::in_features() const { return weight_->value.size(1); }
std::int64_t DenseLinear::out_features() const { return weight_->value.size(0); }

FrozenMatrix DenseLinear::frozen_matrix(at::ScalarType dtype) const {
  if (weight_->is_trained || weight_->value.scalar_type() != dtype) return nullptr;
  return [matrix_OI = weight_->value] { return matrix_OI; };
}

at::Tensor DenseLinear::dense_weight() const { return weight_->value.detach().to(at::kFloat); }

void DenseLinear::visit(const std::string& prefix, const WeightVisitor& visit) {
  visit(prefix + "weight", weight_);
  if (bias_ != nullptr) visit(prefix + "bias", bias_);
}

}  // namespace forgelm::engine
