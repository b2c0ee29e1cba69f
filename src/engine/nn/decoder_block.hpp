// DecoderBlock: x + attention(norm(x)), then x + mlp(norm(x)).
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/nn/attention.hpp"
#include "engine/nn/forward.hpp"
#include "engine/nn/mlp.hpp"
#include "engine/nn/norm.hpp"
#include "engine/nn/row.hpp"

namespace forgelm::engine {

struct DecoderBlock {
  std::string name;  ///< "model.layers.0"
  RmsNorm input_norm;
  Attention attention;
  RmsNorm post_attention_norm;
  Mlp mlp;

  at::Tensor forward(const at::Tensor& x_TD, const Row& row, const ForwardMode& mode);

  struct Slot {
    std::string_view name;  ///< within the block: "self_attn.q_proj"
    std::unique_ptr<Linear>* part;
  };
  std::vector<Slot> linear_slots();
  void visit(const WeightVisitor& visit);
  bool has_trained_weights();
};

}  // namespace forgelm::engine
