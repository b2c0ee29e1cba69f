// A value as YAML in block style.
#include <algorithm>

#include "forgelm/config/emit.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::config {
namespace {

std::string key_of(const std::string& key) { return to_yaml_scalar(Json(key)); }

void write_yaml(std::string& out, const Json& value, std::size_t indent) {
  const std::string blanks(indent, ' ');
  const auto is_block = [](const Json& inner) {
    return (inner.kind() == Json::Kind::object && !inner.members().empty()) ||
           (inner.kind() == Json::Kind::array &&
            std::any_of(inner.items().begin(), inner.items().end(), [](const Json& item) {
              return item.kind() == Json::Kind::object || item.kind() == Json::Kind::array;
            }));
  };
  if (value.kind() == Json::Kind::array) {
    for (const Json& item : value.items()) {
      out += cat(blanks, "-");
      if (is_block(item)) {
        out += '\n';
        write_yaml(out, item, indent + 2);
      } else {
        out += cat(" ", to_yaml_scalar(item), "\n");
      }
    }
    return;
  }
  for (const auto& [key, member] : value.members()) {
    out += cat(blanks, key_of(key), ":");
    if (is_block(member)) {
      out += '\n';
      write_yaml(out, member, indent + 2);
    } else {
      out += cat(" ", to_yaml_scalar(member), "\n");
    }
  }
}

}  // namespace

std::string to_yaml(const Json& value) {
  std::string out;
  write_yaml(out, value, 0);
  return out;
}

}  // namespace forgelm::config
