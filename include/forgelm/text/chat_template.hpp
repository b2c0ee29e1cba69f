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
  Json messages;  ///< array of {role, content, ...}: role system, user, assistant or tool; content text (or parts)
  Json tools;     ///< array of tool schemas, or null
};

struct RenderedChat {
  std::string text;
  std::vector<ByteSpan> learnt;  ///< bytes of `text`, in order, not overlapping
};

/// Where a template came from, for logs and evidence.
enum class ChatTemplateOrigin { tokenizer, builtin, file, family };

class ChatTemplate {
 public:
  /// `setting`: model.chat_template: "auto", a built-in's name, or a path. Auto takes the tokenizer's own template,
  /// then the format of the model's family (`model_type` of config.json, "" when unknown), then `plain`. ConfigError
  /// for a name that is neither built in nor a file.
  static ChatTemplate choose(const std::string& setting, const Tokenizer& tokenizer, std::string_view model_type);
  /// A template given as text.
  ChatTemplate(ChatTemplateOrigin origin, std::string name, std::string source, const TokenizerConfig& tokens);
  ~ChatTemplate();
  ChatTemplate(ChatTemplate&&) noexcept;

  /// The whole conversation, with what is learnt. `system_fallback` applies when the template refuses or loses the
  /// system message. JinjaError (ConfigError) when the template refuses the conversation. Thread-safe.
  RenderedChat render(const Conversation& conversation,
                      SystemFallback system_fallback = SystemFallback::merge_user) const;
  /// The text up to where the assistant would speak next (add_generation_prompt), for generation and for preference
  /// prompts.
  std::string render_prompt(const Conversation& conversation,
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

/// The built-in templates' names, `plain` first; and the text of one (ConfigError for another name).
const std::vector<std::string>& builtin_chat_templates();
std::string_view builtin_chat_template(std::string_view name);
/// The built-in for a family ("llama", "qwen2", ...; spec: architecture table), or "" when none fits.
std::string_view chat_format_of_family(std::string_view model_type);

}  // namespace forgelm::text
