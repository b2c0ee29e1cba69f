// The linear part that holds 4-bit codes. Only the codes live from the forward pass to the backward pass; each
// dequantizes for itself. The gradient is that of the matrix that the forward pass multiplied with.
#include <optional>
#include <utility>

#include "engine/held.hpp"
#include "engine/quantization/four_bit.hpp"
#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

WeightPtr frozen(at::Tensor value) {
  auto weight = std::make_shared<Weight>();
  weight->value = std::move(value);
  return weight;
}

class FourBitProduct final : public torch::autograd::Function<FourBitProduct> {
 public:
  /// Without a bias nothing is passed: libtorch takes no undefined tensor here.
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const std::optional<at::Tensor>& bias, FourBitTensor matrix, at::ScalarType compute_dtype) {
    const at::Tensor weight_OI = dequantize(matrix, compute_dtype);
    context->saved_data["dtypes"] =
        std::vector<std::int64_t>{static_cast<std::int64_t>(compute_dtype), static_cast<std::int64_t>(x.scalar_type()),
                                  static_cast<std::int64_t>(bias ? bias->scalar_type() : compute_dtype)};
    context->saved_data["has_bias"] = bias.has_value();
    context->saved_data["matrix"] = Held<FourBitTensor>::keep(std::move(matrix));
    return at::linear(x.to(compute_dtype), weight_OI, bias ? bias->to(compute_dtype) : at::Tensor())
        .to(x.scalar_type());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto dtypes = context->saved_data["dtypes"].toIntVector();
    const auto compute_dtype = static_cast<at::ScalarType>(dtypes[0]);
    const at::Tensor gradient = gradients[0].to(compute_dtype);
    torch::autograd::variable_list result(4);
    if (context->needs_input_grad(0)) {
      const at::Tensor weight_OI = dequantize(Held<FourBitTensor>::of(context->saved_data["matrix"]), compute_dtype);
      result[0] = at::matmul(gradient, weight_OI).to(static_cast<at::ScalarType>(dtypes[1]));
    }
    if (context->saved_data["has_bias"].toBool() && context->needs_input_grad(1))
      result[1] = gradient.reshape({-1, gradient.size(-1)}).sum(0, false, static_cast<at::ScalarType>(dtypes[2]));
    return result;
  }
};

class FourBitLinear final : public Linear {
 public:
  FourBitLinear(FourBitTensor matrix, WeightPtr bias, at::ScalarType compute_dtype)
      : matrix_(std::move(matrix)), bias_(std::move(bias)), compute_dtype_(compute_dtype) {
    TORCH_CHECK(matrix_.shape.size() == 2, "a 4-bit linear part takes a matrix, not a tensor of ", matrix_.shape.size(),
                " dimensions");
    codes_ = frozen(matrix_.codes.view({-1, 1}));
    absmax_ = frozen(matrix_.is_double() ? matrix_.absmax_codes : matrix_.absmax);
    if (matrix_.is_double()) nested_absmax_ = frozen(matrix_.nested_absmax);
  }

  at::Tensor forward(const at::Tensor& x_TI, const ForwardMode&) override {
    return FourBitProduct::apply(x_TI, bias_ ? std::optional(bias_->value) : std::nullopt, matrix(), compute_dtype_);
  }
  std::int64_t in_features() const override { return matrix_.shape[1]; }
  std::int64_t out_features() const override { return matrix_.shape[0]; }
  at::Tensor dense_weight() const override { return dequantize(matrix(), at::kFloat); }
  WeightPtr bias() const override { return bias_; }
  FrozenMatrix frozen_matrix(at::ScalarType dtype) const override {
    if (dtype != compute_dtype_) return nullptr;
    return [matrix = matrix(), dtype] { return dequantize(matrix, dtype); };
  }

  void visit(const std::string& prefix, const WeightVisitor& visit) override {
    visit(prefix + "weight", codes_);
    visit(prefix + "weight.absmax", absmax_);
    if (nested_absmax_) visit(prefix + "weight.nested_absmax", nested_absmax_);
    if (bias_) visit(prefix + "bias", bias_);
  }

 private:
  /// With the tensors that the weights hold now: whoever visits may have put others there.
  FourBitTensor matrix() const {
    FourBitTensor now = matrix_;
    now.codes = codes_->value.view({-1});
    (now.is_double() ? now.absmax_codes : now.absmax) = absmax_->value;
    if (nested_absmax_) now.nested_absmax = nested_absmax_->value;
    return now;
  }

  FourBitTensor matrix_;
  WeightPtr codes_;
  WeightPtr absmax_;
  WeightPtr nested_absmax_;
  WeightPtr bias_;
  at::ScalarType compute_dtype_;
};

}  // namespace

std::unique_ptr<Linear> make_four_bit_linear(FourBitTensor weight, WeightPtr bias, at::ScalarType compute_dtype) {
  return std::make_unique<FourBitLinear>(std::move(weight), std::move(bias), compute_dtype);
}

LinearMaker four_bit_maker(const FourBitOptions& options, at::Device device, at::ScalarType source_dtype) {
  return [=](const std::string&, const at::Tensor& weight_OI, const at::Tensor& bias) {
    auto matrix = quantize_four_bit(weight_OI.to(source_dtype).to(device), options.kind, options.is_double);
    WeightPtr held_bias;
    if (bias.defined())  // its bytes are the file's
      held_bias = frozen(bias.to(at::TensorOptions(device).dtype(source_dtype), /*non_blocking=*/false, /*copy=*/true));
    return make_four_bit_linear(std::move(matrix), std::move(held_bias), options.compute_dtype);
  };
}

}  // namespace forgelm::engine
