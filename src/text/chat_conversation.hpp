// A conversation made fit for a template: checked, with the spellings that users bring (arguments as JSON text, lists
// of text parts, older names of reasoning) brought to the one that templates read, and with the system message put
// where the template has a place for it. Nothing here looks into the template.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "forgelm/text/chat_template.hpp"

namespace forgelm::text {

/// Messages with what is known about each beside them.
struct PreparedMessages {
  Json::Array messages;
  std::vector<bool> is_learnt;  ///< false: an assistant's turn that is not to be learnt
};

/// ConfigError when `messages` is not an array of objects with a role, or a content is neither text, parts nor null.
/// Lists of nothing but text parts become one text; a call without `function` gets one; `reasoning_content`, `thinking`
/// and `reasoning` name each other as in transformers.
PreparedMessages prepare_messages(const Json& messages);

/// How tool calls are handed to the template; templates differ in what they expect. In the order they are tried.
enum class CallForm { object_arguments, text_arguments, object_arguments_other_content, text_arguments_other_content };
inline constexpr CallForm kAllCallForms[] = {CallForm::object_arguments, CallForm::text_arguments,
                                             CallForm::object_arguments_other_content,
                                             CallForm::text_arguments_other_content};
bool has_tool_calls(const Json::Array& messages) noexcept;
/// Arguments as objects or as JSON text; the other content of a turn with calls is null for "" and "" for null.
Json::Array with_call_form(Json::Array messages, CallForm form);

/// The messages without those system messages that come at or after `from`, which go where `fallback` says.
/// merge_user: before the next user's text (else after the last one's), a blank line between. assistant_turn: a turn
/// of the assistant that is not learnt. ConfigError when there is no place, and for `error`.
PreparedMessages place_system_messages(const PreparedMessages& prepared, SystemFallback fallback, std::size_t from,
                                       const std::string& template_name);

/// The role of a message ("" when it has none), its text (of all its text parts), the names of the functions it calls.
std::string_view chat_role(const Json& message) noexcept;
std::string chat_text(const Json& message);
std::vector<std::string> names_of_calls(const Json& message);

}  // namespace forgelm::text
