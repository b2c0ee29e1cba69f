// DecoderModel: a causal language model composed of shared parts as its configuration says. A family adds no class: it
// is a reader of its config.json (forgelm/formats/model_config.hpp) and the options that the parts here have.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/nn/forward.hpp"
#include "engine/nn/linear.hpp"
#include "engine/nn/weight.hpp"
#include "forgelm/formats/model_config.hpp"

namespace forgelm::engine {

/// A place where a linear part stands.
struct LinearSlot {
  std::string name;                         ///< Hugging Face's: "model.layers.0.self_attn.q_proj", "lm_head"
  std::int64_t layer = -1;                  ///< from 0; -1 for the head
  std::unique_ptr<Linear>* part = nullptr;  ///< the place itself
};

class DecoderModel {
 public:
  struct Parts;  ///< src/engine/nn/decoder.cpp and the loader
  explicit DecoderModel(std::unique_ptr<Parts> parts);
  ~DecoderModel();
  DecoderModel(DecoderModel&&) noexcept;
  DecoderModel& operator=(DecoderModel&&) noexcept;

  const formats::ModelConfig& config() const;
  at::Device device() const;
  /// Of activations and, unless quantized, of the weights that are not trained.
  at::ScalarType dtype() const;

  /// ids_T -> [T, D] in dtype(), as forward() would start from; differentiable in a trained embedding.
  at::Tensor embed(const at::Tensor& ids_T);
  /// Behind the last norm: [T, D].
  at::Tensor hidden(const ForwardInput& input, const ForwardMode& mode);
  /// hidden_TD (any rows of it) -> [T, V] in dtype().
  at::Tensor logits(const at::Tensor& hidden_TD, const ForwardMode& mode);

  /// All slots in the order of the layers, the head last (also when it is tied).
  std::vector<LinearSlot> linear_slots();
  /// All weights, adapters' and quantized codes among them, in the order of the layers; tied ones once, under the
  /// embedding's name.
  void visit_weights(const WeightVisitor& visit);

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace forgelm::engine
