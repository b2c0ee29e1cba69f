// ChatTemplate: a conversation to the text a model was (or will be) trained on, with the parts that are learnt.
// Rendering is the only source of special tokens: what it gives is encoded without adding any (one beginning-of-text
// token, one end per turn). The learnt parts come from the template's own {% generation %} blocks or, without them,
// from rendering prefixes of the conversation; they cover exactly the assistant's turns with their end tokens.
#pragma once

#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/choices.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/text/jinja.hpp"
#include "forgelm/text/tokenizer.hpp"

namespace forgelm::text {

/// What to do with a system message that the template has no place for.
FORGELM_CHOICES(SystemFallback, merge_user, assistant_turn, drop, error)

struct Conversation {
  /// Array of {role, content, ...}: role system, user, assistant or tool; content text, or a list of parts. Calls may
  /// give their arguments as an object or as JSON text. An assistant's turn with `weight: 0` is not learnt.
  Json messages;
  Json tools;      ///< array of tool schemas, or null
  Json variables;  ///< object of further variables of the template (`enable_thinking`, `from_columns`), or null
};

/// Where the text of one message stands in the rendered text.
struct ChatContent {
  ByteSpan span;
  bool is_assistant = false;
  bool operator==(const ChatContent&) const = default;
};

struct RenderedChat {
  std::string text;
  std::vector<ByteSpan> learnt;       ///< bytes of `text`, in order, not overlapping
  std::vector<ChatContent> contents;  ///< in order; empty when the template hides where contents go
  int num_open_turns = 0;             ///< learnt turns after which the template writes no end
  int num_lost_answers = 0;           ///< assistant's texts beside tool calls that the template leaves out
};

/// Where a template came from, for logs and evidence.
enum class ChatTemplateOrigin { tokenizer, builtin, file, family };

class ChatTemplate {
 public:
  /// `setting`: model.chat_template: "auto", a built-in's name, or a path. Auto takes the tokenizer's own template,
  /// then the format of the model's family (`model_type` of config.json, "" when unknown) if the tokenizer holds that
  /// format's tokens, then `plain`. ConfigError for a name that is neither built in nor a file.
  static ChatTemplate choose(const std::string& setting, const Tokenizer& tokenizer, std::string_view model_type);
  /// A template given as text. `tool_source`: the one for conversations with tools, when it is another ("tool_use").
  ChatTemplate(ChatTemplateOrigin origin, std::string name, std::string source, const TokenizerConfig& tokens,
               std::string tool_source = {});
  ~ChatTemplate();
  ChatTemplate(ChatTemplate&&) noexcept;

  /// The whole conversation, with what is learnt. `system_fallback` applies when the template refuses or loses the
  /// system message. JinjaError (ConfigError) when the template refuses the conversation; ConfigError when the
  /// conversation is malformed, when the template loses a message or a tool call, and when what is learnt cannot be
  /// told from what is not. Thread-safe.
  RenderedChat render(const Conversation& conversation,
                      SystemFallback system_fallback = SystemFallback::merge_user) const;
  /// The text up to where the assistant would speak next (add_generation_prompt), for generation and for preference
  /// prompts. Nothing in it is learnt.
  RenderedChat render_prompt(const Conversation& conversation,
                             SystemFallback system_fallback = SystemFallback::merge_user) const;

  /// `now` of strftime_now; default: the time of construction, so that one run renders one date.
  void set_now(std::time_t now);
  ChatTemplateOrigin origin() const noexcept;
  /// "chatml", "tokenizer", or the file's path.
  const std::string& name() const noexcept;
  /// SHA-256 (hex) of the template's text: key of the token cache, and evidence.
  const std::string& digest() const noexcept;
  const std::string& source() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// "tokenizer", "builtin", "file" or "family".
const char* to_string(ChatTemplateOrigin origin) noexcept;

/// The built-in templates' names, `plain` first; and the text of one (ConfigError for another name).
const std::vector<std::string>& builtin_chat_templates();
std::string_view builtin_chat_template(std::string_view name);
/// The tokens that a built-in writes into its text and that a tokenizer must hold for it to work as meant.
const std::vector<std::string>& builtin_chat_tokens(std::string_view name);
/// The built-in for a family by the `model_type` of config.json ("llama", "qwen2", ...), or "" when none fits.
std::string_view chat_format_of_family(std::string_view model_type);

}  // namespace forgelm::text
