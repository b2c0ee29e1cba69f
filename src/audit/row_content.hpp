// What of a row training reads, for telling whether two rows are the same: the columns of any known row format, or all
// columns where none of them is there. An identifier or a source beside the text makes no row another one.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "json_line.hpp"

namespace forgelm::audit {

using ContentHash = std::array<std::uint64_t, 2>;

/// Hash of the columns, by name and value; the order of columns and the spelling of values count for nothing. `line` is
/// the row's own: it is hashed where only Python takes it, since its numbers are not in the value then.
ContentHash content_hash(const JsonLine& row, std::string_view line);

/// All strings of the columns but roles, a line each; in `buffer`.
std::string_view content_text(const simdjson::dom::element& row, std::string& buffer);

}  // namespace forgelm::audit
