#include "forgelm/data/model_text.hpp"

#include <filesystem>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/model_config.hpp"

namespace forgelm::data {
namespace {

namespace fs = std::filesystem;

bool has_tokenizer(const fs::path& folder) {
  for (const char* name : {"tokenizer.json", "tokenizer.model", "spiece.model", "vocab.json", "tokenizer_config.json"})
    if (fs::exists(folder / name)) return true;
  return false;
}

/// Where the tokenizer of a folder without one is: of an adapter, in its base model's.
fs::path find_folder(const std::string& name_or_path) {
  try {
    return formats::find_model_folders(name_or_path).base;
  } catch (const ConfigError& error) {
    throw ConfigError(cat("model.name_or_path: ", error.what()), error.hint());
  }
}

}  // namespace

ModelText load_model_text(const config::ModelSection& model) {
  fs::path folder = model.name_or_path;
  if (!has_tokenizer(folder)) folder = find_folder(model.name_or_path);
  ModelText out;
  out.tokenizer = text::Tokenizer::load(folder);
  // A base model's tokenizer may bring a template that the model never saw.
  const bool ignores_own = model.kind == config::ModelKind::base && model.chat_template == "auto";
  const std::string model_type = formats::model_type_of(folder);
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
