// Attention: the block's first half. Grouped queries (Ainslie et al. 2023, arXiv 2305.13245) come from the shapes of
// the matrices; rotary positions and borders from the row.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <string>

#include "engine/nn/forward.hpp"
#include "engine/nn/linear.hpp"
#include "engine/nn/row.hpp"

namespace forgelm::engine {

struct AttentionOptions {
  std::int64_t num_heads = 0, num_key_value_heads = 0, head_dim = 0;
  double dropout = 0;  ///< of attention weights, in training
};

class Attention {
 public:
  /// `name` is Hugging Face's: "model.layers.0.self_attn". The linear parts are put in afterwards.
  Attention(std::string name, const AttentionOptions& options);
  at::Tensor forward(const at::Tensor& x_TD, const Row& row, const ForwardMode& mode);

  std::unique_ptr<Linear> q_proj, k_proj, v_proj, o_proj;

 private:
  AttentionOptions options_;
  double scale_;
  std::uint64_t dropout_site_;
};

}  // namespace forgelm::engine
