// Character references of HTML: "&amp;", "&#233;", "&notin;".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace forgelm::ingest {

/// The table, as text (html_entities.cpp says how it is written).
std::string_view html_entity_list() noexcept;

/// The character that the reference at the start of `text` (which begins with "&") stands for is appended to `out`, and
/// the number of bytes that it takes given; 0 when there is none, and "&" stands for itself.
std::size_t read_character_reference(std::string_view text, std::string& out);

}  // namespace forgelm::ingest
