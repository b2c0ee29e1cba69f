// Putting adapters into a model and taking them out. What a weight was before stays in Weight::base, so that
// WithoutAdapters exchanges tensors and nothing is computed twice.
#include "engine/adapters/lora.hpp"

#include <cmath>
#include <set>
#include <utility>

#include "engine/adapters/lora_linear.hpp"
#include "engine/adapters/saved_modules.hpp"
#include "engine/torch.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

constexpr Logger logger("forgelm.engine");

LoraLinear* lora_in(const LinearSlot& slot) { return dynamic_cast<LoraLinear*>(slot.part->get()); }

WeightPtr trained(const at::Tensor& value) {
  auto weight = std::make_shared<Weight>();
  weight->value = value;
  set_trained(*weight);
  return weight;
}

/// torch's kaiming_uniform_(a = sqrt(5)): uniform within 1 / sqrt(I). Drawn on the processor, so that the start does
/// not depend on the device, from a generator of the slot's own, so that it does not depend on the other slots.
at::Tensor initial_a(std::int64_t rank, std::int64_t in_features, std::uint64_t seed, const std::string& slot) {
  const double bound = 1 / std::sqrt(static_cast<double>(in_features));
  const Randomness randomness{seed};
  return at::empty({rank, in_features}, at::kFloat)
      .uniform_(-bound, bound, randomness.generator(site_of(cat(slot, ".lora_A")), at::kCPU));
}

/// The head gets a matrix of its own where it or the embedding is trained: two copies, as peft makes them unless
/// told otherwise.
void untie_head(DecoderModel& model, const std::vector<std::string>& modules_to_save) {
  const TiedHead tied = find_tied_head(model);
  if (tied.slot.part == nullptr) return;
  if (!is_saved_module(tied.slot.name, modules_to_save) && !is_saved_module(tied.embedding, modules_to_save)) return;
  const auto& dense = static_cast<const DenseLinear&>(**tied.slot.part);
  *tied.slot.part = std::make_unique<DenseLinear>(std::make_shared<Weight>(*dense.weight()), dense.bias());
}

void train_modules_to_save(DecoderModel& model, const std::vector<std::string>& modules_to_save) {
  if (modules_to_save.empty()) return;
  for (const LinearSlot& slot : model.linear_slots())
    if (is_saved_module(slot.name, modules_to_save) && dynamic_cast<DenseLinear*>(slot.part->get()) == nullptr)
      throw ConfigError(cat("modules_to_save names ", slot.name, ", whose matrix is quantized: it cannot be trained"),
                        "let target_modules give it an adapter, or load the model without quantization");
  bool is_any = false;
  model.visit_weights([&](const std::string& name, const WeightPtr& weight) {
    if (!is_saved_module(name.substr(0, name.rfind('.')), modules_to_save)) return;
    is_any = true;
    set_trained_copy(*weight);
  });
  if (!is_any)
    logger.warning("the model has none of the modules that the adapter saves (", join(modules_to_save, ", "), ")");
}

void train_biases(DecoderModel& model, const formats::AdapterConfig& config, const std::set<std::string>& adapted) {
  if (config.bias == "none") return;
  model.visit_weights([&](const std::string& name, const WeightPtr& weight) {
    if (!name.ends_with(".bias") || weight->is_trained) return;
    if (config.bias == "all" || adapted.count(name.substr(0, name.rfind('.'))) != 0) set_trained_copy(*weight);
  });
}

}  // namespace

void add_lora(DecoderModel& model, const formats::AdapterConfig& config, std::uint64_t seed) {
  const std::vector<LinearSlot> slots = model.linear_slots();
  std::set<std::string> adapted;
  for (const LinearSlot& slot : slots) {
    if (lora_in(slot) != nullptr)
      throw RunError(RunErrorKind::internal, cat("the model has an adapter already, at ", slot.name));
    if (!config.targets(slot.name, slot.layer)) continue;
    if (is_saved_module(slot.name, config.modules_to_save))
      throw ConfigError(cat(slot.name, " is in target_modules and in modules_to_save"),
                        "name it in one of them: an adapter, or trained in full");
    adapted.insert(slot.name);
  }
  if (adapted.empty())
    throw ConfigError(cat("the adapter fits no linear layer of the model: ",
                          config.target_pattern ? quote(*config.target_pattern) : join(config.target_modules, ", ")),
                      "the adapter was made for another kind of model, or its target_modules are misspelt");

  model.visit_weights([](const std::string&, const WeightPtr& weight) { set_frozen(*weight); });
  untie_head(model, config.modules_to_save);
  train_modules_to_save(model, config.modules_to_save);
  train_biases(model, config, adapted);
  for (const LinearSlot& slot : slots) {
    if (adapted.count(slot.name) == 0) continue;
    const std::int64_t rank = config.rank_of(slot.name);
    const std::int64_t in = (*slot.part)->in_features(), out = (*slot.part)->out_features();
    *slot.part = std::make_unique<LoraLinear>(
        std::move(*slot.part), trained(initial_a(rank, in, seed, slot.name).to(model.device())),
        trained(at::zeros({out, rank}, at::TensorOptions(at::kFloat).device(model.device()))), slot.name,
        LoraLinear::Options{config.scale_of(slot.name), config.dropout});
  }
}

void merge_adapters(DecoderModel& model) {
  for (const LinearSlot& slot : model.linear_slots()) {
    const LoraLinear* const lora = lora_in(slot);
    if (lora == nullptr) continue;
    const auto* dense = dynamic_cast<const DenseLinear*>(&lora->base());
    auto weight = std::make_shared<Weight>();  // a new one: the head's may be the embedding's as well
    weight->value = lora->dense_weight().to(dense != nullptr ? dense->weight()->value.scalar_type() : model.dtype());
    *slot.part = std::make_unique<DenseLinear>(std::move(weight), lora->bias());
  }
  model.visit_weights([](const std::string&, const WeightPtr& weight) {
    if (weight->base.defined()) weight->value = weight->value.detach().to(weight->base.scalar_type());
    weight->base = at::Tensor();
    set_frozen(*weight);
  });
}

WithoutAdapters::WithoutAdapters(DecoderModel& model) {
  for (const LinearSlot& slot : model.linear_slots()) {
    LoraLinear* const lora = lora_in(slot);
    if (lora == nullptr || !lora->is_active()) continue;
    lora->set_active(false);
    inactive_.push_back(lora);
  }
  model.visit_weights([&](const std::string&, const WeightPtr& weight) {
    if (!weight->base.defined()) return;
    exchanged_.emplace_back(weight, *weight);
    weight->value = std::exchange(weight->base, at::Tensor());
  });
}

WithoutAdapters::~WithoutAdapters() {
  for (LoraLinear* const lora : inactive_) lora->set_active(true);
  for (auto& [weight, before] : exchanged_) *weight = std::move(before);
}

}  // namespace forgelm::engine
