// From `lora` of a job to adapter_config.json. Names are matched by peft's rules; one difference: what peft passes over
// silently (a misspelt name beside good ones) is said here.
#include <algorithm>
#include <set>

#include "engine/adapters/lora.hpp"
#include "engine/adapters/saved_modules.hpp"
#include "engine/torch.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/suggest.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

constexpr Logger logger("forgelm.engine");

std::string last_part(const std::string& name) { return name.substr(name.rfind('.') + 1); }

/// A name or the end of a name behind a dot.
bool means(const std::string& given, const std::string& name) { return name == given || name.ends_with("." + given); }

std::vector<std::string> last_parts(const std::vector<std::string>& names) {
  std::set<std::string> parts;
  for (const std::string& name : names)
    if (const std::string part = last_part(name); !part.empty() && !is_ascii_digit(part.front())) parts.insert(part);
  return {parts.begin(), parts.end()};
}

/// "did you mean q_proj?" or the names there are.
std::string suggestion(const std::string& name, const std::vector<std::string>& known) {
  const std::string close = nearest(name, known);
  return close.empty() ? cat("the model has ", join(known, ", ")) : cat("did you mean ", close, "?");
}

/// Every linear layer of the blocks by the shortest name that means no part of the head.
std::vector<std::string> all_linear(const std::vector<LinearSlot>& slots) {
  std::vector<std::string> names;
  for (const LinearSlot& slot : slots) {
    if (slot.layer < 0) continue;
    const std::string part = last_part(slot.name);
    const bool is_heads_too = std::any_of(slots.begin(), slots.end(), [&](const LinearSlot& other) {
      return other.layer < 0 && means(part, other.name);
    });
    names.push_back(is_heads_too ? slot.name : part);
  }
  return names;
}

std::vector<std::string> resolve_targets(const std::vector<std::string>& given, const std::vector<std::string>& saved,
                                         DecoderModel& model) {
  const std::vector<LinearSlot> slots = model.linear_slots();
  const std::vector<std::string> modules = module_names(model);
  std::vector<std::string> slot_names;
  for (const LinearSlot& slot : slots) slot_names.push_back(slot.name);
  std::vector<std::string> targets, unknown;
  for (const std::string& name : given) {
    if (name == formats::kAllLinear) {
      for (std::string& linear : all_linear(slots)) targets.push_back(std::move(linear));
      continue;
    }
    const auto is_meant = [&](const std::string& other) { return means(name, other); };
    // Modules inside a saved one are the saved one's business, as with peft.
    const auto module = std::find_if(modules.begin(), modules.end(), [&](const std::string& other) {
      return is_meant(other) && !is_saved_module(other, saved);
    });
    if (std::any_of(slot_names.begin(), slot_names.end(), is_meant)) targets.push_back(name);
    else if (module != modules.end())
      throw ConfigError(cat("lora.target_modules: ", quote(name), " is ", *module, ", which is no linear layer"),
                        cat("name linear layers (", join(last_parts(slot_names), ", "),
                            "); lora.modules_to_save trains other modules in full"));
    else unknown.push_back(name);
  }
  for (const std::string& name : unknown) {
    const std::string what = cat("lora.target_modules: no layer of the model is named ", quote(name));
    if (targets.empty()) throw ConfigError(what, suggestion(name, last_parts(slot_names)));
    logger.warning(what, "; ", suggestion(name, last_parts(slot_names)));
  }
  if (targets.empty())
    throw ConfigError("lora.target_modules is empty: nothing would get an adapter", "use all-linear for every layer");
  std::sort(targets.begin(), targets.end());
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  return targets;
}

void check_modules_to_save(const std::vector<std::string>& saved, DecoderModel& model) {
  const std::vector<std::string> modules = module_names(model);
  for (const std::string& name : saved) {
    const auto ends = [&](const std::string& module) { return module.ends_with(name); };
    if (!name.empty() && std::any_of(modules.begin(), modules.end(), ends)) continue;
    throw ConfigError(cat("lora.modules_to_save: no module of the model is named ", quote(name)),
                      suggestion(name, last_parts(modules)));
  }
  const TiedHead tied = find_tied_head(model);
  if (tied.slot.part != nullptr && (is_saved_module(tied.slot.name, saved) || is_saved_module(tied.embedding, saved)))
    logger.warning(tied.embedding, " and ", tied.slot.name, " are one matrix in this model; trained through ",
                   "lora.modules_to_save they become two, and a merged model is larger by one of them");
}

std::vector<std::int64_t> last_layers(std::int64_t wanted, std::int64_t there) {
  if (wanted == 0)
    throw ConfigError("lora.num_layers is 0: no layer would get an adapter",
                      cat("give 1 to ", there, ", or -1 for all"));
  if (wanted > there)
    logger.warning("lora.num_layers is ", wanted, ", and the model has ", there, " layers: all get an adapter");
  std::vector<std::int64_t> layers;
  if (wanted > 0 && wanted < there)
    for (std::int64_t layer = there - wanted; layer < there; ++layer) layers.push_back(layer);
  return layers;
}

bool has_bias(DecoderModel& model) {
  bool found = false;
  model.visit_weights([&](const std::string& name, const WeightPtr&) { found = found || name.ends_with(".bias"); });
  return found;
}

}  // namespace

formats::AdapterConfig adapter_config_for(const config::LoraSection& lora, DecoderModel& model,
                                          const std::string& base_model) {
  using config::LoraMethod;
  const bool is_rslora = lora.method == LoraMethod::rslora || lora.use_rslora;
  if (lora.method != LoraMethod::lora && !is_rslora)
    throw RunError(RunErrorKind::internal, cat("lora.method ", to_text(lora.method), " is no LoRA adapter"));

  formats::AdapterConfig out;
  out.base_model = base_model;
  out.r = lora.r;
  out.alpha = static_cast<double>(lora.alpha);
  out.dropout = lora.dropout;
  out.bias = to_text(lora.bias);
  out.use_rslora = is_rslora;
  out.modules_to_save = lora.modules_to_save;
  out.task_type = lora.task_type;
  check_modules_to_save(lora.modules_to_save, model);
  out.target_modules = resolve_targets(lora.target_modules, lora.modules_to_save, model);
  out.layers_to_transform = last_layers(lora.num_layers, model.config().num_layers);

  const std::vector<LinearSlot> slots = model.linear_slots();
  if (std::none_of(slots.begin(), slots.end(),
                   [&](const LinearSlot& slot) { return out.targets(slot.name, slot.layer); }))
    throw ConfigError(
        "no layer would get an adapter: lora.num_layers and lora.modules_to_save leave none of "
        "lora.target_modules",
        "name linear layers of the last blocks that lora.modules_to_save does not name");
  if (lora.bias != config::LoraBias::none && !has_bias(model))
    logger.warning("lora.bias is ", out.bias, ", and the model has no bias vectors: nothing more is trained");
  return out;
}

}  // namespace forgelm::engine
