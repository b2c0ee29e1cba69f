// The bytes of a code point in UTF-8, for forgelm/core/text.hpp and for programs that link nothing of forgelm.
#pragma once

#include <string>

namespace forgelm {

/// `code_point` is at most U+10FFFF and no surrogate.
inline void append_utf8_bytes(std::string& out, char32_t code_point) {
  const char32_t c = code_point;
  const auto put = [&out](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6));
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | (c >> 18));
    put(0x80 | ((c >> 12) & 0x3F));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

}  // namespace forgelm
