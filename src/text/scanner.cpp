// The scanners. All four patterns have the same shape: contractions, words, numbers, other signs, white space; what
// differs is told by the template arguments. White space is the same in all but tiktoken's form of cl100k, which keeps
// what ends the text in one piece.
#include "scanner.hpp"

#include <array>

#include "unicode.hpp"

namespace forgelm::text {
namespace {

constexpr const char* kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kQwen2Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kO200kPattern =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

enum Kind : std::uint8_t { other, letter, number, space, none };

constexpr std::array<Kind, 128> make_ascii_kinds() {
  std::array<Kind, 128> kinds{};
  for (int c = 0; c < 128; ++c) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    kinds[static_cast<std::size_t>(c)] = is_letter                              ? letter
                                         : c >= '0' && c <= '9'                 ? number
                                         : c == ' ' || (c >= '\t' && c <= '\r') ? space
                                                                                : other;
  }
  return kinds;
}
constexpr std::array<Kind, 128> kAsciiKinds = make_ascii_kinds();

/// The text with the kind of what stands at a place.
class Subject {
 public:
  explicit Subject(std::string_view text) : text_(text) {}

  std::size_t size() const { return text_.size(); }
  char byte(std::size_t at) const { return at < text_.size() ? text_[at] : '\0'; }
  /// Kind of the code point at `at`, and in `next` where the following one starts; none at the end.
  Kind kind(std::size_t at, std::size_t& next) const {
    if (at >= text_.size()) return none;
    const auto lead = static_cast<unsigned char>(text_[at]);
    if (lead < 0x80) {
      next = at + 1;
      return kAsciiKinds[lead];
    }
    next = at;
    const std::uint16_t flags = classes_.flags(next_code_point(text_.data(), next));
    if ((flags & char_flag::kWhiteSpace) != 0) return space;
    const std::uint32_t bit = 1u << (flags & char_flag::kCategoryMask);
    return (bit & kLetters) != 0 ? letter : (bit & kNumbers) != 0 ? number : other;
  }
  /// The end of the run of `wanted` that starts at `at`.
  std::size_t run(std::size_t at, Kind wanted) const {
    std::size_t next = at;
    while (kind(at, next) == wanted) at = next;
    return at;
  }
  /// Bit of the category of the code point at `at`; 0 at the end.
  std::uint32_t category(std::size_t at, std::size_t& next) const {
    if (at >= text_.size()) return 0;
    next = at;
    return 1u << (classes_.flags(next_code_point(text_.data(), next)) & char_flag::kCategoryMask);
  }
  bool is_newline(std::size_t at) const { return byte(at) == '\n' || byte(at) == '\r'; }

 private:
  std::string_view text_;
  CharClasses classes_;
};

/// The end of 's, 't, 're, 've, 'm, 'll or 'd at `at`, or `at`.
template <bool kAnyCase>
std::size_t contraction(const Subject& subject, std::size_t at) {
  if (subject.byte(at) != '\'') return at;
  const auto lower = [&](std::size_t place) {
    const char c = subject.byte(place);
    return kAnyCase && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  };
  const char first = lower(at + 1);
  const char second = lower(at + 2);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return at + 2;
  if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l'))
    return at + 3;
  // U+017F, the long s, is an s in another case.
  if (kAnyCase && subject.byte(at + 1) == '\xC5' && subject.byte(at + 2) == '\xBF') return at + 3;
  return at;
}

/// The end of the white space to take at `at`, where there is some. `kNewlinesEnd`: \s*[\r\n]+ comes first.
template <bool kNewlinesEnd, bool kLastRunWhole>
std::size_t white_space(const Subject& subject, std::size_t at) {
  std::size_t end = at;
  std::size_t before_last = at;
  std::size_t after_newline = at;
  std::size_t next = at;
  while (subject.kind(end, next) == space) {
    if (kNewlinesEnd && subject.is_newline(end)) after_newline = next;
    before_last = end;
    end = next;
  }
  if (kLastRunWhole && end == subject.size()) return end;
  if (after_newline > at) return after_newline;
  return end == subject.size() || before_last == at ? end : before_last;
}

void scan_gpt2(std::string_view text, std::vector<Match>& out) {
  const Subject subject(text);
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = contraction<false>(subject, at);
    if (end == at) {
      std::size_t next = at;
      const bool has_space = text[at] == ' ';
      std::size_t from = at;
      Kind kind = subject.kind(at, next);
      if (has_space) {
        from = at + 1;
        kind = subject.kind(from, next);
        if (kind == space || kind == none) kind = space;
      }
      end = kind == space ? white_space<false, false>(subject, at) : subject.run(has_space ? from : next, kind);
    }
    out.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)});
    at = end;
  }
}

