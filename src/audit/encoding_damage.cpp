#include "encoding_damage.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "byte_set.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"

namespace forgelm::audit {
namespace {

/// Bytes at which damage may begin: controls, and the first bytes of U+0080 to U+00FF, U+2000 to U+2FFF, U+F000 to
/// U+FFFF and of the plane of tags.
constexpr std::array<bool, 256> kMayBegin = [] {
  std::array<bool, 256> may{};
  for (std::size_t c = 0; c < 0x20; ++c) may[c] = c < '\t' || c > '\r';
  for (const std::size_t c : {0x7F, 0xC2, 0xC3, 0xE2, 0xEF, 0xF3}) may[c] = true;
  return may;
}();

/// From `at` on, the first byte at which damage may begin, or the end.
std::size_t find_candidate(std::string_view text, std::size_t at) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U, kHighs = 0x8080808080808080U;
  while (at < text.size()) {
    if (at + 8 <= text.size()) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + at, 8);
      const std::uint64_t del = word ^ (kOnes * 0x7F);
      // Exact as a whole: whether any byte is below 0x20, above 0x7F, or 0x7F.
      if (((((word - kOnes * 0x20) & ~word) | word | ((del - kOnes) & ~del)) & kHighs) == 0) {
        at += 8;
        continue;
      }
    }
    const std::size_t end = std::min(at + 8, text.size());
    for (; at < end; ++at)
      if (kMayBegin[static_cast<unsigned char>(text[at])]) return at;
  }
  return text.size();
}

// ---- mojibake -----------------------------------------------------------------------------------------------------

/// Windows-1252 from 0x80 to 0x9F; 0: not assigned, and the control of that number is what programs make of it.
constexpr std::array<char32_t, 32> kWindows1252 = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                   0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                                   0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                   0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

/// The byte that is read as `c` by Latin-1 or Windows-1252; -1 for characters that are neither's.
int byte_of(char32_t c) {
  if (c >= 0x80 && c <= 0xFF) return static_cast<int>(c);
  const auto* const known = c == 0 ? kWindows1252.end() : std::find(kWindows1252.begin(), kWindows1252.end(), c);
  return known == kWindows1252.end() ? -1 : static_cast<int>(0x80 + (known - kWindows1252.begin()));
}

/// Bytes that are closing quotation marks, dashes, dots and spaces: what people do write behind a letter.
bool is_punctuation_byte(int byte) {
  constexpr std::string_view kPunctuation = "\x82\x84\x85\x8B\x91\x92\x93\x94\x95\x96\x97\x99\x9B\xA0\xAB\xAD\xB7\xBB";
  return kPunctuation.find(static_cast<char>(byte)) != std::string_view::npos;
}

/// One character of UTF-8 whose bytes were read one by one.
struct Scrambled {
  std::size_t end = 0;  ///< 0: there is none
  char32_t meant = 0;
  std::array<int, 4> bytes{};
  int num_bytes = 0;
};

Scrambled read_scrambled(std::string_view text, std::size_t at) {
  const DecodedCodePoint lead = decode_utf8(text, at);
  const auto value = static_cast<int>(lead.value);
  if (value < 0xC2 || value > 0xF4) return {};
  Scrambled read;
  read.num_bytes = value < 0xE0 ? 2 : value < 0xF0 ? 3 : 4;
  read.bytes[0] = value;
  std::string bytes(1, static_cast<char>(value));
  std::size_t end = at + lead.num_bytes;
  for (int i = 1; i < read.num_bytes; ++i) {
    if (end >= text.size()) return {};
    const DecodedCodePoint next = decode_utf8(text, end);
    const int byte = byte_of(next.value);
    if (byte < 0x80 || byte > 0xBF) return {};
    read.bytes[static_cast<std::size_t>(i)] = byte;
    bytes += static_cast<char>(byte);
    end += next.num_bytes;
  }
  const DecodedCodePoint meant = decode_utf8(bytes, 0);
  if (!meant.is_valid || meant.num_bytes != bytes.size()) return {};
  read.meant = meant.value;
  read.end = end;
  return read;
}

char32_t character_before(std::string_view text, std::size_t at) {
  while (at > 0)
    if (begins_character(text[--at])) return decode_utf8(text, at).value;
  return ' ';
}

