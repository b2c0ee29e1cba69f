#include "glyph_profile.hpp"

#include <algorithm>
#include <array>

namespace forgelm::ingest {
namespace {

struct Glyph {
  std::string_view found;
  std::string_view meant;
  char32_t code_point;  ///< what is meant
};

constexpr std::array<Glyph, 6> kGlyphs = {{
    {"\xC3\xB6 ", "\xC4\x9E", 0x11E},         // o with diaeresis and a blank: G with breve
    {"\xC3\xB8", "\xC4\xB0", 0x130},          // o with stroke: I with dot
    {"\xC3\x95", "\xC4\xB1", 0x131},          // O with tilde: dotless i
    {"\xC3\xBA", "\xC5\x9F", 0x15F},          // u with acute: s with cedilla
    {"\xC3\xB7", "\xC4\x9F", 0x11F},          // division sign: g with breve
    {"\xE0\xA1\x9F", "\xE2\x80\xA2", 0x2022}  // a Mandaic mark: bullet
}};

}  // namespace

std::size_t apply_turkish_profile(Document& document) {
  const std::string_view text = document.text;
  std::vector<Edit> edits;
  for (std::size_t at = text.find_first_of("\xC3\xE0"); at != std::string_view::npos;
       at = text.find_first_of("\xC3\xE0", at + 1)) {
    for (const Glyph& glyph : kGlyphs)
      if (text.substr(at, glyph.found.size()) == glyph.found)
        edits.push_back({at, at + glyph.found.size(), glyph.meant});
  }
  apply_edits(document, edits);
  return edits.size();
}

bool is_of_turkish_profile(char32_t code_point) noexcept {
  return std::any_of(kGlyphs.begin(), kGlyphs.end(),
                     [&](const Glyph& glyph) { return glyph.code_point == code_point; });
}

}  // namespace forgelm::ingest
