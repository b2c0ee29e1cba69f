// Encoders of the BERT family with a label head: BERT, DistilBERT, RoBERTa and
// its kin. One computation; a table of names says where each family keeps its
// weights. Always float32, without gradients. Oracle: transformers 5.23.0
// (tests/golden/token_classifiers).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "engine/nn/mlp.hpp"
#include "forgelm/formats/encoder_config.hpp"

namespace forgelm::engine {

class Encoder {
 public:
  /// Reads the folder's weights, whatever floating type they have in the file.
  /// ConfigError that names the tensor when one is missing, of another shape
  /// than config.json says, or not of a floating type. Tensors of other heads
  /// are left alone.
  Encoder(const std::filesystem::path& folder, formats::EncoderConfig config, at::Device device);

  /// Logits [B, T, L] of `ids_BT` (int64, on the processor), whose rows hold
  /// `lengths` tokens and then anything. The numbers behind a row's length mean
  /// nothing.
  at::Tensor logits(const at::Tensor& ids_BT, const std::vector<std::int64_t>& lengths) const;

  const formats::EncoderConfig& config() const noexcept { return config_; }
  std::uint64_t num_weights() const noexcept { return num_weights_; }

 private:
  struct Part {
    at::Tensor weight, bias;  ///< of a linear part or a norm
  };
  struct Layer {
    Part qkv, out, attention_norm, up, down, output_norm;
  };
  class Reader;

  at::Tensor embed(const at::Tensor& ids_BT) const;
  at::Tensor attend(const Layer& layer, const at::Tensor& x_BTD, const at::Tensor& seen_B11T) const;
  at::Tensor norm(const Part& part, const at::Tensor& x) const;

  formats::EncoderConfig config_;
  at::Device device_;
  Activation activation_;
  at::Tensor words_, positions_, token_type_;
  Part embedding_norm_, head_;
  std::vector<Layer> layers_;
  std::uint64_t num_weights_ = 0;
};

}  // namespace forgelm::engine
