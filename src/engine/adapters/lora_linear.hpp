// LoraLinear: the part that add_lora() puts into a slot, around the part that was there (dense or quantized).
// Invariant: A and B are trained float32 weights; they are computed with in the type of x.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/nn/linear.hpp"

namespace forgelm::engine {

/// y_TO + scale * (x_TI A^T) B^T, with A [R, I] and B [O, R]: the one place where LoRA is computed.
at::Tensor add_lora_update(const at::Tensor& y_TO, const at::Tensor& x_TI, const at::Tensor& a_RI,
                           const at::Tensor& b_OR, double scale);

class LoraLinear final : public Linear {
 public:
  struct Options {
    double scale = 1;
    double dropout = 0;  ///< chance that an input of A is dropped, where the forward pass is given randomness
  };
  /// `slot` names the place that dropout draws for.
  LoraLinear(std::unique_ptr<Linear> base, WeightPtr a_RI, WeightPtr b_OR, std::string_view slot,
             const Options& options);

  at::Tensor forward(const at::Tensor& x_TI, const ForwardMode& mode) override;
  std::int64_t in_features() const override { return base_->in_features(); }
  std::int64_t out_features() const override { return base_->out_features(); }
  at::Tensor dense_weight() const override;
  WeightPtr bias() const override { return base_->bias(); }
  /// The base's weights under their own names, then "lora_A.weight" and "lora_B.weight".
  void visit(const std::string& prefix, const WeightVisitor& visit) override;

  const Linear& base() const { return *base_; }
  bool is_active() const { return is_active_; }
  /// Inactive: the base alone, in forward() and dense_weight().
  void set_active(bool is_active) { is_active_ = is_active; }

 private:
  std::unique_ptr<Linear> base_;
  WeightPtr a_RI_, b_OR_;
  std::uint64_t dropout_site_;
  Options options_;
  bool is_active_ = true;
};

}  // namespace forgelm::engine
