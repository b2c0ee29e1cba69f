#include "engine/nn/mlp.hpp"

#include <string>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

struct NamedActivation {
  std::string_view name;
  Activation function;
};

at::Tensor gelu_tanh(const at::Tensor& x) { return at::gelu(x, "tanh"); }

constexpr NamedActivation kActivations[] = {
    {"silu", [](const at::Tensor& x) { return at::silu(x); }},
    {"swish", [](const at::Tensor& x) { return at::silu(x); }},
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
  const at::Tensor gated_TF = activation_(gate_proj->forward(x_TD, mode)) * up_proj->forward(x_TD, mode);
  return down_proj->forward(gated_TF, mode);
}

}  // namespace forgelm::engine
