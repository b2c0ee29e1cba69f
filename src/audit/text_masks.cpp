// 64 bytes at a time; what is beyond ASCII is decoded and set bit by bit.
#include "text_masks.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "byte_set.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"

namespace forgelm::audit {
namespace {

constexpr bool is_digit_or_letter(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
constexpr ByteSets<2> kWordsLetters({[](unsigned char c) { return is_digit_or_letter(c) || c == '_'; },
                                     [](unsigned char c) { return is_digit_or_letter(c) && c > '9'; }});
constexpr ByteSets<4> kSpacesBreaksContinuationsBeyondAscii(
    {[](unsigned char c) { return (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= ' '); },
     [](unsigned char c) { return (c >= '\n' && c <= '\r') || (c >= 0x1C && c <= 0x1E); },
     [](unsigned char c) { return !begins_character(static_cast<char>(c)); },
     [](unsigned char c) { return c >= 0x80; }});

/// Eight bytes in a number at a time: a byte's upper bit says whether it is of A to Z.
void lower_64(const char* from, char* to) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U, kHighs = 0x8080808080808080U;
  for (std::size_t i = 0; i < 64; i += 8) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, from + i, 8);
    const std::uint64_t low = bytes & ~kHighs;
    const std::uint64_t from_a = low + kOnes * (0x80 - 'A'), beyond_z = low + kOnes * (0x7F - 'Z');
    bytes |= (from_a & ~beyond_z & ~bytes & kHighs) >> 2;
    std::memcpy(to + i, &bytes, 8);
  }
}

}  // namespace

void TextMasks::read(std::string_view text) {
  text_ = text;
  for (Bits* const bits : {&starts, &words, &letters, &spaces, &breaks, &beyond_ascii_}) bits->reset(text.size());
  lowered_.resize((text.size() + 63) / 64 * 64);
  are_words_ascii_ = true;
  for (std::size_t i = 0; i * 64 < text.size(); ++i) {
    const Block64 block(text, i * 64);
    const std::size_t left = text.size() - i * 64;
    const std::uint64_t valid = left >= 64 ? ~std::uint64_t{0} : ~(~std::uint64_t{0} << left);
    const auto [of_words, of_letters] = kWordsLetters.find(block.bytes());
    const auto [of_spaces, of_breaks, continuations, others] =
        kSpacesBreaksContinuationsBeyondAscii.find(block.bytes());
    starts.add(i, valid & ~continuations);
    words.add(i, of_words);
    letters.add(i, of_letters);
    spaces.add(i, of_spaces);
    breaks.add(i, of_breaks);
    lower_64(block.bytes(), lowered_.data() + i * 64);
    if (others != 0) {
      beyond_ascii_.add(i, others);
      read_beyond_ascii(i * 64, others & starts.word(i));
    }
  }
  lowered_.resize(text.size());
}

void TextMasks::read_beyond_ascii(std::size_t at, std::uint64_t heads) {
  namespace character_class = text::character_class;
  for (; heads != 0; heads &= heads - 1) {
    const std::size_t begin = at + static_cast<std::size_t>(std::countr_zero(heads));
    const DecodedCodePoint decoded = decode_utf8(text_, begin);
    const std::uint8_t classes = text::character_classes(decoded.value);
    if ((classes & character_class::kWord) != 0) {
      words.set(begin, begin + decoded.num_bytes);
      are_words_ascii_ = false;
    }
    if ((classes & character_class::kAlphabetic) != 0) letters.set(begin, begin + 1);
    if ((classes & character_class::kSpace) != 0) spaces.set(begin, begin + 1);
    if ((classes & character_class::kLineBreak) != 0) breaks.set(begin, begin + 1);
  }
}

std::string_view TextMasks::first_characters(std::size_t count) const {
  if (text_.size() <= count) return text_;
  for (std::size_t i = 0; i * 64 < text_.size(); ++i) {
    std::uint64_t bits = starts.word(i);
    const auto here = static_cast<std::size_t>(std::popcount(bits));
    if (here <= count) {
      count -= here;
      continue;
    }
    for (; count > 0; --count) bits &= bits - 1;
    return text_.substr(0, i * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
  }
  return text_;
}

std::string_view TextMasks::lower_word(std::size_t begin, std::size_t end, std::string& buffer) const {
  buffer = text::lower(text_.substr(begin, end - begin));
  return buffer;
}

}  // namespace forgelm::audit
