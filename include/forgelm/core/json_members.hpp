// Members of JSON objects that others wrote, where what is not as expected counts as absent.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "forgelm/core/json.hpp"

namespace forgelm {

/// The member's text, or `otherwise` when there is none or it is no text. `object` may be of any kind.
inline std::string text_at(const Json& object, std::string_view key, std::string otherwise = {}) {
  const Json* value = object.find(key);
  return value != nullptr && value->kind() == Json::Kind::text ? value->text() : std::move(otherwise);
}

}  // namespace forgelm
