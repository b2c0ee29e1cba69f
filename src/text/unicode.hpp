// What a code point is to a tokenizer: categories, white space, words, punctuation, lower case, scripts, and the four
// normal forms. The answers are those of the reference (tokenizers 0.23.3), whose parts know Unicode of different ages;
// the tables are asked of it (tools/golden/tokenizers/unicode_tables.py). Decompositions come from utf8proc, except for
// the code points that the reference does not know to decompose (CharFlag::inert).
// Trap: the reference has three ideas of a word character and two of punctuation; take the one that is named.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace forgelm::text {

/// General categories, in the order of the table's lowest five bits.
enum class Category : std::uint8_t {
  // clang-format off
  Lu, Ll, Lt, Lm, Lo, Mn, Mc, Me, Nd, Nl, No, Pc, Pd, Ps, Pe, Pi, Pf, Po, Sm, Sc, Sk, So, Zs, Zl, Zp, Cc, Cf, Co, Cn, Cs
  // clang-format on
};
inline constexpr int kNumCategories = 30;

namespace char_flag {
inline constexpr std::uint16_t kCategoryMask = 0x1F;
inline constexpr std::uint16_t kIsNew = 1u << 5;            ///< assigned after Unicode 14
inline constexpr std::uint16_t kWord = 1u << 6;             ///< \w of the Whitespace pre-tokenizer and of single_word
inline constexpr std::uint16_t kPatternWord = 1u << 7;      ///< \w of patterns in the file (Oniguruma)
inline constexpr std::uint16_t kPunctuation = 1u << 8;      ///< of BertPreTokenizer and Punctuation
inline constexpr std::uint16_t kControl = 1u << 9;          ///< what BertNormalizer's clean_text removes
inline constexpr std::uint16_t kNonspacingMark = 1u << 10;  ///< what BertNormalizer's strip_accents removes
inline constexpr std::uint16_t kCombiningMark = 1u << 11;   ///< what StripAccents removes
inline constexpr std::uint16_t kNumeric = 1u << 12;         ///< of Digits
inline constexpr std::uint16_t kWhiteSpace = 1u << 13;      ///< White_Space, which is also \s everywhere
inline constexpr std::uint16_t kInert = 1u << 14;           ///< neither decomposes nor combines, whatever Unicode says
inline constexpr std::uint16_t kAlphabetic = 1u << 15;      ///< [[:alpha:]] of patterns
}  // namespace char_flag

namespace detail {
struct CharTable {
  std::vector<std::uint16_t> block_of;  ///< of each 128 code points
  std::vector<std::uint16_t> blocks;
};
const CharTable& char_table();
}  // namespace detail

/// The flags of every code point; get one per loop and use it for all (the table is made on first use).
class CharClasses {
 public:
  CharClasses() : block_of_(detail::char_table().block_of.data()), blocks_(detail::char_table().blocks.data()) {}
  /// `code_point` must be below 0x110000.
  std::uint16_t flags(char32_t code_point) const noexcept {
    return blocks_[(std::size_t{block_of_[code_point >> 7]} << 7) | (code_point & 127)];
  }
  bool has(char32_t code_point, std::uint16_t flag) const noexcept { return (flags(code_point) & flag) != 0; }
  Category category(char32_t code_point) const noexcept {
    return static_cast<Category>(flags(code_point) & char_flag::kCategoryMask);
  }
  /// The category is one of `categories` (category_bit).
  bool is_any_of(char32_t code_point, std::uint32_t categories) const noexcept {
    return (categories >> (flags(code_point) & char_flag::kCategoryMask) & 1) != 0;
  }

 private:
  const std::uint16_t* block_of_;
  const std::uint16_t* blocks_;
};

/// A set of categories as bits.
constexpr std::uint32_t category_bit(Category category) noexcept { return 1u << static_cast<unsigned>(category); }
inline constexpr std::uint32_t kLetters = 0x1F;   ///< \p{L}
inline constexpr std::uint32_t kMarks = 0xE0;     ///< \p{M}
inline constexpr std::uint32_t kNumbers = 0x700;  ///< \p{N}

/// The first code point of the lower case; U+0130 alone has a second one, U+0307.
char32_t lower_case(char32_t code_point) noexcept;
inline constexpr char32_t kDottedCapitalI = 0x130;

/// A small number by which scripts can be told apart; 0: of any script.
std::uint8_t script_of(char32_t code_point) noexcept;

/// CJK ideographs around which BertNormalizer puts spaces.
constexpr bool is_chinese(char32_t c) noexcept {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x2F800 && c <= 0x2FA1F);
}

/// A code point of valid UTF-8 without checks; `at` moves past it.
inline char32_t next_code_point(const char* text, std::size_t& at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return static_cast<char32_t>(text[at++]);
  if (lead < 0xE0) {
    at += 2;
    return static_cast<char32_t>((lead & 0x1F) << 6 | (byte(at - 1) & 0x3F));
  }
  if (lead < 0xF0) {
    at += 3;
    return static_cast<char32_t>((lead & 0x0F) << 12 | (byte(at - 2) & 0x3F) << 6 | (byte(at - 1) & 0x3F));
  }
  at += 4;
  return static_cast<char32_t>((lead & 0x07) << 18 | (byte(at - 3) & 0x3F) << 12 | (byte(at - 2) & 0x3F) << 6 |
                               (byte(at - 1) & 0x3F));
}

/// Bytes of the code point that starts with `lead`, in valid UTF-8.
constexpr std::size_t utf8_length(char lead) noexcept {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

bool is_ascii(std::string_view text) noexcept;

}  // namespace forgelm::text
