// adapter_model.safetensors as peft 0.21.2 writes it. A name is "base_model.model." and the weight's own; a bias of a
// layer with an adapter stands under "base_layer", because peft's layer is wrapped. Checked both ways: peft's files are
// among the goldens (tests/golden/lora), ours are loaded by peft (tools/golden/lora/check.py).
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "engine/adapters/lora.hpp"
#include "engine/adapters/lora_linear.hpp"
#include "engine/model/tensor_file.hpp"
#include "engine/torch.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/safetensors.hpp"

namespace forgelm::engine {
namespace {

constexpr std::string_view kStem = "adapter_model";
constexpr std::string_view kPrefix = "base_model.model.";

/// What belongs to the adapter, by name in the file.
std::map<std::string, WeightPtr> adapter_weights(DecoderModel& model) {
  std::set<std::string> adapted_biases;
  for (const LinearSlot& slot : model.linear_slots())
    if (dynamic_cast<const LoraLinear*>(slot.part->get()) != nullptr) adapted_biases.insert(slot.name + ".bias");
  std::map<std::string, WeightPtr> weights;
  model.visit_weights([&](const std::string& name, const WeightPtr& weight) {
    const bool is_matrix = name.ends_with(".lora_A.weight") || name.ends_with(".lora_B.weight");
    if (!is_matrix && !weight->base.defined()) return;
    std::string file_name = cat(kPrefix, name);
    if (adapted_biases.count(name) != 0) file_name.insert(file_name.rfind('.'), ".base_layer");
    weights.emplace(std::move(file_name), weight);
  });
  return weights;
}

bool is_equal(const at::Tensor& weight, const at::Tensor& stored) {
  return weight.sizes() == stored.sizes() && at::isFloatingType(stored.scalar_type()) &&
         at::equal(stored.to(weight.options()), weight.detach());
}

/// What peft writes besides the adapter, and only when it says nothing new: weights of the base (of layers whose
/// embedding or head has an adapter, of saved modules whose biases are trained) and copies inside the file.
class Repetitions {
 public:
  Repetitions(DecoderModel& model, const formats::SafetensorsReader& file) : file_(file) {
    model.visit_weights([&](const std::string& name, const WeightPtr& weight) {
      base_[name] = weight->base.defined() ? weight->base : weight->value;
    });
    for (const LinearSlot& slot : model.linear_slots()) {  // a tied head is not visited
      const Linear* part = slot.part->get();
      if (const auto* lora = dynamic_cast<const LoraLinear*>(part)) part = &lora->base();
      if (const auto* dense = dynamic_cast<const DenseLinear*>(part))
        base_.emplace(slot.name + ".weight", dense->weight()->value);
    }
  }

  bool holds(const std::string& file_name) const {
    const at::Tensor stored = view_tensor(file_, file_name);
    if (const auto plain = without(file_name, ".modules_to_save.default"))
      return file_.find(*plain) != nullptr && is_equal(view_tensor(file_, *plain), stored);
    if (!file_name.starts_with(kPrefix)) return false;
    std::string name = file_name.substr(kPrefix.size());
    for (const std::string_view wrapper : {".base_layer", ".original_module"})
      if (const auto plain = without(name, wrapper)) name = *plain;
    const auto base = base_.find(name);
    return base != base_.end() && is_equal(base->second, stored);
  }

 private:
  static std::optional<std::string> without(std::string name, std::string_view part) {
    const std::size_t place = name.find(cat(part, "."));
    if (place == std::string::npos) return std::nullopt;
    return name.erase(place, part.size());
  }

  const formats::SafetensorsReader& file_;
  std::map<std::string, at::Tensor> base_;
};

/// "a, b, c and 12 more"
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 4;
  const std::vector<std::string> shown(names.begin(),
                                       names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kShown)));
  return join(shown, ", ") + (names.size() > kShown ? cat(" and ", names.size() - kShown, " more") : "");
}

}  // namespace

void save_adapter(DecoderModel& model, const formats::AdapterConfig& config, const std::filesystem::path& folder) {
  NamedTensors tensors;
  for (const auto& [name, weight] : adapter_weights(model))
    tensors.emplace_back(name, weight->value.detach().to(at::kFloat));
  write_tensor_file(folder / cat(kStem, ".safetensors"), tensors);
  write_file_durably(folder / "adapter_config.json", dump(to_json(config), {.indent = 2}));
}

void load_adapter(DecoderModel& model, const std::filesystem::path& folder) {
  const auto file = formats::SafetensorsReader::open_folder(folder, kStem);
  const std::map<std::string, WeightPtr> expected = adapter_weights(model);
  std::vector<std::string> missing, left_over, wrong;
  for (const auto& [name, weight] : expected) {
    const formats::TensorInfo* const info = file.find(name);
    if (info == nullptr) missing.push_back(name);
    else if (at::IntArrayRef(info->shape) != weight->value.sizes())
      wrong.push_back(cat(name, " is ", shape_text(info->shape), " where the model and adapter_config.json make it ",
                          shape_text(weight->value.sizes())));
    else if (!at::isFloatingType(scalar_type_of(info->type)))
      wrong.push_back(cat(name, " holds ", to_text(info->type), ", no floating point numbers"));
  }
  const Repetitions repetitions(model, file);
  for (const formats::TensorInfo& info : file.tensors())
    if (expected.count(info.name) == 0 && !repetitions.holds(info.name)) left_over.push_back(info.name);

  std::vector<std::string> problems = wrong.size() > 4 ? std::vector<std::string>{some_of(wrong)} : wrong;
  if (!missing.empty()) problems.push_back("missing: " + some_of(missing));
  if (!left_over.empty()) problems.push_back("not part of this model's adapter: " + some_of(left_over));
  if (!problems.empty())
    throw ConfigError(cat("the adapter in ", folder.string(), " does not fit: ", join(problems, "; ")),
                      "its base model and its adapter_config.json must be those that it was trained with");
  const at::NoGradGuard no_grad;
  for (const auto& [name, weight] : expected) weight->value.copy_(view_tensor(file, name));
}

}  // namespace forgelm::engine
