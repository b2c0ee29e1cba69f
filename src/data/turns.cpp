#include "turns.hpp"

#include <algorithm>

#include "forgelm/core/suggest.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::data {
namespace {

struct RoleName {
  std::string_view name;
  std::string_view role;
};
constexpr std::string_view kFunctionCall = "function_call";
constexpr RoleName kRoles[] = {
    {"system", "system"},         {"user", "user"},           {"assistant", "assistant"}, {"tool", "tool"},
    {"developer", "system"},      {"human", "user"},          {"prompter", "user"},       {"gpt", "assistant"},
    {"model", "assistant"},       {"bot", "assistant"},       {"chatgpt", "assistant"},   {"ai", "assistant"},
    {kFunctionCall, "assistant"}, {"tool_call", "assistant"}, {"function", "tool"},       {"observation", "tool"},
    {"ipython", "tool"},          {"tool_response", "tool"},
};
constexpr std::string_view kTurnKeys = "{role, content} or {from, value}";

std::string role_key(std::string_view name) { return ascii_lower(trim(name)); }

/// The JSON that a text holds; `what` should have stood there.
Json read_json_text(const Cell& cell, std::string_view what) {
  auto read = parse_json(cell.value().text());
  if (!read.ok())
    cell.fail(cat("is ", describe_value(cell.value()), ", which is not JSON: ", read.error().message),
              std::string(what));
  return std::move(read).value();
}

/// `arguments` as an object where it is JSON in a text.
Json read_arguments(const Json& arguments) {
  if (arguments.kind() != Json::Kind::text) return arguments;
  auto read = parse_json(arguments.text());
  return read.ok() && read->kind() == Json::Kind::object ? std::move(read).value() : arguments;
}

/// {name, arguments}, bare or under `function`, as {type, function: {name, arguments}} (and id, where there is one).
Json read_call(const Cell& call) {
  constexpr std::string_view kAllowed = "an object {name, arguments}, bare or under \"function\"";
  if (!call.is_object()) call.fail_kind(kAllowed);
  const auto function = call.find("function");
  const Cell& body = function ? *function : call;
  if (!body.is_object()) body.fail_kind(kAllowed);
  const auto name = body.find("name");
  if (!name) body.fail(cat("has no name; it is ", describe_value(body.value())), std::string(kAllowed));
  name->text();
  const auto arguments = body.find("arguments");
  Json out = Json::object();
  if (const auto id = call.find("id")) out.set("id", id->value());
  out.set("type", "function");
  out.set("function", Json::object({{"name", name->value()},
                                    {"arguments", arguments ? read_arguments(arguments->value()) : Json::object()}}));
  return out;
}

/// One call or a list of them; also as JSON in a text.
Json read_calls(const Cell& calls) {
  if (calls.is_text()) {
    const Json inner =
        read_json_text(calls, "tool calls as JSON: {\"name\": ..., \"arguments\": {...}}, or a list of them");
    const std::string path = calls.path();
    const Cell cell(calls.row(), path, inner);
    if (cell.is_text()) calls.fail_kind("a list of tool calls");
    return read_calls(cell);
  }
  Json out = Json::array();
  if (calls.is_object()) return out.push(read_call(calls));
  if (!calls.is_list()) calls.fail_kind("a list of tool calls");
  for (std::size_t i = 0; i < calls.size(); ++i) out.push(read_call(calls.at(i)));
  return out;
}

/// Text, or the texts of parts of type "text", one after the other.
Json read_content(const Cell& content) {
  constexpr std::string_view kAllowed = "text, or a list of parts {\"type\": \"text\", \"text\": ...}";
  if (content.is_text()) return content.value();
  if (!content.is_list()) content.fail_kind(kAllowed);
  std::string text;
  for (std::size_t i = 0; i < content.size(); ++i) {
    const Cell part = content.at(i);
    if (part.is_text()) {
      text += part.value().text();
      continue;
    }
    if (!part.is_object()) part.fail_kind(kAllowed);
    const auto type = part.find("type");
    const auto piece = part.find("text");
    if (type && type->text() != "text")
      part.fail(cat("is a part of type ", quote(type->value().text(), 40)), std::string(kAllowed),
                "only text is learnt from conversations");
    if (!piece) part.fail(cat("has no text; it is ", describe_value(part.value())), std::string(kAllowed));
    text += piece->text();
  }
  return text;
}

std::string_view read_role(const Cell& role) {
  const std::string& name = role.text("a role");
  const std::string_view known = canonical_role(name);
  if (!known.empty()) return known;
  std::vector<std::string> names;
  for (const auto& entry : kRoles) names.emplace_back(entry.name);
  const std::string near = nearest(role_key(name), names);
  role.fail(cat("is ", quote(name, 60), ", which is no role"), join(names, ", "),
            near.empty() ? "" : cat("did you mean ", quote(near), "?"));
}

/// What else a turn holds (name, tool_call_id, reasoning_content, ...), without null keys. Keys are unique, so they are
/// appended without looking for them: a turn may have a great many.
void copy_other_keys(const Cell& turn, Json& out) {
  constexpr std::string_view kRead[] = {"role", "content", "from", "value", "tool_calls", kFunctionCall};
  for (const auto& [key, value] : turn.value().members())
    if (!value.is_null() && std::find(std::begin(kRead), std::end(kRead), key) == std::end(kRead))
      out.members().emplace_back(key, value);
}

}  // namespace

std::string_view canonical_role(std::string_view name) {
  const std::string key = role_key(name);
  for (const auto& entry : kRoles)
    if (entry.name == key) return entry.role;
  return {};
}

