// Mlp: the block's second half, gated (SwiGLU and its kin): down(activation(gate(x)) * up(x)). Source: Shazeer 2020,
// arXiv 2002.05202.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <string_view>

#include "engine/nn/forward.hpp"
#include "engine/nn/linear.hpp"

namespace forgelm::engine {

using Activation = at::Tensor (*)(const at::Tensor&);

/// By the name that config.json has ("silu"). ConfigError that names what there is.
Activation activation_of(std::string_view name);

class Mlp {
 public:
  /// The linear parts are put in afterwards.
  explicit Mlp(Activation activation) : activation_(activation) {}
  at::Tensor forward(const at::Tensor& x_TD, const ForwardMode& mode);

  std::unique_ptr<Linear> gate_proj, up_proj, down_proj;

 private:
  Activation activation_;
};

}  // namespace forgelm::engine
