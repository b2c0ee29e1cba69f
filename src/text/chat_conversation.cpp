// Conversations made fit for templates; see the header.
#include "text/chat_conversation.hpp"

#include <algorithm>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::text {

namespace {

constexpr std::string_view kReasoningNames[] = {"reasoning_content", "thinking", "reasoning"};

[[noreturn]] void malformed(std::size_t index, const std::string& what) {
  throw ConfigError(cat("message ", index + 1, " of the conversation: ", what),
                    "A message is an object with \"role\" (system, user, assistant, tool) and \"content\" (text).");
}

/// One text for a list of parts that are all text.
void join_text_parts(Json& content) {
  std::string joined;
  for (const Json& part : content.items()) {
    const Json* type = part.find("type");
    const Json* text = part.find("text");
    if (text == nullptr || text->kind() != Json::Kind::text || (type != nullptr && *type != Json("text"))) return;
    joined += text->text();
  }
  content = Json(std::move(joined));
}

/// transformers fills `reasoning_content` from the older names, and `thinking` for templates that read that.
void name_reasoning(Json& message) {
  const Json* found = nullptr;
  for (const std::string_view name : kReasoningNames)
    if (const Json* value = message.find(name); found == nullptr && value != nullptr && !value->is_null())
      found = value;
  if (found == nullptr) return;
  const Json reasoning = *found;
  if (message.find("thinking") == nullptr) message.set("thinking", reasoning);
  message.set("reasoning_content", reasoning);
}

void wrap_calls(Json& message, std::size_t index) {
  Json* calls = message.find("tool_calls");
  if (calls == nullptr || calls->is_null()) return;
  if (calls->kind() != Json::Kind::array)
    malformed(index, cat("tool_calls is ", to_string(calls->kind()), ", not a list"));
  for (Json& call : calls->items()) {
    if (call.find("function") != nullptr || call.find("name") == nullptr) continue;
    Json wrapped;
    if (const Json* id = call.find("id")) wrapped.set("id", *id);
    wrapped.set("type", "function");
    Json function;
    for (const auto& [key, value] : call.members())
      if (key != "id" && key != "type") function.set(key, value);
    wrapped.set("function", std::move(function));
    call = std::move(wrapped);
  }
}

Json text_message(const char* role, std::string content) {
  return Json::object({{"role", role}, {"content", std::move(content)}});
}

std::string joined(const std::string& before, const std::string& after) {
  return before.empty() ? after : after.empty() ? before : cat(before, "\n\n", after);
}

/// `text` before or after the content of a user's message, whatever its form.
void merge(Json& message, const std::string& text, bool before) {
  Json* content = message.find("content");
  if (content == nullptr || content->kind() != Json::Kind::array) {
    const std::string old = content != nullptr && content->kind() == Json::Kind::text ? content->text() : std::string();
    message.set("content", before ? joined(text, old) : joined(old, text));
    return;
  }
  Json part = Json::object({{"type", "text"}, {"text", before ? text + "\n\n" : "\n\n" + text}});
  Json::Array& parts = content->items();
  parts.insert(before ? parts.begin() : parts.end(), std::move(part));
}

const std::string& system_text(const Json& message, std::size_t index) {
  const Json* content = message.find("content");
  if (content == nullptr || content->kind() != Json::Kind::text) malformed(index, "a system message must be text");
  return content->text();
}

}  // namespace

std::string_view chat_role(const Json& message) noexcept {
  const Json* role = message.find("role");
  return role != nullptr && role->kind() == Json::Kind::text ? std::string_view(role->text()) : std::string_view();
}

std::string chat_text(const Json& message) {
  const Json* content = message.find("content");
  if (content == nullptr) return {};
  if (content->kind() == Json::Kind::text) return content->text();
  std::string out;
  if (content->kind() == Json::Kind::array)
    for (const Json& part : content->items())
      if (const Json* text = part.find("text"); text != nullptr && text->kind() == Json::Kind::text)
        out += text->text();
  return out;
}

std::vector<std::string> names_of_calls(const Json& message) {
  std::vector<std::string> names;
  const Json* calls = message.find("tool_calls");
  if (calls == nullptr || calls->kind() != Json::Kind::array) return names;
  for (const Json& call : calls->items()) {
    const Json* function = call.find("function");
    const Json* name = function != nullptr ? function->find("name") : nullptr;
    if (name != nullptr && name->kind() == Json::Kind::text) names.push_back(name->text());
  }
  return names;
}

