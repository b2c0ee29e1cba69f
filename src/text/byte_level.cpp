// The byte-level alphabet: printable bytes of Latin-1 stand for themselves, the 68 others for U+0100 and up.
#include <array>

#include "normalizer.hpp"

namespace forgelm::text {
namespace {

struct Alphabet {
  std::array<char32_t, 256> of_byte{};
  std::array<std::int16_t, 0x144> byte_of{};
  std::array<std::array<char, 2>, 256> utf8{};  // second byte 0: one byte only

  constexpr Alphabet() {
    for (auto& entry : byte_of) entry = -1;
    char32_t next = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
      const bool is_printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
      const char32_t c = is_printable ? byte : next++;
      of_byte[byte] = c;
      byte_of[c] = static_cast<std::int16_t>(byte);
      if (c < 0x80) utf8[byte] = {static_cast<char>(c), '\0'};
      else utf8[byte] = {static_cast<char>(0xC0 | (c >> 6)), static_cast<char>(0x80 | (c & 0x3F))};
    }
  }
};
constexpr Alphabet kAlphabet;

}  // namespace

char32_t byte_level_code_point(unsigned char byte) noexcept { return kAlphabet.of_byte[byte]; }

int byte_of_level_code_point(char32_t code_point) noexcept {
  return code_point < kAlphabet.byte_of.size() ? kAlphabet.byte_of[code_point] : -1;
}

void append_byte_level(std::string_view text, std::string& out) {
  for (const char c : text) {
    const auto& utf8 = kAlphabet.utf8[static_cast<unsigned char>(c)];
    out += utf8[0];
    if (utf8[1] != '\0') out += utf8[1];
  }
}

void append_byte_level(const AlignedText& in, std::size_t begin, std::size_t end, bool with_spans, AlignedText& out) {
  append_byte_level(std::string_view(in.bytes).substr(begin, end - begin), out.bytes);
  if (!with_spans) return;
  for (std::size_t at = begin; at < end; ++at) {
    const bool is_wide = kAlphabet.utf8[static_cast<unsigned char>(in.bytes[at])][1] != '\0';
    out.spans.insert(out.spans.end(), is_wide ? 2 : 1, in.spans[at]);
  }
}

}  // namespace forgelm::text
