#include "engine/nn/mlp.hpp"

#include <string>

#include "engine/kernels/fused.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

struct NamedActivation {
  std::string_view name;
  Activation function;
};

at::Tensor silu(const at::Tensor& x) { return at::silu(x); }
at::Tensor gelu_tanh(const at::Tensor& x) { return at::gelu(x, "tanh"); }

constexpr NamedActivation kActivations[] = {
    {"silu", silu},
    {"swish", silu},
    {"gelu", [](const at::Tensor& x) { return at::gelu(x); }},
    {"gelu_new", gelu_tanh},
    {"gelu_pytorch_tanh", gelu_tanh},
    {"relu", [](const at::Tensor& x) { return at::relu(x); }},
};

}  // namespace

Activation activation_of(std::string_view name) {
  std::string known;
  for (const auto& activation : kActivations) {
    if (activation.name == name) return activation.function;
    known += cat(known.empty() ? "" : ", ", activation.name);
  }
  throw ConfigError(cat("the model's activation is ", quote(name)), cat("known are ", known));
}

at::Tensor Mlp::forward(const at::Tensor& x_TD, const ForwardMode& mode) {
  const at::Tensor gate_TF = gate_proj->forward(x_TD, mode), up_TF = up_proj->forward(x_TD, mode);
  const bool is_fused = activation_ == silu && can_fuse({&gate_TF, &up_TF});
  return down_proj->forward(is_fused ? fused_swiglu(gate_TF, up_TF) : activation_(gate_TF) * up_TF, mode);
}

}  // namespace forgelm::engine
