#include "engine/nn/decoder_block.hpp"

#include "forgelm/core/text.hpp"

namespace forgelm::engine {

at::Tensor DecoderBlock::forward(const at::Tensor& x_TD, const Row& row, const ForwardMode& mode) {
  const at::Tensor middle_TD = x_TD + attention.forward(input_norm.forward(x_TD), row, mode);
  return middle_TD + mlp.forward(post_attention_norm.forward(middle_TD), mode);
}

std::vector<DecoderBlock::Slot> DecoderBlock::linear_slots() {
  return {{"self_attn.q_proj", &attention.q_proj}, {"self_attn.k_proj", &attention.k_proj},
          {"self_attn.v_proj", &attention.v_proj}, {"self_attn.o_proj", &attention.o_proj},
          {"mlp.gate_proj", &mlp.gate_proj},       {"mlp.up_proj", &mlp.up_proj},
          {"mlp.down_proj", &mlp.down_proj}};
}

void DecoderBlock::visit(const WeightVisitor& visit) {
  visit(name + ".input_layernorm.weight", input_norm.weight());
  for (const Slot& slot : linear_slots()) (*slot.part)->visit(cat(name, ".", slot.name, "."), visit);
  visit(name + ".post_attention_layernorm.weight", post_attention_norm.weight());
}

bool DecoderBlock::has_trained_weights() {
  bool result = false;
  visit([&](const std::string&, const WeightPtr& weight) { result = result || weight->is_trained; });
  return result;
}

}  // namespace forgelm::engine
