// JsonNode: typed access that complains with file and path.
#include "json_node.hpp"

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::text {
namespace {

std::size_t num_steps(const Json& node, std::string_view list_key) {
  std::size_t num = 1;
  if (const Json* list = node.find(list_key); list != nullptr && list->kind() == Json::Kind::array)
    for (const Json& item : list->items()) num += num_steps(item, list_key);
  return num;
}

}  // namespace

void check_num_steps(const JsonNode& node, std::string_view list_key) {
  if (const std::size_t num = num_steps(node.value(), list_key); num > kMaxSteps)
    node.fail(cat(num, " steps; at most ", kMaxSteps, " can be used"));
}

void JsonNode::fail(const std::string& what) const {
  throw ConfigError(cat(quote(*file_), ": ", path_.empty() ? "the document" : path_, ": ", what));
}

std::optional<JsonNode> JsonNode::find(std::string_view key) const {
  const Json* member = value_->find(key);
  if (member == nullptr || member->is_null()) return std::nullopt;
  return JsonNode(*member, path_.empty() ? std::string(key) : cat(path_, ".", key), *file_);
}

JsonNode JsonNode::at(std::string_view key) const {
  if (value_->kind() != Json::Kind::object) fail(cat("an object is needed, not ", to_string(value_->kind())));
  auto member = find(key);
  if (!member) fail(cat("the key ", quote(key), " is missing"));
  return *std::move(member);
}

std::vector<JsonNode> JsonNode::items() const {
  if (value_->kind() != Json::Kind::array) fail(cat("a list is needed, not ", to_string(value_->kind())));
  std::vector<JsonNode> out;
  out.reserve(value_->items().size());
  for (const Json& item : value_->items()) out.emplace_back(item, cat(path_, "[", out.size(), "]"), *file_);
  return out;
}

const std::string& JsonNode::text() const {
  if (value_->kind() != Json::Kind::text) fail(cat("a text is needed, not ", to_string(value_->kind())));
  return value_->text();
}

bool JsonNode::boolean() const {
  if (value_->kind() != Json::Kind::boolean) fail(cat("true or false is needed, not ", to_string(value_->kind())));
  return value_->boolean();
}

std::int64_t JsonNode::integer(std::int64_t least, std::int64_t most) const {
  if (value_->kind() != Json::Kind::integer) fail(cat("a whole number is needed, not ", to_string(value_->kind())));
  const std::int64_t value = value_->integer();
  if (value < least || value > most) fail(cat(value, " is not between ", least, " and ", most));
  return value;
}

char32_t JsonNode::character() const {
  const std::u32string all = to_code_points(text());
  if (all.size() != 1) fail(cat("one character is needed, not ", quote(text())));
  return all[0];
}

bool JsonNode::boolean_or(std::string_view key, bool otherwise) const {
  const auto member = find(key);
  return member ? member->boolean() : otherwise;
}

}  // namespace forgelm::text