/// Whether nobody writes these characters one after the other, whatever stands around them.
bool is_sure(const Scrambled& read, std::string_view text, std::size_t at) {
  const int lead = read.bytes[0], second = read.bytes[1];
  if (read.num_bytes == 4) return true;
  if (read.num_bytes == 3) {
    if (lead == 0xE2) return second == 0x80 || !is_punctuation_byte(second);
    return read.meant == 0xFEFF || read.meant == kReplacementCharacter;
  }
  // Beyond U+017F: scripts whose words are runs of such pairs.
  if (lead > 0xC5) return false;
  const char32_t before = character_before(text, at);
  const bool is_within_word = before >= 'a' && before <= 'z';
  // Angstroms have powers and degrees.
  if (lead == 0xC5 && second >= 0xB0 && second <= 0xB9) return text::is_alphabetic(before);
  if (!is_punctuation_byte(second)) return lead <= 0xC3 || text::is_alphabetic(read.meant);
  if (read.meant == 0xD7) return is_within_word || before == ' ' || (before >= '0' && before <= '9');
  if (second == 0xA0) return lead <= 0xC3 && (!text::is_alphabetic(before) || is_within_word);
  const bool is_quoted = lead == 0xC2 && (second == 0xAB || second == 0xBB) && text::is_space(before);
  return is_within_word || is_quoted;
}

/// The end of a run of scrambled characters at `at`; `at` when it is none.
std::size_t mojibake_end(std::string_view text, std::size_t at) {
  std::size_t end = at, num_read = 0;
  bool is_any_sure = false;
  for (Scrambled read = read_scrambled(text, at); read.end != 0;
       read = end < text.size() ? read_scrambled(text, end) : Scrambled{}) {
    is_any_sure = is_any_sure || is_sure(read, text, end);
    end = read.end;
    ++num_read;
  }
  return is_any_sure || num_read >= 2 ? end : at;
}

// ---- characters that are not seen ---------------------------------------------------------------------------------

/// Scripts whose words are not set apart by spaces, and whose lines break where U+200B stands.
bool breaks_at_zero_width(char32_t c) {
  return (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x1000 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF);
}

/// A character without width where none belongs.
bool is_stray(char32_t c, char32_t before, char32_t after) {
  constexpr char32_t kLastLatin = 0x02FF;
  switch (c) {
    case 0x200B: return !breaks_at_zero_width(before) && !breaks_at_zero_width(after);
    case 0x200C:
    case 0x200D: return before <= kLastLatin && after <= kLastLatin;  // others join letters or pictures by them
    case 0x2060: return true;
    default: return false;
  }
}

bool is_tag(char32_t c) { return c == 0xE0001 || (c >= 0xE0020 && c <= 0xE007F); }

/// Tags behind a black flag name a region's flag.
bool ends_flag(std::string_view text, std::size_t at) {
  char32_t before = ' ';
  do {
    if (at == 0) return false;
    while (--at > 0 && !begins_character(text[at])) {
    }
    before = decode_utf8(text, at).value;
  } while (is_tag(before));
  return before == 0x1F3F4;
}

/// The damage that one character is, if any.
bool judge(std::string_view text, std::size_t at, const DecodedCodePoint& here, Damage& kind) {
  const char32_t c = here.value;
  const auto is = [&](Damage damage) {
    kind = damage;
    return true;
  };
  if (c < 0x20 || c == 0x7F) return is(Damage::control_character);
  if (c < 0xA0) return is(Damage::c1_control);
  if (c == 0xFEFF) return is(Damage::byte_order_mark);
  if (c == kReplacementCharacter) return is(Damage::replacement_character);
  if ((c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069)) return is(Damage::bidi_control);
  if (is_tag(c)) return !ends_flag(text, at) && is(Damage::zero_width);
  if (c < 0x200B || c > 0x2060) return false;
  const std::size_t end = at + here.num_bytes;
  const char32_t after = end < text.size() ? decode_utf8(text, end).value : ' ';
  return is_stray(c, character_before(text, at), after) && is(Damage::zero_width);
}

}  // namespace

void find_damage(std::string_view text, std::vector<DamageSpan>& found) {
  found.clear();
  for (std::size_t at = find_candidate(text, 0); at < text.size(); at = find_candidate(text, at)) {
    if (static_cast<unsigned char>(text[at]) == 0xC3) {
      const std::size_t end = mojibake_end(text, at);
      if (end > at) found.push_back({Damage::mojibake, at, end});
      at = std::max(end, at + 2);
      continue;
    }
    const DecodedCodePoint here = decode_utf8(text, at);
    // Of U+00A0 to U+00BF nothing is damage, and of C2 only they and the controls begin.
    Damage kind{};
    if (judge(text, at, here, kind)) found.push_back({kind, at, at + here.num_bytes});
    at += here.num_bytes;
  }
}

std::string unscrambled(std::string_view mojibake) {
  std::string out;
  for (std::size_t at = 0; at < mojibake.size();) {
    const Scrambled read = read_scrambled(mojibake, at);
    if (read.end == 0) break;
    append_utf8(out, read.meant);
    at = read.end;
  }
  return out;
}

}  // namespace forgelm::audit
