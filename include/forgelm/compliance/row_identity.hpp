// By what a row of data is known: members named as identifiers are (`id`, `row_id`, a message's or a conversation's),
// at the top of the row first, then anywhere in it. Values compare as Python's str() has them, so that 17 is "17" and
// true is "True": the reference compares so.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "forgelm/core/json.hpp"

namespace forgelm::compliance {

class RowIdentity {
 public:
  explicit RowIdentity(std::string identifier);

  /// False only when no row within these bytes of JSON or CSV can have the identifier.
  bool may_be_within(std::string_view bytes) const;
  /// The member that holds it ("id", "metadata.id", "prompt.replies[].message_id"), or nothing.
  std::optional<std::string> field_of(const Json& row) const;

 private:
  std::string identifier_;
  bool needs_parsing_ = false;  ///< bytes cannot tell: it may be written in another way
};

}  // namespace forgelm::compliance
