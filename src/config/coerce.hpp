// From a YAML node to the value of a field, by the reference's lax rules: what it accepts as an integer, a number, a
// boolean or text is accepted here, what it refuses is refused with a better message.
// Oracle: pydantic 2.14 in lax mode (tests/golden/config/scalars.json).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/config/schema.hpp"
#include "forgelm/config/yaml.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::config {

/// Why a node is not a value of its field, with the node that is at fault (an item of a list, say).
struct Mismatch {
  const Node* node = nullptr;
  std::string subpath;  ///< "[2]" or ".critical" inside the field
  std::string code;     ///< wrong_type, out_of_range, unknown_choice, not_finite, bad_pattern, too_large, empty
  std::string message;
  std::string allowed;
  std::string hint;
};

/// The value for a field that holds a value (no section), or nothing with reasons appended to `mismatches`.
std::optional<Json> coerce(const Node& node, const FieldInfo& field, std::vector<Mismatch>& mismatches);

/// Integer and number texts as the reference reads them: "1_000", " 1024.0 ", "2e-4".
std::optional<std::int64_t> integer_from_text(std::string_view text);
std::optional<double> real_from_text(std::string_view text);

/// What a text check of schema.hpp's FieldInfo::pattern finds wrong; nothing when the text is good.
std::optional<std::string> check_pattern(std::string_view pattern, std::string_view text);

/// The node as a message shows it: `text "0.1"`, `integer 5`, `a list`.
std::string seen(const Node& node);

/// Any node as JSON, as the reference would dump it (timestamps as ISO text); for tables of any values.
Json json_from(const Node& node);

}  // namespace forgelm::config
