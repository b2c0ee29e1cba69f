#include "tokenizer_files.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/model_config.hpp"

namespace forgelm::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemplateFile = "chat_template.jinja";
constexpr std::string_view kConfigFile = "tokenizer_config.json";
constexpr std::string_view kTokenizerFiles[] = {"tokenizer.json", "tokenizer.model",    "spiece.model",
                                                "vocab.json",     "merges.txt",         "added_tokens.json",
                                                "vocab.txt",      kConfigFile,          "special_tokens_map.json",
                                                kTemplateFile,    "chat_template.json", "generation_config.json"};
/// A folder that has one of these has a tokenizer of its own.
constexpr std::string_view kVocabularies[] = {"tokenizer.json", "tokenizer.model", "spiece.model", "vocab.json",
                                              kConfigFile};

bool is_tokenizer_file(std::string_view name) {
  return name.ends_with(".tiktoken") ||
         std::find(std::begin(kTokenizerFiles), std::end(kTokenizerFiles), name) != std::end(kTokenizerFiles);
}

fs::path tokenizer_folder(const config::ModelSection& model) {
  const formats::ModelFolders folders = formats::find_model_folders(model.name_or_path);
  if (folders.adapter && std::any_of(std::begin(kVocabularies), std::end(kVocabularies),
                                     [&](std::string_view name) { return fs::exists(*folders.adapter / name); }))
    return *folders.adapter;
  return folders.base;
}

void copy_entry(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
  if (error) throw os_error("copy to", to.native(), error.value());
}

/// tokenizer_config.json without a template of its own.
std::string without_template(const fs::path& path) {
  const auto parsed = parse_json(read_file(path));
  if (!parsed) throw RunError(RunErrorKind::data, cat(path.native(), ": ", parsed.error().message));
  Json out = Json::object();
  for (const auto& [key, value] : parsed.value().members())
    if (key != "chat_template") out.set(key, value);
  JsonStyle style;
  style.indent = 2;
  style.ensure_ascii = false;
  return dump(out, style) + "\n";
}

}  // namespace

void write_tokenizer_files(const config::ModelSection& model, const data::ModelText& text, const fs::path& folder) {
  const bool is_own = text.chat_template->origin() == text::ChatTemplateOrigin::tokenizer;
  for (const auto& entry : fs::directory_iterator(tokenizer_folder(model))) {
    const std::string name = entry.path().filename().native();
    if (name == "additional_chat_templates" && entry.is_directory()) {
      if (is_own) copy_entry(entry.path(), folder / name);
      continue;
    }
    if (!is_tokenizer_file(name) || fs::is_directory(entry.path())) continue;
    if (name == "generation_config.json" && fs::exists(folder / "adapter_config.json")) continue;  // the base has it
    if (!is_own && (name == kTemplateFile || name == "chat_template.json")) continue;
    if (!is_own && name == kConfigFile) write_file_durably(folder / name, without_template(entry.path()));
    else copy_entry(fs::canonical(entry.path()), folder / name);
  }
  if (!is_own) write_file_durably(folder / kTemplateFile, text.chat_template->source());
}

}  // namespace forgelm::pipeline
