// JSON as the reference wrote it: its releases before 0.10 wrote non-finite numbers as the bare tokens NaN, Infinity
// and -Infinity, which are no JSON. They are read as numbers here, so that a file of that age can be verified.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "forgelm/core/json.hpp"

namespace forgelm::compliance {

/// parse_json, with the three tokens taken for numbers.
Result<Json> parse_reference_json(std::string_view text);

/// json.dumps(value, sort_keys=True, separators=(",", ":")), non-finite numbers as the three tokens.
std::string dump_with_tokens(const Json& value);

}  // namespace forgelm::compliance
