#include "engine/nn/decoder.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/kernels/fused.hpp"
#include "engine/nn/decoder_parts.hpp"
#include "engine/nn/recompute.hpp"
#include "engine/torch.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

void require_sound(const ForwardInput& input, std::int64_t num_tokens) {
  TORCH_CHECK(input.ids_T.defined() != input.embeddings_TD.defined(), "a forward pass needs ids or embeddings");
  TORCH_CHECK(input.positions_AT.dim() == 2 && input.positions_AT.size(1) == num_tokens, "there are ", num_tokens,
              " tokens, and positions of shape ", input.positions_AT.sizes());
  TORCH_CHECK(input.starts.size() > 1 && input.starts.front() == 0 && input.starts.back() == num_tokens,
              "the sequences of a row must begin at 0 and end at ", num_tokens);
}

std::int64_t longest(const std::vector<std::int32_t>& starts) {
  std::int32_t result = 0;
  for (std::size_t i = 0; i + 1 < starts.size(); ++i) result = std::max(result, starts[i + 1] - starts[i]);
  return result;
}

/// A block with what its second run needs; the caller's mode may be gone by then.
Recomputed second_run(DecoderBlock& block, const std::shared_ptr<const Row>& row, const ForwardMode& mode) {
  std::optional<Randomness> randomness;
  if (mode.randomness != nullptr) randomness = *mode.randomness;
  return [&block, row, randomness](const at::Tensor& x_TD) {
    ForwardMode own;
    own.randomness = randomness ? &*randomness : nullptr;
    return block.forward(x_TD, *row, own);
  };
}

}  // namespace

DecoderModel::DecoderModel(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
DecoderModel::~DecoderModel() = default;
DecoderModel::DecoderModel(DecoderModel&&) noexcept = default;
DecoderModel& DecoderModel::operator=(DecoderModel&&) noexcept = default;

const formats::ModelConfig& DecoderModel::config() const { return parts_->config; }
at::Device DecoderModel::device() const { return parts_->device; }
at::ScalarType DecoderModel::dtype() const { return parts_->dtype; }

at::Tensor DecoderModel::embed(const at::Tensor& ids_T) { return parts_->embedding.forward(ids_T).to(parts_->dtype); }

at::Tensor DecoderModel::hidden(const ForwardInput& input, const ForwardMode& mode) {
  const at::Tensor start_TD = input.ids_T.defined() ? embed(input.ids_T) : input.embeddings_TD.to(parts_->dtype);
  require_sound(input, start_TD.size(0));
  const auto row = std::make_shared<Row>();
  row->starts = input.starts;
  parts_->rope.write_angles(input.positions_AT, parts_->dtype, *row);
  row->window = parts_->config.sliding_window;
  // The fused form needs none, and of a long row it would be the largest tensor there is.
  if (const std::int64_t length = longest(row->starts); row->window && length > *row->window && !can_fuse({&start_TD}))
    row->window_mask_SS = make_window_mask(length, *row->window, start_TD.options().requires_grad(false));
  at::Tensor x_TD = start_TD;
  for (DecoderBlock& block : parts_->blocks) {
    if (mode.recomputes_blocks)
      x_TD = recompute_in_backward(x_TD, block.has_trained_weights(), second_run(block, row, mode));
    else x_TD = block.forward(x_TD, *row, mode);
  }
  return parts_->norm.forward(x_TD);
}

at::Tensor DecoderModel::logits(const at::Tensor& hidden_TD, const ForwardMode& mode) {
  return parts_->head->forward(hidden_TD, mode);
}

std::vector<LinearSlot> DecoderModel::linear_slots() {
  std::vector<LinearSlot> slots;
  for (std::size_t i = 0; i < parts_->blocks.size(); ++i) {
    DecoderBlock& block = parts_->blocks[i];
    for (const auto& slot : block.linear_slots())
      slots.push_back({cat(block.name, ".", slot.name), static_cast<std::int64_t>(i), slot.part});
  }
  slots.push_back({"lm_head", -1, &parts_->head});
  return slots;
}

void DecoderModel::visit_weights(const WeightVisitor& visit) {
  const WeightPtr& embedding = parts_->embedding.weight();
  visit("model.embed_tokens.weight", embedding);
  for (DecoderBlock& block : parts_->blocks) block.visit(visit);
  visit("model.norm.weight", parts_->norm.weight());
  parts_->head->visit("lm_head.", [&](const std::string& name, const WeightPtr& weight) {
    if (weight != embedding) visit(name, weight);
  });
}

}  // namespace forgelm::engine
