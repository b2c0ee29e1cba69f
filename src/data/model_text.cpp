#include "forgelm/data/model_text.hpp"

#include <filesystem>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::data {
namespace {

namespace fs = std::filesystem;

/// A JSON file of a model folder; null when there is none.
Json read_json_if_exists(const fs::path& path) {
  const auto bytes = read_file_if_exists(path, std::uint64_t{16} << 20);
  if (!bytes) return Json();
  auto parsed = parse_json(*bytes);
  if (!parsed) throw ConfigError(cat(path.string(), ": ", parsed.error().message));
  return std::move(parsed).value();
}

std::string text_member(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  return value != nullptr && value->kind() == Json::Kind::text ? value->text() : std::string();
}

bool has_tokenizer(const fs::path& folder) {
  for (const char* name : {"tokenizer.json", "tokenizer.model", "spiece.model", "vocab.json", "tokenizer_config.json"})
    if (fs::exists(folder / name)) return true;
  return false;
}

}  // namespace

ModelText load_model_text(const config::ModelSection& model) {
  fs::path folder = model.name_or_path;
  if (!fs::is_directory(folder))
    throw ConfigError(cat("model.name_or_path: there is no folder ", quote(model.name_or_path)),
                      "name the folder of a model in Hugging Face layout");
  const Json adapter = read_json_if_exists(folder / "adapter_config.json");
  if (!adapter.is_null() && !has_tokenizer(folder)) {
    const std::string base = text_member(adapter, "base_model_name_or_path");
    if (!fs::is_directory(base))
      throw ConfigError(cat("model.name_or_path: the adapter in ", quote(folder.string()),
                            " has no tokenizer, and its base model ", quote(base), " is not a folder here"),
                        "put the base model's tokenizer beside the adapter, or correct base_model_name_or_path in "
                        "adapter_config.json");
    folder = base;
  }
  ModelText out;
  out.tokenizer = text::Tokenizer::load(folder);
  // A base model's tokenizer may bring a template that the model never saw.
  const bool ignores_own = model.kind == config::ModelKind::base && model.chat_template == "auto";
  const std::string model_type = text_member(read_json_if_exists(folder / "config.json"), "model_type");
  auto chosen = text::ChatTemplate::choose(ignores_own ? "plain" : model.chat_template, *out.tokenizer, model_type);
  if (model.kind == config::ModelKind::instruct && model.chat_template == "auto" &&
      chosen.origin() == text::ChatTemplateOrigin::builtin)
    throw ConfigError(
        "model.kind is instruct, but the tokenizer brings no chat template and the model's family has none here",
        cat("name one with model.chat_template: ", join(text::builtin_chat_templates(), ", "), ", or a Jinja file"));
  out.chat_template = std::make_shared<const text::ChatTemplate>(std::move(chosen));
  return out;
}

}  // namespace forgelm::data
