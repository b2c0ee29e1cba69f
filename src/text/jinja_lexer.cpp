// The lexer's states follow jinja2's: text between tags, {% %} and {{ }}, {# #}, and raw blocks.
#include "jinja_lexer.hpp"

#include <charconv>
#include <cstdlib>

#include "forgelm/core/text.hpp"
#include "jinja_text.hpp"

namespace forgelm::text::jinja {

namespace {

struct Operator {
  std::string_view text;
  Tok kind;
};
// Longest first.
constexpr Operator kOperators[] = {{"//", Tok::floordiv}, {"**", Tok::pow},     {"==", Tok::eq},    {"!=", Tok::ne},
                                   {">=", Tok::gteq},     {"<=", Tok::lteq},    {"+", Tok::add},    {"-", Tok::sub},
                                   {"/", Tok::div},       {"*", Tok::mul},      {"%", Tok::mod},    {"~", Tok::tilde},
                                   {"[", Tok::lbracket},  {"]", Tok::rbracket}, {"(", Tok::lparen}, {")", Tok::rparen},
                                   {"{", Tok::lbrace},    {"}", Tok::rbrace},   {">", Tok::gt},     {"<", Tok::lt},
                                   {"=", Tok::assign},    {".", Tok::dot},      {":", Tok::colon},  {"|", Tok::pipe},
                                   {",", Tok::comma},     {";", Tok::semicolon}};

std::uint32_t offset_of(std::size_t at) { return static_cast<std::uint32_t>(at); }

int hex_digit(char c) noexcept {
  if (is_ascii_digit(c)) return c - '0';
  c = ascii_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// A literal's text, as Python's "unicode-escape" codec reads what "backslashreplace" wrote of it.
class Unescaper {
 public:
  Unescaper(std::string_view body, std::size_t offset) : body_(body), offset_(offset) {}
  std::string run() {
    while (at_ < body_.size()) {
      if (body_[at_] == '\\' && at_ + 1 < body_.size()) escape();
      else out_ += body_[at_++];
    }
    return std::move(out_);
  }

 private:
  void escape() {
    const std::size_t begin = at_;
    const char c = body_[at_ + 1];
    at_ += 2;
    switch (c) {
      case '\n': return;
      case '\\':
      case '\'':
      case '"': out_ += c; return;
      case 'a': out_ += '\a'; return;
      case 'b': out_ += '\b'; return;
      case 'f': out_ += '\f'; return;
      case 'n': out_ += '\n'; return;
      case 'r': out_ += '\r'; return;
      case 't': out_ += '\t'; return;
      case 'v': out_ += '\v'; return;
      case 'x': hex(begin, 2); return;
      case 'u': hex(begin, 4); return;
      case 'U': hex(begin, 8); return;
      case 'N': fail(begin, "\\N{...} escapes are not supported; write the character itself");
      default: break;
    }
    if (c >= '0' && c <= '7') return octal();
    out_ += '\\';
    if (static_cast<unsigned char>(c) < 0x80) {
      out_ += c;
      return;
    }
    // The reference escapes what is not ASCII first, so that a backslash before it shows that escape.
    const DecodedCodePoint decoded = decode_utf8(body_, at_ - 1);
    at_ += decoded.num_bytes - 1;
    char buffer[16];
    const auto value = static_cast<unsigned>(decoded.value);
    const char* form = value <= 0xFF ? "x%02x" : value <= 0xFFFF ? "u%04x" : "U%08x";
    out_.append(buffer, static_cast<std::size_t>(std::snprintf(buffer, sizeof buffer, form, value)));
  }
  void hex(std::size_t begin, int num_digits) {
    char32_t value = 0;
    for (int i = 0; i < num_digits; ++i, ++at_) {
      const int digit = at_ < body_.size() ? hex_digit(body_[at_]) : -1;
      if (digit < 0) fail(begin, cat("truncated \\", body_[begin + 1], " escape"));
      value = value * 16 + static_cast<char32_t>(digit);
    }
    if (value > 0x10FFFF) fail(begin, "illegal Unicode character");
    append_utf8(out_, value);
  }
  void octal() {
    char32_t value = 0;
    --at_;
    for (int i = 0; i < 3 && at_ < body_.size() && body_[at_] >= '0' && body_[at_] <= '7'; ++i, ++at_) {
      value = value * 8 + static_cast<char32_t>(body_[at_] - '0');
    }
    append_utf8(out_, value);
  }
  [[noreturn]] void fail(std::size_t at, std::string message) const {
    throw SyntaxFault{offset_of(offset_ + at), std::move(message)};
  }

  std::string_view body_;
  std::size_t offset_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string normalise_newlines(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      out += source[i];
      continue;
    }
    out += '\n';
    if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
  }
  if (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

Token Lexer::next() {
  Token out;
  while (at_ < source_.size()) {
    bool has_token = false;
    switch (state_) {
      case State::root: has_token = next_in_root(out); break;
      case State::raw: has_token = next_in_raw(out); break;
      case State::comment: skip_comment(); break;
      case State::block:
      case State::variable: has_token = next_in_tag(out); break;
    }
    if (has_token) return out;
  }
  return Token{Tok::end_of_file, offset_of(source_.size()), {}, 0, 0};
}

/// Moves on, having matched all up to `to`.
void Lexer::advance(std::size_t to) {
  if (to > at_) is_line_starting_ = source_[to - 1] == '\n';
  at_ = to;
}

std::size_t Lexer::skip_space(std::size_t at) const {
  while (at < source_.size()) {
    const DecodedCodePoint decoded = decode_utf8(source_, at);
    if (!is_space(decoded.value)) break;
    at += decoded.num_bytes;
  }
  return at;
}

/// The text before a tag with the sign after the tag's opening: what of it remains.
std::string_view Lexer::stripped_before(std::string_view text, char sign, bool is_variable) const {
  if (sign == '-') return strip_right(text);
  if (sign == '+' || is_variable) return text;
  const std::size_t newline = text.rfind('\n');
  const std::size_t line_begin = newline == std::string_view::npos ? 0 : newline + 1;
  if (line_begin == 0 && !is_line_starting_) return text;
  return is_all_space(text.substr(line_begin)) ? text.substr(0, line_begin) : text;
}

/// The end of "{%[+-]? raw [-]?%}" at `at`; 0 when it is not there.
std::size_t Lexer::match_raw_begin(std::size_t at) const {
  at += 2;
  if (at < source_.size() && (source_[at] == '-' || source_[at] == '+')) ++at;
  at = skip_space(at);
  if (!starts(at, "raw")) return 0;
  at = skip_space(at + 3);
  if (starts(at, "-%}")) return skip_space(at + 3);
  return starts(at, "%}") ? at + 2 : 0;
}

/// The end of a closing tag at `at` ("%}", "-%}" with the space after it, "+%}"); 0 when it is not there.
std::size_t Lexer::match_end(std::size_t at, std::string_view end, bool trims, bool allows_plus) const {
  if (at >= source_.size()) return 0;
  if (source_[at] == '-' && starts(at + 1, end)) return skip_space(at + 1 + end.size());
  if (allows_plus && source_[at] == '+' && starts(at + 1, end)) return at + 1 + end.size();
  if (!starts(at, end)) return 0;
  at += end.size();
  return trims && starts(at, "\n") ? at + 1 : at;
}

bool Lexer::next_in_root(Token& out) {
  std::size_t brace = at_;
  while (true) {
    brace = source_.find('{', brace);
    if (brace == std::string_view::npos || brace + 1 >= source_.size()) {
      out = {Tok::data, offset_of(at_), std::string(source_.substr(at_)), 0, 0};
      advance(source_.size());
      return true;
    }
    const char second = source_[brace + 1];
    if (second == '%' || second == '{' || second == '#') break;
    ++brace;
  }
  const char second = source_[brace + 1];
  const std::size_t after = brace + 2;
  const char sign = after < source_.size() && (source_[after] == '-' || source_[after] == '+') ? source_[after] : '\0';
  const std::string_view data = source_.substr(at_, brace - at_);
  const std::string_view kept = stripped_before(data, sign, second == '{');
  if (!kept.empty()) {
    // The tag is read by the next call; what was stripped is behind us then, so the line counts as started.
    out = {Tok::data, offset_of(at_), std::string(kept), 0, 0};
    at_ = brace;
    is_line_starting_ = false;
    return true;
  }
  tag_begin_ = brace;
  if (second == '%') {
    if (const std::size_t end = match_raw_begin(brace)) {
      state_ = State::raw;
      advance(end);
      return false;
    }
  }
  advance(after + (sign != '\0' ? 1 : 0));
  if (second == '#') {
    state_ = State::comment;
    return false;
  }
  state_ = second == '%' ? State::block : State::variable;
  open_brackets_.clear();
  out = {second == '%' ? Tok::block_begin : Tok::variable_begin, offset_of(brace), {}, 0, 0};
  return true;
}

bool Lexer::next_in_raw(Token& out) {
  for (std::size_t tag = source_.find("{%", at_); tag != std::string_view::npos; tag = source_.find("{%", tag + 1)) {
    std::size_t at = tag + 2;
    const char sign = at < source_.size() && (source_[at] == '-' || source_[at] == '+') ? source_[at++] : '\0';
    at = skip_space(at);
    if (!starts(at, "endraw")) continue;
    const std::size_t end = match_end(skip_space(at + 6), "%}", true, true);
    if (end == 0) continue;
    const std::string_view kept = stripped_before(source_.substr(at_, tag - at_), sign, false);
    out = {Tok::data, offset_of(at_), std::string(kept), 0, 0};
    state_ = State::root;
    advance(end);
    return !out.text.empty();
  }
  throw SyntaxFault{offset_of(tag_begin_), "Missing end of raw directive"};
}

void Lexer::skip_comment() {
  for (std::size_t at = source_.find('#', at_); at != std::string_view::npos; at = source_.find('#', at + 1)) {
    if (!starts(at, "#}")) continue;
    const std::size_t begin = at > at_ && (source_[at - 1] == '-' || source_[at - 1] == '+') ? at - 1 : at;
    const std::size_t end = match_end(begin, "#}", true, true);
    state_ = State::root;
    advance(end);
    return;
  }
  throw SyntaxFault{offset_of(tag_begin_), "Missing end of comment tag"};
}

bool Lexer::end_tag(Token& out) {
  if (!open_brackets_.empty()) return false;
  const bool is_block = state_ == State::block;
  const std::size_t end = is_block ? match_end(at_, "%}", true, true) : match_end(at_, "}}", false, false);
  if (end == 0) return false;
  out = {is_block ? Tok::block_end : Tok::variable_end, offset_of(at_), {}, 0, 0};
  state_ = State::root;
  advance(end);
  return true;
}

bool Lexer::next_in_tag(Token& out) {
  if (end_tag(out)) return true;
  const std::size_t after_space = skip_space(at_);
  if (after_space != at_) {
    advance(after_space);
    return false;
  }
  if (number(out) || name(out) || string(out)) return true;
  op(out);
  return true;
}

/// Digits with single underscores between them: the end, or `at` when there is no digit.
std::size_t Lexer::skip_digits(std::size_t at) const {
  const auto is_digit_at = [this](std::size_t i) { return i < source_.size() && is_ascii_digit(source_[i]); };
  while (is_digit_at(at)) {
    ++at;
    if (at < source_.size() && source_[at] == '_' && is_digit_at(at + 1)) ++at;
  }
  return at;
}

bool Lexer::number(Token& out) {
  if (!is_ascii_digit(source_[at_])) return false;
  std::string digits;
  const auto take = [&](std::size_t end) {
    digits.clear();
    for (std::size_t i = at_; i < end; ++i) {
      if (source_[i] != '_') digits += source_[i];
    }
  };
  const std::size_t whole = skip_digits(at_);
  std::size_t end = whole;
  if (at_ == 0 || source_[at_ - 1] != '.') {  // "a.1.5" is two subscripts
    if (end + 1 < source_.size() && source_[end] == '.' && is_ascii_digit(source_[end + 1])) end = skip_digits(end + 1);
    if (end < source_.size() && ascii_lower(source_[end]) == 'e') {
      std::size_t exponent = end + 1;
      if (exponent < source_.size() && (source_[exponent] == '+' || source_[exponent] == '-')) ++exponent;
      const std::size_t exponent_end = skip_digits(exponent);
      if (exponent_end != exponent) end = exponent_end;
    }
  }
  out = {Tok::real, offset_of(at_), {}, 0, 0};
  if (end != whole) {
    take(end);
    out.real = std::strtod(digits.c_str(), nullptr);
    advance(end);
    return true;
  }
  out.kind = Tok::integer;
  int base = 10;
  end = whole;
  if (source_[at_] == '0') {
    const char mark = at_ + 1 < source_.size() ? ascii_lower(source_[at_ + 1]) : '\0';
    const int marked = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 0;
    end = at_ + 1;
    if (marked != 0) {
      std::size_t i = at_ + 2;
      const auto is_digit_at = [&](std::size_t k) {
        const int digit = k < source_.size() ? hex_digit(source_[k]) : -1;
        return digit >= 0 && digit < marked;
      };
      while (is_digit_at(i) || (i < source_.size() && source_[i] == '_' && is_digit_at(i + 1))) ++i;
      if (i > at_ + 2) {
        base = marked;
        end = i;
      }
    }
    if (base == 10) {
      while (end < source_.size() && (source_[end] == '0' || (source_[end] == '_' && starts(end + 1, "0")))) ++end;
    }
  }
  take(end);
  const char* first = digits.c_str() + (base == 10 ? 0 : 2);
  const auto [last, status] = std::from_chars(first, digits.c_str() + digits.size(), out.integer, base);
  (void)last;
  if (status != std::errc()) {
    throw SyntaxFault{out.offset, cat("the integer ", quote(digits, 40), " does not fit in 64 bits")};
  }
  advance(end);
  return true;
}

bool Lexer::name(Token& out) {
  std::size_t end = at_;
  bool is_valid = true;
  while (end < source_.size()) {
    const DecodedCodePoint decoded = decode_utf8(source_, end);
    if (!is_identifier_part(decoded.value) && !is_numeric(decoded.value)) break;
    is_valid = is_valid && (end == at_ ? is_identifier_start(decoded.value) : is_identifier_part(decoded.value));
    end += decoded.num_bytes;
  }
  if (end == at_) return false;
  if (!is_valid) throw SyntaxFault{offset_of(at_), "Invalid character in identifier"};
  out = {Tok::name, offset_of(at_), std::string(source_.substr(at_, end - at_)), 0, 0};
  advance(end);
  return true;
}

bool Lexer::string(Token& out) {
  const char mark = source_[at_];
  if (mark != '\'' && mark != '"') return false;
  std::size_t end = at_ + 1;
  while (end < source_.size() && source_[end] != mark) end += source_[end] == '\\' ? 2 : 1;
  if (end >= source_.size()) return false;
  const std::string_view body = source_.substr(at_ + 1, end - at_ - 1);
  out = {Tok::string, offset_of(at_), Unescaper(body, at_ + 1).run(), 0, 0};
  advance(end + 1);
  return true;
}

void Lexer::op(Token& out) {
  for (const Operator& candidate : kOperators) {
    if (!starts(at_, candidate.text)) continue;
    out = {candidate.kind, offset_of(at_), std::string(candidate.text), 0, 0};
    balance(out);
    advance(at_ + candidate.text.size());
    return;
  }
  const DecodedCodePoint decoded = decode_utf8(source_, at_);
  throw SyntaxFault{offset_of(at_), cat("unexpected char ", quote(source_.substr(at_, decoded.num_bytes)))};
}

void Lexer::balance(const Token& token) {
  switch (token.kind) {
    case Tok::lbrace: open_brackets_.push_back('}'); break;
    case Tok::lparen: open_brackets_.push_back(')'); break;
    case Tok::lbracket: open_brackets_.push_back(']'); break;
    case Tok::rbrace:
    case Tok::rparen:
    case Tok::rbracket:
      if (open_brackets_.empty()) throw SyntaxFault{token.offset, cat("unexpected '", token.text, "'")};
      if (open_brackets_.back() != token.text[0]) {
        throw SyntaxFault{token.offset, cat("unexpected '", token.text, "', expected '", open_brackets_.back(), "'")};
      }
      open_brackets_.pop_back();
      break;
    default: break;
  }
}

std::string describe(Tok kind) {
  switch (kind) {
    case Tok::data: return "template data / text";
    case Tok::variable_begin: return "begin of print statement";
    case Tok::variable_end: return "end of print statement";
    case Tok::block_begin: return "begin of statement block";
    case Tok::block_end: return "end of statement block";
    case Tok::name: return "name";
    case Tok::string: return "string";
    case Tok::integer: return "integer";
    case Tok::real: return "float";
    case Tok::end_of_file: return "end of template";
    default: break;
  }
  for (const Operator& candidate : kOperators) {
    if (candidate.kind == kind) return std::string(candidate.text);
  }
  return "token";
}

std::string describe(const Token& token) { return token.kind == Tok::name ? token.text : describe(token.kind); }

}  // namespace forgelm::text::jinja
