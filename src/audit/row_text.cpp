// The order of the reference: pairs, single columns, messages, halves of pairs.
#include "row_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"

namespace forgelm::audit {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;
using text::is_blank;

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kPairs = {
    {{"instruction", "output"}, {"User", "Assistant"}, {"prompt", "response"}}};
constexpr std::array<std::string_view, 4> kColumns = {"text", "content", "completion", "prompt"};

/// The text of member `name`; false when it is absent or no text.
bool text_of(const object& row, std::string_view name, std::string_view& text) {
  element value;
  return find_member(row, name, value) && get_text(value, text);
}

std::string_view joined(std::string_view first, std::string_view second, std::string& buffer) {
  if (is_blank(first)) return is_blank(second) ? std::string_view() : second;
  if (is_blank(second)) return first;
  buffer.assign(first).append("\n").append(second);
  return buffer;
}

/// Whether the row has messages with texts; their contents joined.
bool join_messages(const object& row, std::string& buffer) {
  element value;
  simdjson::dom::array messages;
  if (!find_member(row, "messages", value) || value.get_array().get(messages) != simdjson::SUCCESS) return false;
  bool has_any = false;
  buffer.clear();
  for (const element message : messages) {
    object members;
    std::string_view text;
    if (message.get_object().get(members) != simdjson::SUCCESS || !text_of(members, "content", text)) continue;
    if (has_any) buffer += '\n';
    buffer.append(text);
    has_any = true;
  }
  return has_any;
}

std::string_view reference_text(const object& row, std::string& buffer) {
  std::string_view first, second;
  for (const auto& [user, assistant] : kPairs)
    if (text_of(row, user, first) && text_of(row, assistant, second))
      if (const std::string_view both = joined(first, second, buffer); !both.empty()) return both;
  for (const std::string_view column : kColumns)
    if (text_of(row, column, first) && !is_blank(first)) return first;
  if (join_messages(row, buffer)) return buffer;
  for (const auto& [user, assistant] : kPairs)
    for (const std::string_view half : {user, assistant})
      if (text_of(row, half, first) && !is_blank(first)) return first;
  return {};
}

/// Whether the row has a column that the reference knows; one that is empty then has no text, whatever else is there.
bool has_known_column(const object& row) {
  element value;
  const auto has = [&](std::string_view name) { return find_member(row, name, value); };
  for (const auto& [user, assistant] : kPairs)
    if (has(user) || has(assistant)) return true;
  return has("messages") || std::any_of(kColumns.begin(), kColumns.end(), has);
}

}  // namespace

namespace detail {

void append_key(std::string& path, std::string_view key) {
  if (!path.empty()) path += '.';
  path.append(key);
}

void append_index(std::string& path, std::size_t index) { path.append(cat("[", index, "]")); }

}  // namespace detail

std::string_view row_text(const element& row, std::string& buffer) {
  const std::string_view text = reference_text(object(row), buffer);
  if (!text.empty() || has_known_column(object(row))) return text;
  buffer.clear();
  std::string path;
  for_each_string(row, path, [&](const std::string& place, std::string_view part) {
    if (is_blank(part) || place.ends_with(".role") || place.ends_with(".from")) return;
    if (!buffer.empty()) buffer += '\n';
    buffer.append(part);
  });
  return buffer;
}

}  // namespace forgelm::audit
