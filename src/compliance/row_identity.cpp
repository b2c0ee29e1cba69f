#include "forgelm/compliance/row_identity.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

constexpr std::string_view kTopNames[] = {"id", "row_id"};
// What rows of the known formats, and exports of databases, call it. `parent_id` is not among them: it names another
// row; nor are the names of tool calls, which many rows share.
constexpr std::string_view kNames[] = {"id",          "row_id",          "_id",         "uuid",
                                       "guid",        "record_id",       "example_id",  "sample_id",
                                       "message_id",  "message_tree_id", "dialogue_id", "doc_id",
                                       "document_id", "conversation_id", "question_id"};
constexpr std::string_view kNotLookedInto = "tool_calls";

bool is_name(std::string_view key) { return std::find(std::begin(kNames), std::end(kNames), key) != std::end(kNames); }

/// Python's str() of a scalar.
std::optional<std::string> python_text(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::text: return value.text();
    case Json::Kind::integer: return cat(value.integer());
    case Json::Kind::real: return python_float_repr(value.real());
    case Json::Kind::boolean: return value.boolean() ? "True" : "False";
    case Json::Kind::null: return "None";
    case Json::Kind::array:
    case Json::Kind::object: break;
  }
  return std::nullopt;
}

}  // namespace

RowIdentity::RowIdentity(std::string identifier) : identifier_(std::move(identifier)) {
  // Texts that JSON or CSV may write with escapes, and values whose JSON text is not Python's.
  const auto is_escaped = [](char c) {
    return c == '"' || c == '\\' || c == '/' || static_cast<unsigned char>(c) < 0x20;
  };
  const bool is_constant = identifier_ == "True" || identifier_ == "False" || identifier_ == "None";
  const bool may_be_real = !identifier_.empty() &&
                           (is_ascii_digit(identifier_.back()) || identifier_.ends_with("inf")) &&
                           identifier_.find_first_of(".e") != std::string::npos &&
                           identifier_.find_first_not_of("0123456789.+-einf") == std::string::npos;
  needs_parsing_ = is_constant || may_be_real || std::any_of(identifier_.begin(), identifier_.end(), is_escaped);
}

bool RowIdentity::may_be_within(std::string_view bytes) const {
  return needs_parsing_ || bytes.find(identifier_) != std::string_view::npos ||
         bytes.find("\\u") != std::string_view::npos;
}

std::optional<std::string> RowIdentity::field_of(const Json& row) const {
  for (const std::string_view name : kTopNames)
    if (const Json* value = row.find(name); value != nullptr && python_text(*value) == identifier_)
      return std::string(name);
  // Not recursive: rows may be as deep as their reader allows.
  std::vector<std::pair<const Json*, std::string>> open = {{&row, ""}};
  while (!open.empty()) {
    const auto [value, path] = std::move(open.back());
    open.pop_back();
    if (value->kind() == Json::Kind::array) {
      for (const Json& item : value->items())
        if (item.kind() == Json::Kind::array || item.kind() == Json::Kind::object)
          open.emplace_back(&item, cat(path, "[]"));
      continue;
    }
    for (const auto& [key, member] : value->members()) {
      const std::string place = path.empty() ? key : cat(path, ".", key);
      if (member.kind() == Json::Kind::array || member.kind() == Json::Kind::object) {
        if (key != kNotLookedInto) open.emplace_back(&member, place);
      } else if (is_name(key) && !member.is_null() && python_text(member) == identifier_) {
        return place;
      }
    }
  }
  return std::nullopt;
}

}  // namespace forgelm::compliance
