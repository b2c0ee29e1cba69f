#include "engine/nn/linear.hpp"

#include <utility>

#include "engine/kernels/fused.hpp"
#include "engine/kernels/product.hpp"
#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

/// x W^T from our own products, there and back.
class DenseProduct final : public torch::autograd::Function<DenseProduct> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x_TI,
                            const at::Tensor& weight_OI) {
    context->save_for_backward({x_TI, weight_OI});
    return product_with_transposed(x_TI, weight_OI);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list from_above) {
    const auto saved = context->get_saved_variables();
    torch::autograd::variable_list gradients(2);
    if (context->needs_input_grad(0)) gradients[0] = product_with(from_above[0], saved[1]);
    if (context->needs_input_grad(1)) gradients[1] = product_of_transposed(from_above[0], saved[0]);
    return gradients;
  }
};

}  // namespace

Linear::~Linear() = default;

FrozenMatrix Linear::frozen_matrix(at::ScalarType) const { return nullptr; }

DenseLinear::DenseLinear(WeightPtr weight, WeightPtr bias) : weight_(std::move(weight)), bias_(std::move(bias)) {
  TORCH_CHECK(weight_->value.dim() == 2, "a linear part needs a matrix, not ", weight_->value.dim(), " dimensions");
  TORCH_CHECK(bias_ == nullptr || (bias_->value.dim() == 1 && bias_->value.size(0) == weight_->value.size(0)),
              "the bias of a linear part must have one number for each of its ", weight_->value.size(0), " rows");
}

at::Tensor DenseLinear::forward(const at::Tensor& x_TI, const ForwardMode&) {
  const at::Tensor weight_OI = in_type_of(*weight_, x_TI);
  const bool has_way_back = at::GradMode::is_enabled() && (x_TI.requires_grad() || weight_OI.requires_grad());
  if (has_way_back && x_TI.scalar_type() == at::kFloat && x_TI.dim() == 2 && can_fuse({&x_TI, &weight_OI})) {
    const at::Tensor y_TO = DenseProduct::apply(x_TI, weight_OI);
    return bias_ == nullptr ? y_TO : y_TO + in_type_of(*bias_, x_TI);
  }
  if (bias_ == nullptr) return at::linear(x_TI, weight_OI);
  return at::linear(x_TI, weight_OI, in_type_of(*bias_, x_TI));
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
