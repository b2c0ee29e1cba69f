// What all families share: the files, which family it is, what is refused whatever the family, ids and types.
#include "forgelm/formats/model_config.hpp"

#include <algorithm>
#include <limits>

#include "forgelm/core/error.hpp"
#include "forgelm/core/suggest.hpp"
#include "forgelm/core/text.hpp"
#include "json_fields.hpp"

namespace forgelm::formats {
namespace {

namespace fs = std::filesystem;

const ModelFamily& family_of(const JsonFields& config) {
  std::vector<std::string> known;
  for (const ModelFamily* family : all_model_family_specs()) known.emplace_back(family->model_type);
  const std::string model_type = config.text("model_type", "");
  if (model_type.empty())
    config.fail("model_type", cat("it does not say of which family the model is (known: ", join(known, ", "), ")"));
  for (const ModelFamily* family : all_model_family_specs())
    if (family->model_type == model_type) return *family;
  const std::string meant = nearest(model_type, known);
  config.fail("model_type", cat("models of this family are not known here (known: ", join(known, ", "), ")"),
              meant.empty() ? "" : cat("did you mean ", meant, "?"));
}

void refuse_what_no_family_knows(const JsonFields& config) {
  if (const Json* quantization = config.find("quantization_config")) {
    const Json* method = quantization->find("quant_method");
    const bool has_name = method != nullptr && method->kind() == Json::Kind::text;
    throw ConfigError(cat(config.place(), ": quantization_config: the weights are stored quantized",
                          has_name ? cat(" (", quote(method->text()), ")") : "", ", which is not read here"),
                      "name the model that they were quantized from; model.load_in_4bit quantizes it while loading");
  }
  if (config.boolean("is_encoder_decoder", false)) config.fail("is_encoder_decoder", "only decoders are known here");
  if (config.has("per_layer_config"))
    config.fail("per_layer_config", "layers that differ from each other are not known here");
}

/// Token ids of a key that holds one or a list; those that no token can have are left out.
std::optional<std::vector<std::int32_t>> read_ids(const JsonFields& config, std::string_view key) {
  const Json* value = config.find(key);
  if (value == nullptr) return std::nullopt;
  std::vector<std::int32_t> out;
  const auto add = [&](const Json& id) {
    if (id.kind() != Json::Kind::integer) config.fail(key, "expected a token's id, or a list of them");
    if (id.integer() >= 0 && std::in_range<std::int32_t>(id.integer()))
      out.push_back(static_cast<std::int32_t>(id.integer()));
  };
  if (value->kind() != Json::Kind::array) add(*value);
  else
    for (const Json& id : value->items()) add(id);
  return out;
}

void add_ids(std::vector<std::int32_t>& ids, const std::vector<std::int32_t>& more) {
  for (const std::int32_t id : more)
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
}

/// The family has put its defaults; what the files say stands in their place.
void read_text_ends(const fs::path& folder, const JsonFields& config, ModelConfig& out) {
  const auto generation = read_json_object_if_exists(folder / "generation_config.json");
  const Json none = Json::object();
  const JsonFields generated(generation ? *generation : none, (folder / "generation_config.json").string());
  const auto read = [&](std::string_view key, std::vector<std::int32_t>& ids) {
    const bool is_told = config.object().find(key) != nullptr;  // null says that there is none
    const auto own = read_ids(config, key), more = read_ids(generated, key);
    if (is_told || more) ids.clear();
    if (own) add_ids(ids, *own);
    if (more) add_ids(ids, *more);
  };
  read("bos_token_id", out.bos_ids);
  read("eos_token_id", out.eos_ids);
}

std::string read_stored_dtype(const JsonFields& config) {
  std::string name = config.text(config.has("dtype") ? "dtype" : "torch_dtype", "");
  static constexpr std::string_view kPrefix = "torch.";
  if (name.starts_with(kPrefix)) name.erase(0, kPrefix.size());
  return name;
}

}  // namespace

ModelConfig read_model_config(const fs::path& folder) {
  const fs::path path = folder / "config.json";
  auto raw = read_json_object_if_exists(path);
  if (!raw)
    throw ConfigError(cat(folder.string(), ": no config.json"),
                      "name the folder of a model in Hugging Face layout: config.json, weights, tokenizer");
  ModelConfig out;
  out.raw = *std::move(raw);
  const JsonFields config(out.raw, path.string());
  const ModelFamily& family = family_of(config);
  refuse_what_no_family_knows(config);
  out.family = family.model_type;
  const std::vector<std::string> architectures = config.texts("architectures");
  if (!architectures.empty()) out.architecture = architectures.front();
  out.stored_dtype = read_stored_dtype(config);
  family.read(out.raw, path, out);
  read_text_ends(folder, config, out);
  return out;
}

std::string model_type_of(const fs::path& folder) {
  const fs::path path = folder / "config.json";
  const auto raw = read_json_object_if_exists(path);
  return raw ? JsonFields(*raw, path.string()).text("model_type", "") : "";
}

}  // namespace forgelm::formats
