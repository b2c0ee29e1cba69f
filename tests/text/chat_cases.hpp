// What the tests of chat templates share: golden files, the tokens of their maker, a tokenizer made for tests.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/json.hpp"
#include "forgelm/text/chat_template.hpp"
#include "forgelm/text/tokenizer.hpp"

namespace forgelm::test {

/// The documents of a golden file of tests/golden/chat, one a line.
std::vector<Json> chat_golden(const std::string& name);
/// A chat template of the shared data, or "" when it is not there. All of them: their paths, sorted.
std::string shared_template(const std::string& path);
std::vector<std::string> shared_templates();

/// A folder of the shared data, or an empty path when it is not there.
std::filesystem::path shared_folder(const std::string& name);

/// bos_token "<s>" and eos_token "</s>", as in the goldens.
text::TokenizerConfig chat_tokens_config();
/// `text` as a template of a file.
text::ChatTemplate template_of(const std::string& source, const text::TokenizerConfig& config = chat_tokens_config());
text::ChatTemplate builtin_template(std::string_view name);
/// messages, tools of a golden.
text::Conversation conversation_of(const Json& golden);
/// {role, content}.
Json chat_message(const std::string& role, const std::string& content);
text::Conversation chat_of(std::initializer_list<Json> messages);
std::vector<std::string> parts_of(const std::string& text, const std::vector<text::ByteSpan>& spans);

/// Words with the space before them, single other bytes, and special tokens. Ids of special tokens are their places in
/// `specials`; config().bos and eos are "<s>" and "</s>" where they are among them.
class WordTokenizer : public text::Tokenizer {
 public:
  explicit WordTokenizer(std::vector<std::string> specials, bool adds_bos = false, bool honours_literal = true);
  using Tokenizer::encode;
  void encode(std::string_view text, const text::EncodeOptions& options, text::Encoding& out) const override;
  std::string decode(std::span<const text::TokenId> ids, const text::DecodeOptions& options) const override;
  std::size_t vocab_size() const noexcept override { return 1u << 20; }
  std::optional<text::TokenId> id_of(std::string_view token) const override;
  std::string token_of(text::TokenId id) const override;
  bool is_special(text::TokenId id) const override;
  text::TokenizerKind kind() const noexcept override { return text::TokenizerKind::tokenizer_json; }
  text::TokenizerConfig& config_to_change() { return config_; }

 private:
  std::vector<std::string> specials_;
  bool adds_bos_;
  bool honours_literal_;
};

}  // namespace forgelm::test
