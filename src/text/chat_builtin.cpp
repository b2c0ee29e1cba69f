// The built-in chat templates by name (their texts are src/text/chat_templates/*.jinja, embedded by the build), the
// formats of model families, and what model.chat_template may name. Trap: a family's name says what its chat models
// were trained on, not what a tokenizer holds; without the format's own tokens the format means nothing.
#include <algorithm>
#include <array>
#include <filesystem>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/suggest.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/text/chat_template.hpp"
#include "text/chat_embedded.hpp"

namespace forgelm::text {

namespace {

struct Builtin {
  const char* name;
  std::vector<std::string> tokens;  ///< what a tokenizer must hold
};

const std::vector<Builtin>& builtins() {
  static const std::vector<Builtin> all = {
      {"plain", {}},
      {"chatml", {"<|im_start|>", "<|im_end|>"}},
      {"llama3", {"<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"}},
      {"mistral", {}},  // [INST] is ordinary text in the first tokenizers of this family
      {"gemma", {"<start_of_turn>", "<end_of_turn>"}},
      {"phi", {"<|system|>", "<|user|>", "<|assistant|>", "<|end|>"}},
      {"granite", {"<|start_of_role|>", "<|end_of_role|>", "<|end_of_text|>"}},
      {"deepseek",
       {"<\xEF\xBD\x9CUser\xEF\xBD\x9C>",
        "<\xEF\xBD\x9C"
        "Assistant\xEF\xBD\x9C>",
        "<\xEF\xBD\x9C"
        "end\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>"}},
      {"alpaca", {}},
  };
  return all;
}

/// Starts of `model_type` (config.json) and the format of that family's chat models; the longest start wins.
struct Family {
  std::string_view start;
  std::string_view format;
};
constexpr Family kFamilies[] = {
    {"llama", "llama3"},      {"mllama", "llama3"},   {"llama4", ""},           {"qwen", "chatml"},
    {"yi", "chatml"},         {"smollm", "chatml"},   {"mistral", "mistral"},   {"mixtral", "mistral"},
    {"ministral", "mistral"}, {"pixtral", "mistral"}, {"codestral", "mistral"}, {"phi", "phi"},
    {"gemma", "gemma"},       {"codegemma", "gemma"}, {"gemma4", ""},           {"granite", "granite"},
    {"deepseek", "deepseek"},
};

constexpr std::uint64_t kMostTemplateBytes = std::uint64_t{1} << 20;

const Builtin* find_builtin(std::string_view name) {
  if (name == "phi3") name = "phi";
  const auto found =
      std::find_if(builtins().begin(), builtins().end(), [&](const Builtin& builtin) { return builtin.name == name; });
  return found == builtins().end() ? nullptr : &*found;
}

[[noreturn]] void unknown_builtin(std::string_view name) {
  std::string hint = cat("Built in: ", join(builtin_chat_templates(), ", "), ". Or auto, or the path of a Jinja file.");
  const std::string meant = nearest(name, builtin_chat_templates());
  if (!meant.empty()) hint = cat("Did you mean ", meant, "? ", hint);
  throw ConfigError(cat("model.chat_template: there is no built-in template and no file named ", quote(name)), hint);
}

bool looks_like_path(std::string_view setting) {
  return setting.find('/') != std::string_view::npos || setting.find('.') != std::string_view::npos;
}

ChatTemplate from_builtin(ChatTemplateOrigin origin, std::string_view name, const TokenizerConfig& tokens) {
  const Builtin* builtin = find_builtin(name);
  if (builtin == nullptr) unknown_builtin(name);
  return {origin, builtin->name, std::string(builtin_chat_template(builtin->name)), tokens};
}

ChatTemplate from_tokenizer(const TokenizerConfig& config) {
  const std::string* source = config.chat_template();
  if (source == nullptr) {
    std::vector<std::string> names;
    for (const auto& [name, text] : config.chat_templates) names.push_back(name);
    throw ConfigError(cat("the tokenizer has several chat templates (", join(names, ", "), ") and none called default"),
                      "Name one with model.chat_template: a built-in's name, or a file that holds one of them.");
  }
  const std::string* with_tools = config.chat_template("tool_use");
  return {ChatTemplateOrigin::tokenizer, "tokenizer", *source, config,
          with_tools != nullptr && *with_tools != *source ? *with_tools : std::string()};
}

}  // namespace

const char* to_string(ChatTemplateOrigin origin) noexcept {
  switch (origin) {
    case ChatTemplateOrigin::tokenizer: return "tokenizer";
    case ChatTemplateOrigin::builtin: return "builtin";
    case ChatTemplateOrigin::file: return "file";
    case ChatTemplateOrigin::family: return "family";
  }
  return "";
}

const std::vector<std::string>& builtin_chat_templates() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Builtin& builtin : builtins()) all.emplace_back(builtin.name);
    return all;
  }();
  return names;
}

std::string_view builtin_chat_template(std::string_view name) {
  const Builtin* builtin = find_builtin(name);
  if (builtin == nullptr) unknown_builtin(name);
  for (const EmbeddedText& text : embedded_chat_templates())
    if (text.name == builtin->name) return text.text;
  throw RunError(RunErrorKind::internal, cat("the built-in chat template ", name, " is missing from this build"));
}

const std::vector<std::string>& builtin_chat_tokens(std::string_view name) {
  const Builtin* builtin = find_builtin(name);
  if (builtin == nullptr) unknown_builtin(name);
  return builtin->tokens;
}

std::string_view chat_format_of_family(std::string_view model_type) {
  const std::string type = ascii_lower(model_type);
  const Family* best = nullptr;
  for (const Family& family : kFamilies)
    if (type.starts_with(family.start) && (best == nullptr || family.start.size() > best->start.size())) best = &family;
  return best != nullptr ? best->format : std::string_view();
}

ChatTemplate ChatTemplate::choose(const std::string& setting, const Tokenizer& tokenizer, std::string_view model_type) {
  const TokenizerConfig& config = tokenizer.config();
  if (setting == "auto") {
    if (!config.chat_templates.empty()) return from_tokenizer(config);
    const std::string_view format = chat_format_of_family(model_type);
    if (!format.empty()) {
      const std::vector<std::string>& needed = builtin_chat_tokens(format);
      if (std::all_of(needed.begin(), needed.end(),
                      [&](const std::string& token) { return tokenizer.id_of(token).has_value(); }))
        return from_builtin(ChatTemplateOrigin::family, format, config);
    }
    return from_builtin(ChatTemplateOrigin::builtin, "plain", config);
  }
  if (find_builtin(setting) != nullptr) return from_builtin(ChatTemplateOrigin::builtin, setting, config);
  std::error_code ignored;
  const std::filesystem::path path(setting);
  if (!setting.empty() && std::filesystem::is_regular_file(path, ignored))
    return {ChatTemplateOrigin::file, setting, read_file(path, kMostTemplateBytes), config};
  if (!looks_like_path(setting)) unknown_builtin(setting);
  throw ConfigError(cat("model.chat_template: there is no file ", quote(setting)),
                    cat("Built in: ", join(builtin_chat_templates(), ", "), ". Or auto, or the path of a Jinja file."));
}

}  // namespace forgelm::text