PreparedMessages prepare_messages(const Json& messages) {
  if (messages.kind() != Json::Kind::array)
    throw ConfigError(cat("a conversation is a list of messages, not ", to_string(messages.kind())));
  PreparedMessages prepared;
  prepared.messages = messages.items();
  if (prepared.messages.empty()) throw ConfigError("a conversation without messages");
  for (std::size_t i = 0; i < prepared.messages.size(); ++i) {
    Json& message = prepared.messages[i];
    if (message.kind() != Json::Kind::object) malformed(i, cat("is ", to_string(message.kind()), ", not an object"));
    if (chat_role(message).empty()) malformed(i, "has no role");
    if (Json* content = message.find("content"); content != nullptr && content->kind() == Json::Kind::array)
      join_text_parts(*content);
    else if (content != nullptr && (content->is_number() || content->kind() == Json::Kind::boolean))
      malformed(i, cat("its content is ", to_string(content->kind()), ", not text"));
    const Json* weight = message.find("weight");
    prepared.is_learnt.push_back(weight == nullptr || !weight->is_number() || weight->real() != 0.0);
    name_reasoning(message);
    wrap_calls(message, i);
  }
  return prepared;
}

bool has_tool_calls(const Json::Array& messages) noexcept {
  return std::any_of(messages.begin(), messages.end(), [](const Json& message) {
    const Json* calls = message.find("tool_calls");
    return calls != nullptr && calls->kind() == Json::Kind::array && !calls->items().empty();
  });
}

Json::Array with_call_form(Json::Array messages, CallForm form) {
  const bool wants_object = form == CallForm::object_arguments || form == CallForm::object_arguments_other_content;
  const bool other_content =
      form == CallForm::object_arguments_other_content || form == CallForm::text_arguments_other_content;
  for (Json& message : messages) {
    Json* calls = message.find("tool_calls");
    if (calls == nullptr || calls->kind() != Json::Kind::array || calls->items().empty()) continue;
    for (Json& call : calls->items()) {
      Json* function = call.find("function");
      Json* arguments = function != nullptr ? function->find("arguments") : nullptr;
      if (arguments == nullptr) continue;
      if (wants_object && arguments->kind() == Json::Kind::text) {
        Result<Json> parsed = parse_json(arguments->text());
        if (parsed && parsed->kind() == Json::Kind::object) *arguments = std::move(*parsed);
      } else if (!wants_object && arguments->kind() == Json::Kind::object) {
        *arguments = Json(dump(*arguments, {.ensure_ascii = false}));
      }
    }
    Json* content = message.find("content");
    if (!other_content) continue;
    if (content == nullptr || content->is_null()) message.set("content", "");
    else if (content->kind() == Json::Kind::text && content->text().empty()) *content = Json();
  }
  return messages;
}

PreparedMessages place_system_messages(const PreparedMessages& prepared, SystemFallback fallback, std::size_t from,
                                       const std::string& template_name) {
  PreparedMessages out;
  std::string waiting;  // for the next user's message
  for (std::size_t i = 0; i < prepared.messages.size(); ++i) {
    const Json& message = prepared.messages[i];
    if (i >= from && chat_role(message) == "system") {
      if (fallback == SystemFallback::error)
        throw ConfigError(
            cat("message ", i + 1, " of the conversation (system): the chat template ", template_name,
                " has no place for it"),
            "Set model.system_fallback to merge_user, assistant_turn or drop, or choose another template.");
      const std::string& text = system_text(message, i);
      if (fallback == SystemFallback::merge_user) waiting = joined(waiting, text);
      if (fallback == SystemFallback::assistant_turn) {
        out.messages.push_back(text_message("assistant", "System: " + text));
        out.is_learnt.push_back(false);
      }
      continue;
    }
    out.messages.push_back(message);
    out.is_learnt.push_back(prepared.is_learnt[i]);
    if (!waiting.empty() && chat_role(message) == "user") {
      merge(out.messages.back(), waiting, true);
      waiting.clear();
    }
  }
  if (waiting.empty()) return out;
  const auto last_user = std::find_if(out.messages.rbegin(), out.messages.rend(),
                                      [](const Json& message) { return chat_role(message) == "user"; });
  if (last_user == out.messages.rend())
    throw ConfigError(cat("the chat template ", template_name, " has no place for a system message, and the ",
                          "conversation has no user's turn to put it into"),
                      "Set model.system_fallback to drop or assistant_turn, or choose another template.");
  merge(*last_user, waiting, false);
  return out;
}

}  // namespace forgelm::text
