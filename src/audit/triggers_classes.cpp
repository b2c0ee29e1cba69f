// The triggers that are classes of characters, for both engines. 64 bytes at a time say where to look closer,
// everything else is stepped over. Numbers are read as regions (digits and what may stand between them), so that each
// byte is looked at a few times.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>

#include "byte_set.hpp"
#include "decimal_digits.hpp"
#include "forgelm/core/text.hpp"
#include "triggers.hpp"

namespace forgelm::audit {
namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_caps(char c) { return is_upper(c) || is_ascii_digit(c); }
bool is_hex(char c) { return is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f'); }
bool is_alnum(char c) { return is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'); }

bool is_between_digits(char c) { return c == ' ' || c == '.' || c == '-' || c == '+' || c == '/'; }

/// The first bytes of decimal digits beyond ASCII.
constexpr bool begins_digit(unsigned char c) {
  for (const char32_t zero : kDecimalZeros) {
    const char32_t head = zero < 0x800     ? 0xC0 | (zero >> 6)
                          : zero < 0x10000 ? 0xE0 | (zero >> 12)
                                           : 0xF0 | (zero >> 18);
    if (zero >= 0x80 && head == c) return true;
  }
  return false;
}

/// Where a trigger begins, or what makes it one.
constexpr ByteSet kPlaces([](unsigned char c) {
  return (c >= '0' && c <= '9') || c == '@' || c == ':' || c == '=' || c == '+' || c == '(' || begins_digit(c);
});

/// The first two bytes of decimal digits beyond ASCII.
const std::array<bool, 65536>& digit_heads() {
  static const auto table = [] {
    auto made = std::make_unique<std::array<bool, 65536>>();
    for (const char32_t zero : kDecimalZeros) {
      if (zero < 0x80) continue;
      for (char32_t value = 0; value < 10; ++value) {
        std::string bytes;
        append_utf8(bytes, zero + value);
        (*made)[pair_of(bytes[0], bytes[1])] = true;
      }
    }
    return made;
  }();
  return *table;
}

class Scan {
 public:
  Scan(std::string_view text, Triggers& found) : text_(text), found_(found) {}

  void run() {
    std::size_t next = 0;
    for (std::size_t at = 0; at < text_.size(); at += 64) {
      for (std::uint64_t places = kPlaces.find(Block64(text_, at).bytes()); places != 0; places &= places - 1) {
        const std::size_t place = at + static_cast<std::size_t>(std::countr_zero(places));
        if (place >= next) next = look(place);
      }
    }
  }

 private:
  void set(Trigger trigger, std::size_t begin, std::size_t end) { set(static_cast<std::size_t>(trigger), begin, end); }
  void set(std::size_t trigger, std::size_t begin, std::size_t end) {
    Triggers::Place& place = found_.places[trigger];
    if (found_.set.test(trigger)) place = {std::min(place.begin, begin), std::max(place.end, end)};
    else place = {begin, end};
    found_.set.set(trigger);
  }
  char byte(std::size_t at) const { return at < text_.size() ? text_[at] : '\0'; }
  bool are_digits(std::size_t at, std::size_t count) const {
    for (std::size_t i = 0; i < count; ++i)
      if (!is_ascii_digit(byte(at + i))) return false;
    return true;
  }

  /// Where to go on.
  std::size_t look(std::size_t at) {
    const char c = text_[at];
    if (is_ascii_digit(c)) return number(at);
    if (static_cast<unsigned char>(c) >= 0x80) {
      if (!digit_heads()[pair_of(c, byte(at + 1))]) return at + 1;
      const DecodedCodePoint code_point = decode_utf8(text_, at);
      if (decimal_value(code_point.value) >= 0) set(Trigger::unicode_digit, 0, text_.size());
      return at + code_point.num_bytes;
    }
    if (c == '@' && is_alnum(byte(at + 1)))
      if (const std::size_t name = name_before(at); name < at) set(Trigger::at_sign, name, at + 1);
    if (c == '+' && is_ascii_digit(byte(at + 1))) set(Trigger::plus_digit, at, at + 1);
    if (c == '(') parenthesis(at);
    if (c == ':' || c == '=') assignment(at);
    if (c == ':' && at > 0 && is_hex(text_[at - 1])) colon(at);
    return at + 1;
  }

  /// Where the name before an at sign may begin.
  std::size_t name_before(std::size_t at) const {
    const auto is_of_name = [](char c) { return is_alnum(c) || std::string_view("._%+-").find(c) != npos; };
    while (at > 0 && is_of_name(text_[at - 1])) --at;
    return at;
  }

  void parenthesis(std::size_t at) {
    std::size_t end = at + 1;
    while (end < text_.size() && is_ascii_digit(text_[end])) ++end;
    if (byte(end) == ')' && end - at >= 3 && end - at <= 5) set(Trigger::paren_digits, at, end);
  }

  void colon(std::size_t at) {
    std::size_t end = at + 1;
    while (end < at + 6 && is_hex(byte(end))) ++end;
    if (end <= at + 5 && byte(end) == ':' && is_hex(byte(end + 1))) set(Trigger::hex_colons, at, end);
  }

  void assignment(std::size_t at) {
    std::size_t end = at;
    for (int i = 0; i < 2 && end > 0 && text_[end - 1] == ' '; ++i) --end;
    if (end > 0 && (text_[end - 1] == '"' || text_[end - 1] == '\'')) --end;
    for (const std::string_view word : {"key", "secret", "token", "password", "passwd", "pwd"})
      if (end >= word.size() && equals_ignoring_ascii_case(text_.substr(end - word.size(), word.size()), word))
        set(Trigger::assignment, at, at + 1);
  }

  void number_is(Trigger trigger) { of_number_.set(static_cast<std::size_t>(trigger)); }

  /// What stands before the number and around it.
  void number_head(std::size_t at) {
    const auto before = [&](std::size_t back) { return at >= back ? text_[at - back] : '\0'; };
    if (is_ascii_digit(byte(at + 1)) && ((is_upper(before(1)) && is_upper(before(2))) ||
                                         (before(1) == ' ' && is_upper(before(2)) && is_upper(before(3)))))
      number_is(Trigger::caps_and_digits);
    if (is_upper(before(1)) && are_digits(at, 7)) number_is(Trigger::capital_and_7);
    std::size_t begin = at, end = at;
    while (begin > 0 && at - begin < 16 && is_caps(text_[begin - 1])) --begin;
    while (end < text_.size() && end - at < 16 && is_caps(text_[end])) ++end;
    if (end - begin >= 16) number_is(Trigger::caps_16);
  }

  /// A run of `length` digits ends at `end`.
  void run_end(std::size_t end, std::size_t length) {
    if (length >= 7) number_is(Trigger::run_7);
    if (length >= 8) number_is(Trigger::run_8);
    if (length >= 11) number_is(Trigger::run_11);
    if (length < 6) return;
    const char next = byte(end);
    if ((next == 'A' || next == 'B') && are_digits(end + 1, 6)) number_is(Trigger::corsican);
    const bool is_century = next == '-' || next == '+' || (next >= 'A' && next <= 'F') || (next >= 'U' && next <= 'Y');
    if (is_century && are_digits(end + 1, 3)) number_is(Trigger::dated_9);
  }

  /// Digits from `at` on with what may stand between them; where they end.
  std::size_t number(std::size_t at) {
    std::size_t end = at, run = 0, chain_9 = 0, chain_13 = 0, num_digits = 0, num_dots = 0, num_between = 0;
    bool has_dash = false;
    for (std::size_t i = at; i < text_.size(); ++i) {
      const char c = text_[i];
      if (is_ascii_digit(c)) {
        if (++run == 1) number_head(i);
        ++chain_9, ++chain_13, ++num_digits;
        num_between = 0;
        end = i + 1;
        if (!is_ascii_digit(byte(end))) run_end(end, run);
        if (chain_9 >= 9) number_is(Trigger::digits_9);
        if (chain_13 >= 13) number_is(Trigger::digits_13);
        if (num_digits >= 9 && has_dash) number_is(Trigger::dashed_9);
        if (num_dots >= 2) number_is(Trigger::dots_2);
        if (num_dots >= 3) number_is(Trigger::dots_3);
        continue;
      }
      run = 0;
      if (++num_between > 1) chain_9 = 0;
      if (c == '+' && is_ascii_digit(byte(i + 1))) number_is(Trigger::plus_digit);
      if (c == '.') ++num_dots;
      if (c == '-') has_dash = true;
      if (!is_between_digits(c)) break;
      if (c != ' ' && c != '-') chain_13 = 0;
    }
    of_number_.for_each([&](std::size_t trigger) { set(trigger, at, end); });
    of_number_ = {};
    return end;
  }

  static constexpr std::size_t npos = std::string_view::npos;
  std::string_view text_;
  Triggers& found_;
  NumberSet of_number_;  ///< of the number that is being read
};

}  // namespace

void find_class_triggers(std::string_view text, Triggers& found) { Scan(text, found).run(); }

}  // namespace forgelm::audit