/// What follows words in cl100k and its like: numbers, other signs, white space.
template <int kMaxDigits, bool kLastRunWhole, bool kSlashEnds>
std::size_t number_sign_or_space(const Subject& subject, std::size_t at, Kind kind, std::size_t next) {
  if (kind == number) {
    std::size_t end = next;
    for (int digits = 1; digits < kMaxDigits && subject.kind(end, next) == number; ++digits) end = next;
    return end;
  }
  std::size_t from = at;
  if (subject.byte(at) == ' ') {
    from = at + 1;
    kind = subject.kind(from, next);
  }
  if (kind != other) return white_space<true, kLastRunWhole>(subject, at);
  std::size_t end = subject.run(next, other);
  while (subject.is_newline(end) || (kSlashEnds && subject.byte(end) == '/')) ++end;
  return end;
}

template <int kMaxDigits, bool kLastRunWhole>
void scan_cl100k(std::string_view text, std::vector<Match>& out) {
  const Subject subject(text);
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = contraction<true>(subject, at);
    if (end == at) {
      std::size_t next = at;
      std::size_t after = at;
      const Kind kind = subject.kind(at, next);
      if (kind == letter) end = subject.run(next, letter);
      else if (kind != number && !subject.is_newline(at) && subject.kind(next, after) == letter)
        end = subject.run(after, letter);
      else end = number_sign_or_space<kMaxDigits, kLastRunWhole, false>(subject, at, kind, next);
    }
    out.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)});
    at = end;
  }
}

constexpr std::uint32_t kUpperPart = category_bit(Category::Lu) | category_bit(Category::Lt) |
                                     category_bit(Category::Lm) | category_bit(Category::Lo) | kMarks;
constexpr std::uint32_t kLowerPart =
    category_bit(Category::Ll) | category_bit(Category::Lm) | category_bit(Category::Lo) | kMarks;

/// [upper]*[lower]+ at `at`, or [upper]+[lower]*; `at` when there is neither.
template <bool kNeedsLower>
std::size_t cased_word(const Subject& subject, std::size_t at) {
  std::size_t end = at;
  std::size_t next = at;
  std::size_t after_last_lower = at;  // after the last code point of the upper part that may also be lower
  std::uint32_t bit = 0;
  while (((bit = subject.category(end, next)) & kUpperPart) != 0) {
    if ((bit & kLowerPart) != 0) after_last_lower = next;
    end = next;
  }
  if (!kNeedsLower && end == at) return at;
  const std::size_t upper_end = end;
  while ((subject.category(end, next) & kLowerPart) != 0) end = next;
  if (kNeedsLower && end == upper_end) return after_last_lower;
  return end;
}

void scan_o200k(std::string_view text, std::vector<Match>& out) {
  const Subject subject(text);
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t next = at;
    const Kind kind = subject.kind(at, next);
    const bool may_be_prefix = (kind == other || kind == space) && !subject.is_newline(at);
    std::size_t end = may_be_prefix ? cased_word<true>(subject, next) : next;
    if (end == next) {
      end = cased_word<true>(subject, at);
      if (end == at && may_be_prefix && (end = cased_word<false>(subject, next)) == next) end = at;
      if (end == at) end = cased_word<false>(subject, at);
    }
    if (end > at) end = contraction<true>(subject, end);
    else end = number_sign_or_space<3, false, true>(subject, at, kind, next);
    out.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)});
    at = end;
  }
}

struct Known {
  const char* pattern;
  Scanner scanner;
};
const std::array<Known, 5>& known() {
  static const std::array<Known, 5> all = {{{kGpt2Pattern, scan_gpt2},
                                            {kLlama3Pattern, scan_cl100k<3, false>},
                                            {kQwen2Pattern, scan_cl100k<1, false>},
                                            {kTiktokenCl100kPattern, scan_cl100k<3, true>},
                                            {kO200kPattern, scan_o200k}}};
  return all;
}

}  // namespace

const char* const kGpt2Pattern = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
const char* const kTiktokenCl100kPattern =
    R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++\z|\s*[\r\n]|\s+(?!\S)|\s)";

Scanner scanner_for(std::string_view pattern) {
  for (const Known& entry : known())
    if (pattern == entry.pattern) return entry.scanner;
  return nullptr;
}

const std::vector<std::string_view>& scanned_patterns() {
  static const std::vector<std::string_view> all = [] {
    std::vector<std::string_view> patterns;
    for (const Known& entry : known()) patterns.emplace_back(entry.pattern);
    return patterns;
  }();
  return all;
}

}  // namespace forgelm::text
