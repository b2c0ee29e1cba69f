// Dropout keeps a mask of one byte a number and leaves the inputs that stay as they are; their compensation 1 / (1 - p)
// goes into the scale. So nothing is rounded once more in bfloat16.
#include "engine/adapters/lora_linear.hpp"

#include <optional>
#include <utility>

#include "engine/held.hpp"
#include "engine/kernels/fused.hpp"
#include "engine/kernels/lora.hpp"
#include "engine/torch.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

/// Adding scale * B A to the matrix costs O * I a rank in each pass, the way round it T * (I + O): the sum wins for the
/// rows of any training batch unless the matrix is large. It does not ask for T, so that a batch in parts rounds as the
/// whole one does. In less than float32 the sum would lose what the adapter learns.
bool should_fold(const at::Tensor& x_TI, const at::Tensor& b_OR) {
  constexpr std::int64_t kRows = 512;
  const std::int64_t in = x_TI.size(1), out = b_OR.size(0);
  return x_TI.scalar_type() == at::kFloat && kRows * (in + out) > in * out;
}

at::Tensor folded(const at::Tensor& matrix_OI, const at::Tensor& a_RI, const at::Tensor& b_OR, double scale) {
  return at::addmm(matrix_OI, b_OR, a_RI, /*beta=*/1, /*alpha=*/scale);
}

/// y = x W^T + scale (x A^T) B^T over a frozen W, with its own way back: x is kept once, sums are made in place, and of
/// many rows the adapter is added to the matrix instead. Oracle: add_lora_update().
class LoraProduct final : public torch::autograd::Function<LoraProduct> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x_TI, const at::Tensor& a_RI,
                            const at::Tensor& b_OR, const std::optional<at::Tensor>& bias, FrozenMatrix matrix,
                            double scale, bool has_way_back) {
    at::Tensor y_TO;
    const at::Tensor bias_O = bias.value_or(at::Tensor());
    const bool folds = has_way_back && should_fold(x_TI, b_OR);
    if (folds) {
      y_TO = at::linear(x_TI, folded(matrix(), a_RI, b_OR, scale), bias_O);
    } else {
      y_TO = at::linear(x_TI, matrix(), bias_O);
      y_TO.addmm_(at::linear(x_TI, a_RI), b_OR.t(), /*beta=*/1, /*alpha=*/scale);
    }
    context->save_for_backward({x_TI, a_RI, b_OR});
    context->saved_data["scale"] = scale;
    context->saved_data["has_bias"] = bias.has_value();
    context->saved_data["matrix"] = Held<FrozenMatrix>::keep(std::move(matrix));
    return y_TO;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list from_above) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x_TI = saved[0], &a_RI = saved[1], &b_OR = saved[2];
    const double scale = context->saved_data["scale"].toDouble();
    const at::Tensor above_TO = from_above[0].contiguous();
    const bool wants_x = context->needs_input_grad(0), folds = should_fold(x_TI, b_OR);
    torch::autograd::variable_list gradients(7);
    at::Tensor slopes_TR;
    if (x_TI.scalar_type() == at::kFloat && can_fuse({&x_TI, &above_TO, &a_RI, &b_OR})) {
      auto fused = fused_lora_gradients(x_TI.contiguous(), above_TO, a_RI.contiguous(), b_OR.contiguous(), scale,
                                        wants_x && !folds);
      gradients[1] = std::move(fused.a_RI);
      gradients[2] = std::move(fused.b_OR);
      slopes_TR = std::move(fused.slopes_TR);
    } else {
      slopes_TR = at::mm(above_TO, b_OR).mul_(scale);
      gradients[1] = at::mm(slopes_TR.t(), x_TI);
      gradients[2] = at::mm(above_TO.t(), at::linear(x_TI, a_RI)).mul_(scale);
    }
    if (wants_x) {
      const at::Tensor matrix_OI = Held<FrozenMatrix>::of(context->saved_data["matrix"])();
      gradients[0] = folds ? at::mm(above_TO, folded(matrix_OI, a_RI, b_OR, scale))
                           : at::mm(above_TO, matrix_OI).addmm_(slopes_TR, a_RI);
    }
    if (context->saved_data["has_bias"].toBool() && context->needs_input_grad(3)) gradients[3] = above_TO.sum(0);
    return gradients;
  }
};

}  // namespace

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
  if (!is_active_) return base_->forward(x_TI, mode);
  const bool drops = mode.randomness != nullptr && options_.dropout > 0;
  if (!drops && x_TI.dim() == 2)
    if (FrozenMatrix matrix = base_->frozen_matrix(x_TI.scalar_type())) {
      const WeightPtr bias = base_->bias();
      return LoraProduct::apply(x_TI, in_type_of(*a_RI_, x_TI), in_type_of(*b_OR_, x_TI),
                                bias ? std::optional(in_type_of(*bias, x_TI)) : std::nullopt, std::move(matrix),
                                options_.scale, at::GradMode::is_enabled());
    }
  const at::Tensor y_TO = base_->forward(x_TI, mode);
  at::Tensor kept_TI = x_TI;
  double scale = options_.scale;
  if (drops) {
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
