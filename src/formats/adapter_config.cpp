// The rules are those of peft's check_target_module_exists, get_pattern_key and LoraLayer.update_layer. Every key of
// peft's LoraConfig stands in one table, with what it may be here.
#include "forgelm/formats/adapter_config.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "json_fields.hpp"
#include "name_pattern.hpp"

namespace forgelm::formats {
namespace {

constexpr const char* kFile = "adapter_config.json";
constexpr const char* kPeftVersion = "0.21.2";  // whose keys these are

enum class Use {
  read,     ///< read below
  ignored,  ///< does not change what the adapter computes
  unset,    ///< null, false or empty, or refused
};
struct KeyRow {
  std::string_view key;
  Use use;
  std::string_view why = {};
};
constexpr KeyRow kKeys[] = {
    {"alora_invocation_tokens", Use::unset, "activated LoRA is not known here"},
    {"alpha_pattern", Use::read},
    {"arrow_config", Use::unset, "Arrow routing is not known here"},
    {"auto_mapping", Use::ignored},
    {"base_model_name_or_path", Use::read},
    {"bias", Use::read},
    {"corda_config", Use::ignored},  // like the next, matters with init_lora_weights alone
    {"ensure_weight_tying", Use::unset, "adapters tied to each other are not known here"},
    {"eva_config", Use::ignored},
    {"exclude_modules", Use::read},
    {"fan_in_fan_out", Use::ignored},  // peft itself unsets it for linear layers
    {"inference_mode", Use::ignored},
    {"init_lora_weights", Use::read},
    {"kasa_config", Use::unset, "KaSA is not known here"},
    {"layer_replication", Use::unset, "replicated layers are not known here"},
    {"layers_pattern", Use::read},
    {"layers_to_transform", Use::read},
    {"loftq_config", Use::ignored},
    {"lora_alpha", Use::read},
    {"lora_bias", Use::unset, "a bias on lora_B is not known here"},
    {"lora_dropout", Use::read},
    {"lora_ga_config", Use::ignored},
    {"megatron_config", Use::unset, "Megatron's layers are not known here"},
    {"megatron_core", Use::ignored},
    {"modules_to_save", Use::read},
    {"monteclora_config", Use::unset, "MonteCLoRA is not known here"},
    {"peft_type", Use::read},
    {"peft_version", Use::ignored},
    {"qalora_group_size", Use::ignored},
    {"r", Use::read},
    {"rank_pattern", Use::read},
    {"revision", Use::ignored},
    {"runtime_config", Use::ignored},
    {"target_modules", Use::read},
    {"target_parameters", Use::unset, "adapters on single parameters are not known here"},
    {"task_type", Use::read},
    {"trainable_token_indices", Use::unset, "single trained tokens are not known here"},
    {"use_bdlora", Use::unset, "BD-LoRA is not known here"},
    {"use_dora", Use::unset, "DoRA is not known here"},
    {"use_qalora", Use::unset, "QALoRA is not known here"},
    {"use_rslora", Use::read},
    {"velora_config", Use::unset, "VeLoRA is not known here"},
};

bool is_unset(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::null: return true;
    case Json::Kind::boolean: return !value.boolean();
    case Json::Kind::text: return value.text().empty();
    case Json::Kind::array: return value.items().empty();
    case Json::Kind::object: return value.members().empty();
    default: return false;
  }
}

void check_keys(const JsonFields& fields) {
  for (const auto& [key, value] : fields.object().members()) {
    const auto* const row = std::find_if(std::begin(kKeys), std::end(kKeys),
                                         [&key = key](const KeyRow& known) { return known.key == key; });
    if (row == std::end(kKeys)) {
      if (!is_unset(value)) fields.fail(key, "this key is not known here, and may change what the adapter computes");
    } else if (row->use == Use::unset && !is_unset(value)) {
      fields.fail(key, row->why, "an adapter merged into its base model by its own tools can be used");
    }
  }
}

void check_start(const JsonFields& fields) {
  static constexpr std::string_view kKey = "init_lora_weights";
  const Json* start = fields.find(kKey);
  if (start == nullptr || start->kind() == Json::Kind::boolean) return;
  const std::string name = ascii_lower(fields.text(kKey, ""));
  if (name == "gaussian" || name == "eva" || name == "orthogonal") return;
  fields.fail(kKey, "with this start the base model's weights were changed too, or it is not known here",
              "convert the adapter to a plain LoRA with peft (save_pretrained with "
              "path_initial_model_for_weight_conversion), or merge it into its base model");
}

/// A list of names, or one regular expression.
void read_names(const JsonFields& fields, std::string_view key, std::vector<std::string>& names,
                std::optional<std::string>& pattern) {
  const Json* value = fields.find(key);
  if (value == nullptr) return;
  if (value->kind() == Json::Kind::text) {
    pattern = value->text();
    return;
  }
  names = fields.texts(key);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

void read_layers(const JsonFields& fields, AdapterConfig& out) {
  static constexpr std::string_view kKey = "layers_to_transform", kPattern = "layers_pattern";
  constexpr std::int64_t kMaxLayer = std::numeric_limits<std::int32_t>::max();
  const Json* layers = fields.find(kKey);
  if (layers != nullptr && layers->kind() == Json::Kind::integer) {
    out.layers_to_transform = {fields.integer(kKey, 0, 0, kMaxLayer)};
  } else if (layers != nullptr) {
    const auto is_layer = [](const Json& item) {
      return item.kind() == Json::Kind::integer && item.integer() >= 0 && item.integer() <= kMaxLayer;
    };
    if (layers->kind() != Json::Kind::array || !std::all_of(layers->items().begin(), layers->items().end(), is_layer))
      fields.fail(kKey, "expected the numbers of layers");
    for (const Json& layer : layers->items()) out.layers_to_transform.push_back(layer.integer());
  }
  const Json* pattern = fields.find(kPattern);
  const bool is_usual =
      pattern == nullptr || is_unset(*pattern) || *pattern == Json("layers") || *pattern == Json::array({"layers"});
  if (!is_usual) fields.fail(kPattern, "expected \"layers\", as the layers of the models here are called");
  if (out.target_pattern && layers != nullptr)
    fields.fail(kKey, "it goes with a list of target_modules, and these are a pattern");
}

void read_patterns(const JsonFields& fields, AdapterConfig& out) {
  constexpr std::int64_t kMaxRank = std::numeric_limits<std::int32_t>::max();
  for (const auto& [name, rank] : fields.members("rank_pattern")) {
    if (rank.kind() != Json::Kind::integer || rank.integer() < 1 || rank.integer() > kMaxRank)
      fields.fail("rank_pattern", cat("expected a whole number, at least 1, at ", quote(name)));
    out.rank_pattern.emplace_back(name, rank.integer());
  }
  for (const auto& [name, alpha] : fields.members("alpha_pattern")) {
    if (!alpha.is_number() || !std::isfinite(alpha.real()))
      fields.fail("alpha_pattern", cat("expected a number at ", quote(name)));
    out.alpha_pattern.emplace_back(name, alpha.real());
  }
}

/// The value of the first pattern that means `slot`, as peft's get_pattern_key finds it.
template <class Value>
Value value_for(const std::vector<std::pair<std::string, Value>>& patterns, const std::string& slot, Value otherwise) {
  for (const auto& [pattern, value] : patterns)
    if (matches_whole_name(cat("(.*\\.)?(", pattern, ")"), slot)) return value;
  return otherwise;
}

bool is_saved(const AdapterConfig& config, const std::string& slot) {
  return std::any_of(config.modules_to_save.begin(), config.modules_to_save.end(), [&slot](const std::string& module) {
    return matches_whole_name(cat("(^|.*\\.)", module, "($|\\..*)"), slot);
  });
}

/// Whether `slot` is one of the names, or ends in one behind a dot.
bool is_named(const std::vector<std::string>& names, const std::string& slot) {
  return std::any_of(names.begin(), names.end(),
                     [&slot](const std::string& name) { return slot == name || slot.ends_with(cat(".", name)); });
}

/// Whole numbers as such, as in a file of peft's where a person gave them so.
Json number(double value) {
  const bool is_whole = std::trunc(value) == value && std::abs(value) < 1e15;
  return is_whole ? Json(static_cast<std::int64_t>(value)) : Json(value);
}

template <class Value, class ToJson>
Json sorted_object(const std::vector<std::pair<std::string, Value>>& pairs, ToJson to_json_value) {
  auto sorted = pairs;
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Json out = Json::object();
  for (const auto& [key, value] : sorted) out.set(key, to_json_value(value));
  return out;
}

Json names_or_pattern(const std::vector<std::string>& names, const std::optional<std::string>& pattern) {
  if (pattern) return *pattern;
  return names.empty() ? Json() : Json::array_of(names);
}

}  // namespace

bool AdapterConfig::targets(const std::string& slot, std::int64_t layer) const {
  const bool is_excluded =
      exclude_pattern ? matches_whole_name(*exclude_pattern, slot) : is_named(exclude_modules, slot);
  if (is_excluded || is_saved(*this, slot)) return false;
  if (target_pattern == kAllLinear) return !is_named({"lm_head"}, slot);
  if (target_pattern) return matches_whole_name(*target_pattern, slot);
  if (std::find(target_modules.begin(), target_modules.end(), slot) != target_modules.end()) return true;
  const bool is_layer = layers_to_transform.empty() || std::find(layers_to_transform.begin(), layers_to_transform.end(),
                                                                 layer) != layers_to_transform.end();
  return is_layer && is_named(target_modules, slot);
}

std::int64_t AdapterConfig::rank_of(const std::string& slot) const { return value_for(rank_pattern, slot, r); }

double AdapterConfig::scale_of(const std::string& slot) const {
  const auto rank = static_cast<double>(rank_of(slot));
  return value_for(alpha_pattern, slot, alpha) / (use_rslora ? std::sqrt(rank) : rank);
}

AdapterConfig read_adapter_config(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kFile;
  const auto raw = read_json_object_if_exists(path);
  if (!raw) throw ConfigError(cat(folder.string(), ": no ", kFile), "name the folder of an adapter that peft can load");
  const JsonFields fields(*raw, path.string());
  if (fields.text("peft_type", "") != "LORA") fields.fail("peft_type", "only adapters of the kind LORA are known here");
  check_keys(fields);
  check_start(fields);

  AdapterConfig out;
  out.base_model = fields.text("base_model_name_or_path", "");
  out.r = fields.integer("r", 8, 1, std::numeric_limits<std::int32_t>::max());
  out.alpha = fields.real("lora_alpha", 8);
  out.dropout = fields.real("lora_dropout", 0);
  if (out.dropout < 0 || out.dropout > 1) fields.fail("lora_dropout", "expected a number from 0 to 1");
  out.bias = fields.text("bias", "none");
  if (out.bias != "none" && out.bias != "all" && out.bias != "lora_only")
    fields.fail("bias", "expected none, all or lora_only");
  out.use_rslora = fields.boolean("use_rslora", false);
  out.task_type = fields.text("task_type", "");
  read_names(fields, "target_modules", out.target_modules, out.target_pattern);
  if (out.target_modules.empty() && !out.target_pattern)
    fields.fail("target_modules", "it does not say which layers the adapter changes");
  read_names(fields, "exclude_modules", out.exclude_modules, out.exclude_pattern);
  out.modules_to_save = fields.texts("modules_to_save");
  read_layers(fields, out);
  read_patterns(fields, out);
  try {  // every pattern once, so that what is broken is found before any work
    static_cast<void>(out.targets("", 0));
    static_cast<void>(out.scale_of(""));
    if (out.target_pattern && *out.target_pattern != kAllLinear)
      static_cast<void>(matches_whole_name(*out.target_pattern, ""));
  } catch (const ConfigError& error) {
    throw ConfigError(cat(path.string(), ": ", error.what()), error.hint());
  }
  return out;
}

Json to_json(const AdapterConfig& config) {
  Json out = Json::object();
  for (const KeyRow& row : kKeys)
    if (row.key != "runtime_config") out.set(std::string(row.key), Json());
  for (const char* key : {"ensure_weight_tying", "fan_in_fan_out", "lora_bias", "use_dora", "use_qalora"})
    out.set(key, false);
  for (const char* key : {"inference_mode", "init_lora_weights"}) out.set(key, true);
  out.set("loftq_config", Json::object());
  out.set("megatron_core", "megatron.core");
  out.set("peft_type", "LORA");
  out.set("peft_version", kPeftVersion);
  out.set("qalora_group_size", 16);

  out.set("alpha_pattern", sorted_object(config.alpha_pattern, number));
  out.set("rank_pattern", sorted_object(config.rank_pattern, [](std::int64_t rank) { return Json(rank); }));
  if (!config.base_model.empty()) out.set("base_model_name_or_path", config.base_model);
  out.set("bias", config.bias);
  out.set("exclude_modules", names_or_pattern(config.exclude_modules, config.exclude_pattern));
  if (!config.layers_to_transform.empty()) out.set("layers_to_transform", Json::array_of(config.layers_to_transform));
  out.set("lora_alpha", number(config.alpha));
  out.set("lora_dropout", config.dropout);
  if (!config.modules_to_save.empty()) out.set("modules_to_save", Json::array_of(config.modules_to_save));
  out.set("r", config.r);
  out.set("target_modules", names_or_pattern(config.target_modules, config.target_pattern));
  if (!config.task_type.empty()) out.set("task_type", config.task_type);
  out.set("use_rslora", config.use_rslora);
  return out;
}

}  // namespace forgelm::formats
