#include "engine/adapters/saved_modules.hpp"

#include <algorithm>
#include <set>

#include "engine/torch.hpp"

namespace forgelm::engine {

bool is_saved_module(std::string_view module, const std::vector<std::string>& names) {
  for (std::size_t end = module.find('.');; end = module.find('.', end + 1)) {
    const std::string_view outer = module.substr(0, end);
    if (std::any_of(names.begin(), names.end(), [&](const std::string& saved) { return outer.ends_with(saved); }))
      return true;
    if (end == std::string_view::npos) return false;
  }
}

std::vector<std::string> module_names(DecoderModel& model) {
  std::set<std::string> names;
  const auto add = [&](std::string_view name) {
    for (std::size_t end = name.find('.'); end != std::string_view::npos; end = name.find('.', end + 1))
      names.emplace(name.substr(0, end));
  };
  model.visit_weights([&](const std::string& name, const WeightPtr&) { add(name); });
  for (const LinearSlot& slot : model.linear_slots()) add(slot.name + ".");
  return {names.begin(), names.end()};
}

TiedHead find_tied_head(DecoderModel& model) {
  TiedHead tied;
  for (const LinearSlot& slot : model.linear_slots()) {
    const auto* dense = slot.layer < 0 ? dynamic_cast<const DenseLinear*>(slot.part->get()) : nullptr;
    if (dense == nullptr) continue;
    model.visit_weights([&](const std::string& name, const WeightPtr& weight) {
      if (weight == dense->weight() && name != slot.name + ".weight") tied = {slot, name.substr(0, name.rfind('.'))};
    });
  }
  return tied;
}

}  // namespace forgelm::engine