std::vector<std::string> names_of_role(std::string_view role) {
  std::vector<std::string> names;
  for (const auto& entry : kRoles)
    if (entry.role == role) names.emplace_back(entry.name);
  return names;
}

Json make_turn(std::string_view role, std::string content) {
  return Json(Json::Object{{"role", Json(role)}, {"content", Json(std::move(content))}});
}

Json read_turn(const Cell& turn) {
  if (!turn.is_object()) turn.fail_kind(cat("a turn: ", kTurnKeys));
  const auto role = turn.find("role"), from = turn.find("from");
  if (!role && !from) turn.fail(cat("names no role; it is ", describe_value(turn.value())), cat("a turn: ", kTurnKeys));
  const Cell& speaker = role ? *role : *from;
  const std::string_view name = read_role(speaker);
  auto content = turn.find(role ? "content" : "value");
  if (!content) content = turn.find(role ? "value" : "content");
  const std::string given = role_key(speaker.value().text());
  const auto calls = turn.find("tool_calls");
  const auto old_call = turn.find(kFunctionCall);
  Json out = Json::object({{"role", Json(name)}});
  const bool calls_in_text = (given == kFunctionCall || given == "tool_call") && !calls && !old_call;
  if (calls_in_text) {
    if (!content) turn.fail(cat("has no content; it is ", describe_value(turn.value())), std::string(kTurnKeys));
    out.set("content", nullptr);
    out.set("tool_calls", read_calls(*content));
  } else {
    const bool may_be_silent = name == "assistant";
    if (!content && !(may_be_silent && (calls || old_call || turn.find("reasoning_content") || turn.find("thinking"))))
      turn.fail(cat("has no content; it is ", describe_value(turn.value())), std::string(kTurnKeys));
    out.set("content", content ? read_content(*content) : Json());
    if (calls && !(calls->is_list() && calls->size() == 0)) out.set("tool_calls", read_calls(*calls));
    else if (old_call) out.set("tool_calls", Json::array({read_call(*old_call)}));
  }
  if (role) copy_other_keys(turn, out);
  return out;
}

Json read_turns(const Cell& list) {
  if (list.is_text()) {
    const Json turns = read_json_text(list, cat("a list of turns: ", kTurnKeys));
    const std::string path = list.path();
    const Cell inner(list.row(), path, turns);
    if (inner.is_text()) inner.fail_kind(cat("a list of turns: ", kTurnKeys));
    return read_turns(inner);
  }
  if (!list.is_list()) list.fail_kind(cat("a list of turns: ", kTurnKeys));
  if (list.size() == 0) list.fail("is an empty list", "at least one turn");
  Json out = Json::array();
  for (std::size_t i = 0; i < list.size(); ++i) out.push(read_turn(list.at(i)));
  return out;
}

Json read_turns_or_text(const Cell& cell, std::string_view role) {
  if (cell.is_text()) return Json::array({make_turn(role, cell.value().text())});
  if (cell.is_object()) return Json::array({read_turn(cell)});
  if (!cell.is_list()) cell.fail_kind(cat("text, a turn, or a list of turns: ", kTurnKeys));
  return read_turns(cell);
}

Json read_tools(const std::optional<Cell>& cell) {
  constexpr std::string_view kAllowed = "a list of tool schemas";
  if (!cell) return Json();
  if (cell->is_text()) {
    if (trim(cell->value().text()).empty()) return Json();
    const Json tools = read_json_text(*cell, kAllowed);
    const std::string path = cell->path();
    if (tools.kind() == Json::Kind::text) cell->fail_kind(kAllowed);
    return read_tools(tools.is_null() ? std::nullopt : std::optional<Cell>(Cell(cell->row(), path, tools)));
  }
  if (!cell->is_list()) cell->fail_kind(kAllowed);
  Json out;
  for (std::size_t i = 0; i < cell->size(); ++i) {
    const Cell item = cell->at(i);
    const Json inner = item.is_text() ? read_json_text(item, "a tool schema: an object") : Json();
    const std::string path = item.is_text() ? item.path() : std::string();
    const Cell tool = item.is_text() ? Cell(item.row(), path, inner) : item;
    if (!tool.is_object()) tool.fail_kind("a tool schema: an object");
    // A bare function schema is what a template looks for under `function`.
    const bool is_bare = tool.find("name").has_value() && !tool.find("function").has_value();
    out.push(is_bare ? Json::object({{"type", "function"}, {"function", tool.value()}}) : tool.value());
  }
  return out;
}

bool is_turns(const Cell& cell) {
  if (!cell.is_list()) return false;
  const auto& items = cell.value().items();
  return std::all_of(items.begin(), items.end(), [](const Json& item) { return item.kind() == Json::Kind::object; });
}

void add_system(Json& turns, const std::string& system) {
  if (trim(system).empty()) return;
  auto& items = turns.items();
  if (!items.empty() && role_of(items.front()) == "system") return;
  items.insert(items.begin(), make_turn("system", system));
}

std::string_view role_of(const Json& turn) {
  const Json* role = turn.find("role");
  return role != nullptr && role->kind() == Json::Kind::text ? std::string_view(role->text()) : std::string_view();
}

std::string_view content_of(const Json& turn) {
  const Json* content = turn.find("content");
  return content != nullptr && content->kind() == Json::Kind::text ? std::string_view(content->text())
                                                                   : std::string_view();
}

bool is_assistant(const Json& turn) { return role_of(turn) == "assistant"; }

bool is_answer(const Json& turn) {
  return is_assistant(turn) && (!trim(content_of(turn)).empty() || turn.find("tool_calls") != nullptr);
}

}  // namespace forgelm::data
