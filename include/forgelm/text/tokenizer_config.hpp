// What stands beside a tokenizer in a model folder: tokenizer_config.json, special_tokens_map.json, added_tokens.json,
// chat_template.jinja, chat_template.json. Oracle: transformers' AutoTokenizer. Everything in it may be absent.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace forgelm::text {

/// A token that stands outside the model's own vocabulary rules.
struct AddedToken {
  std::int32_t id = -1;  ///< -1: not known yet
  std::string content;
  bool is_special = false;
  bool single_word = false;
  bool lstrip = false;
  bool rstrip = false;
  bool normalized = false;
};

struct SpecialToken {
  std::string content;             ///< "<s>"
  std::optional<std::int32_t> id;  ///< absent when the tokenizer does not hold it
};

struct TokenizerConfig {
  std::optional<SpecialToken> bos, eos, pad, unk;
  std::vector<AddedToken> added_tokens;                             ///< of added_tokens_decoder and added_tokens.json
  std::vector<std::pair<std::string, std::string>> chat_templates;  ///< name ("default" when unnamed) and Jinja text
  std::optional<bool> add_bos_token, add_eos_token;
  std::optional<std::int64_t> model_max_length;  ///< absent for "very large" placeholders
  std::string tokenizer_class;
  bool clean_up_tokenization_spaces = false;

  /// The template called "default" or the only one; nullptr when there is none. `name`: "tool_use", "rag".
  const std::string* chat_template(const std::string& name = "default") const;
};

/// Reads the files in `folder`; those that are absent are skipped. ConfigError names file and key.
TokenizerConfig read_tokenizer_config(const std::filesystem::path& folder);

}  // namespace forgelm::text
