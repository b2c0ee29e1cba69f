// Letters that some PDF fonts give instead of Turkish ones (their own glyph names stand for nothing that a reader
// knows). The table is the reference's, made from a measured document; it would spoil Danish or Estonian, so that it is
// used only when asked for.
#pragma once

#include <cstddef>

#include "document.hpp"

namespace forgelm::ingest {

/// Puts the Turkish letters in; the number of places.
std::size_t apply_turkish_profile(Document& document);

/// Letters that the profile may bring into a text.
bool is_of_turkish_profile(char32_t code_point) noexcept;

}  // namespace forgelm::ingest
