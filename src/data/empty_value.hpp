// What of a row's values counts as nothing, where rows are checked and counted.
#pragma once

#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::data {

/// null, white space, or no items or members.
inline bool is_empty_value(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::null: return true;
    case Json::Kind::text: return trim(value.text()).empty();
    case Json::Kind::array: return value.items().empty();
    case Json::Kind::object: return value.members().empty();
    default: return false;
  }
}

}  // namespace forgelm::data
