// Weights: the named tensors of a model. Names are Hugging Face's ("model.layers.0.self_attn.q_proj.weight").
// Invariant: a trained weight is a float32 leaf tensor that requires its gradient, whatever the precision of the model;
// parts that compute in another type convert in the forward pass, so that its gradient is float32 as well.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>
#include <string>

namespace forgelm::engine {

struct Weight {
  at::Tensor value;
  bool is_trained = false;
  /// Of a weight that an adapter trains in full (a bias, a module to save): what it was without the adapter.
  at::Tensor base = {};
};

/// Shared where a model ties two of its parts (the embedding and the head): whoever replaces `value` does so for both.
using WeightPtr = std::shared_ptr<Weight>;

/// Called with the full name of each weight; a tied weight comes once.
using WeightVisitor = std::function<void(const std::string& name, const WeightPtr& weight)>;

/// Makes the weight a float32 leaf that requires its gradient.
void set_trained(Weight& weight);

/// The same on a copy; what there was becomes `base`.
void set_trained_copy(Weight& weight);

/// The weight as it is, without a gradient.
void set_frozen(Weight& weight);

/// The weight in the type of `like`; the weight itself when it has that type. Differentiable.
at::Tensor in_type_of(const Weight& weight, const at::Tensor& like);

}  // namespace forgelm::engine
