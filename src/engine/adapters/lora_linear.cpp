// Dropout keeps a mask of one byte a number and leaves the inputs that stay as they are; their compensation 1 / (1 - p)
// goes into the scale. So nothing is rounded once more in bfloat16.
#include "engine/adapters/lora_linear.hpp"

#include <utility>

#include "engine/torch.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {

at::Tensor add_lora_update(const at::Tensor& y_TO, const at::Tensor& x_TI, const at::Tensor& a_RI,
                           const at::Tensor& b_OR, double scale) {
  return at::addmm(y_TO, at::linear(x_TI, a_RI), b_OR.t(), /*beta=*/1, /*alpha=*/scale);
}

LoraLinear::LoraLinear(std::unique_ptr<Linear> base, WeightPtr a_RI, WeightPtr b_OR, std::string_view slot,
                       const Options& options)
    : base_(std::move(base)),
      a_RI_(std::move(a_RI)),
      b_OR_(std::move(b_OR)),
      dropout_site_(site_of(cat(slot, ".lora_dropout"))),
      options_(options) {
  const at::Tensor &a = a_RI_->value, &b = b_OR_->value;
  TORCH_CHECK(a.dim() == 2 && b.dim() == 2 && a.size(1) == base_->in_features() && b.size(0) == base_->out_features() &&
                  a.size(0) == b.size(1),
              "LoRA matrices of shapes ", a.sizes(), " and ", b.sizes(), " on a matrix [", base_->out_features(), ", ",
              base_->in_features(), "]");
}

at::Tensor LoraLinear::forward(const at::Tensor& x_TI, const ForwardMode& mode) {
  const at::Tensor y_TO = base_->forward(x_TI, mode);
  if (!is_active_) return y_TO;
  at::Tensor kept_TI = x_TI;
  double scale = options_.scale;
  if (mode.randomness != nullptr && options_.dropout > 0) {
    const double kept = 1 - options_.dropout;
    at::Tensor mask_TI = at::empty(x_TI.sizes(), x_TI.options().dtype(at::kBool));
    mask_TI.bernoulli_(kept, mode.randomness->generator(dropout_site_, x_TI.device()));
    kept_TI = x_TI * mask_TI;
    scale = kept > 0 ? scale / kept : 0;
  }
  return add_lora_update(y_TO, kept_TI, in_type_of(*a_RI_, x_TI), in_type_of(*b_OR_, x_TI), scale);
}

at::Tensor LoraLinear::dense_weight() const {
  const at::Tensor base_OI = base_->dense_weight();
  if (!is_active_) return base_OI;
  return at::addmm(base_OI, b_OR_->value.detach(), a_RI_->value.detach(), /*beta=*/1, /*alpha=*/options_.scale);
}

void LoraLinear::visit(const std::string& prefix, const WeightVisitor& visit) {
  base_->visit(prefix, visit);
  visit(prefix + "lora_A.weight", a_RI_);
  visit(prefix + "lora_B.weight", b_OR_);
}

}  // namespace forgelm::engine
