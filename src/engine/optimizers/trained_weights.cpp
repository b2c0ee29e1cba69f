#include <algorithm>
#include <string_view>

#include "engine/nn/decoder.hpp"
#include "engine/optimizers/optimizer.hpp"
#include "engine/torch.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// transformers' Trainer.get_decay_parameter_names: it searches names in lower case for bias, layernorm, rmsnorm and
/// for parts that are "norm" or end in "_norm".
bool decays(std::string_view name) {
  const std::string lower = ascii_lower(name);
  if (contains(lower, "bias") || contains(lower, "layernorm") || contains(lower, "rmsnorm")) return false;
  const std::string closed = "." + lower + ".";
  return !contains(closed, ".norm.") && !contains(closed, "_norm.");
}

/// peft's create_loraplus_optimizer: the B matrices and every vector learn at the greater rate.
bool is_faster(std::string_view name, const at::Tensor& value) { return contains(name, "lora_B") || value.dim() == 1; }

}  // namespace

std::vector<TrainedWeight> trained_weights(DecoderModel& model, double loraplus_lr_ratio) {
  std::vector<TrainedWeight> result;
  model.visit_weights([&](const std::string& name, const WeightPtr& weight) {
    if (!weight->is_trained) return;
    result.push_back({name, weight, decays(name), is_faster(name, weight->value) ? loraplus_lr_ratio : 1.0});
  });
  return result;
}

}  // namespace forgelm::engine
