// The content of scalars. Folding: one line break between two lines is a space, each further one a line break; breaks
// of the kinds U+2028 and U+2029 are always kept. The trap: in plain text a tab ends the scalar (and is then refused),
// in quotes it is content.
#include <algorithm>

#include "forgelm/core/text.hpp"

#include "yaml_scan.hpp"

namespace forgelm::config::yaml {
namespace {

bool is_one_of(char32_t c, std::u32string_view set) noexcept { return set.find(c) != std::u32string_view::npos; }

/// The character that an escape of one letter stands for, or nothing.
std::optional<char32_t> simple_escape(char32_t c) noexcept {
  switch (c) {
    case '0': return U'\0';
    case 'a': return 0x07;
    case 'b': return 0x08;
    case 't':
    case '\t': return 0x09;
    case 'n': return 0x0A;
    case 'v': return 0x0B;
    case 'f': return 0x0C;
    case 'r': return 0x0D;
    case 'e': return 0x1B;
    case ' ':
    case '"':
    case '\\':
    case '/': return c;
    case 'N': return 0x85;
    case '_': return 0xA0;
    case 'L': return kLineSeparator;
    case 'P': return kParagraphSeparator;
    default: return std::nullopt;
  }
}

}  // namespace

// Plain scalars.

std::size_t Scanner::plain_run() const noexcept {
  std::size_t length = 0;
  for (;; ++length) {
    const char32_t c = peek(length);
    if (is_blank_or_end(c)) break;
    if (c == ':') {
      const char32_t next = peek(length + 1);
      if (is_blank_or_end(next) || (in_flow() && is_one_of(next, U",[]{}"))) break;
    }
    if (in_flow() && is_one_of(c, U",?[]{}")) break;
  }
  return length;
}

std::string Scanner::scan_plain() {
  std::string out;
  std::string spaces;
  const int indent = indent_ + 1;
  for (;;) {
    if (peek() == '#') break;
    const std::size_t length = plain_run();
    if (length == 0) break;
    allow_simple_key_ = false;
    out += spaces;
    out += take(length);
    spaces.clear();
    if (!scan_plain_spaces(spaces) || peek() == '#' || (!in_flow() && column_ < indent)) break;
  }
  return out;
}

/// What stands between two runs of a plain scalar. False when nothing does, or when the document ends here.
bool Scanner::scan_plain_spaces(std::string& spaces) {
  const std::size_t start = position_;
  skip_spaces();
  if (!is_break(peek())) {
    spaces.append(position_ - start, ' ');
    return position_ > start;
  }
  const char32_t first = take_break();
  allow_simple_key_ = true;
  if (at_document_separator()) return false;
  std::string breaks;
  while (peek() == ' ' || is_break(peek())) {
    if (peek() == ' ') {
      forward();
      continue;
    }
    append_utf8(breaks, take_break());
    if (at_document_separator()) return false;
  }
  if (first != '\n') append_utf8(spaces, first);
  else if (breaks.empty()) spaces += ' ';
  spaces += breaks;
  return true;
}

// Quoted scalars.

std::string Scanner::scan_quoted(char32_t quote) {
  const std::size_t start = position_;
  std::string out;
  forward();
  scan_quoted_run(out, quote, start);
  while (peek() != quote) {
    scan_quoted_spaces(out, start);
    scan_quoted_run(out, quote, start);
  }
  forward();
  return out;
}

void Scanner::scan_quoted_run(std::string& out, char32_t quote, std::size_t start) {
  const bool is_double = quote == '"';
  for (;;) {
    std::size_t length = 0;
    while (!is_blank_or_end(peek(length)) && !is_one_of(peek(length), U"'\"\\")) ++length;
    out += take(length);
    const char32_t c = peek();
    if (!is_double && c == '\'' && peek(1) == '\'') {
      out += '\'';
      forward(2);
    } else if ((is_double && c == '\'') || (!is_double && (c == '"' || c == '\\'))) {
      out += static_cast<char>(c);
      forward();
    } else if (is_double && c == '\\') {
      scan_escape(out, start);
    } else {
      return;
    }
  }
}

void Scanner::scan_escape(std::string& out, std::size_t start) {
  const std::size_t escape = position_;
  forward();
  const char32_t c = peek();
  if (const auto simple = simple_escape(c)) {
    append_utf8(out, *simple);
    forward();
    return;
  }
  if (is_break(c)) {
    take_break();
    scan_quoted_breaks(out, start);
    return;
  }
  const std::size_t num_digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  if (num_digits == 0)
    fail(escape, 2, "'\\' followed by " + describe(c) + " is not an escape in double quotes",
         "\\n \\t \\\\ \\\" \\/ \\0 \\a \\b \\e \\f \\r \\v \\N \\_ \\L \\P \\xNN \\uNNNN \\UNNNNNNNN",
         "write '\\\\' for a backslash, or use single quotes");
  forward();
  char32_t code = 0;
  for (std::size_t i = 0; i < num_digits; ++i) {
    const int digit = hex_value(peek(i));
    if (digit < 0)
      fail(escape, i + 2,
           "the escape needs " + std::to_string(num_digits) + " hexadecimal digits, but " + describe(peek(i)) +
               " stands among them");
    code = code * 16 + static_cast<char32_t>(digit);
  }
  forward(num_digits);
  if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
    throw Fault{"yaml_scalar",
                escape,
                num_digits + 2,
                "the escape does not name a character",
                "U+0000 to U+10FFFF without the surrogates U+D800 to U+DFFF",
                "write the character itself, or \\UNNNNNNNN"};
  append_utf8(out, code);
}

void Scanner::scan_quoted_spaces(std::string& out, std::size_t start) {
  std::size_t length = 0;
  while (peek(length) == ' ' || peek(length) == '\t') ++length;
  std::string blanks = take(length);
  if (peek() == 0)
    fail(start, 1, "the quote that is opened here is never closed", "",
         "add the closing " + describe(text_.chars[start]));
  if (!is_break(peek())) {
    out += blanks;
    return;
  }
  const char32_t first = take_break();
  std::string breaks;
  scan_quoted_breaks(breaks, start);
  if (first != '\n') append_utf8(out, first);
  else if (breaks.empty()) out += ' ';
  out += breaks;
}

void Scanner::scan_quoted_breaks(std::string& out, std::size_t start) {
  for (;;) {
    if (at_document_separator())
      fail(start, 1,
           "the quote that is opened here is not closed before the line '" + to_utf8(std::u32string(3, peek())) + "'",
           "", "add the closing " + describe(text_.chars[start]));
    while (peek() == ' ' || peek() == '\t') forward();
    if (!is_break(peek())) return;
    append_utf8(out, take_break());
  }
}

// Block scalars.

std::string Scanner::scan_block_scalar(bool is_folded) {
  char32_t chomping = 0;
  int increment = 0;
  scan_block_header(chomping, increment);
  const int min_indent = std::max(1, indent_ + 1);
  std::string out;
  std::string breaks;
  int indent = min_indent + increment - 1;
  if (increment == 0) indent = std::max(min_indent, scan_block_indentation(breaks));
  else scan_block_breaks(breaks, indent);

  char32_t line_break = 0;
  while (column_ == indent && peek() != 0) {
    out += breaks;
    breaks.clear();
    const bool begins_with_blank = peek() == ' ' || peek() == '\t';
    std::size_t length = 0;
    while (!is_break_or_end(peek(length))) ++length;
    out += take(length);
    line_break = take_break();
    scan_block_breaks(breaks, indent);
    if (column_ != indent || peek() == 0) break;
    const bool folds = is_folded && line_break == '\n' && !begins_with_blank && peek() != ' ' && peek() != '\t';
    if (!folds) append_utf8(out, line_break);
    else if (breaks.empty()) out += ' ';
  }
  if (chomping != '-' && line_break != 0) append_utf8(out, line_break);
  if (chomping == '+') out += breaks;
  return out;
}

/// Reads '|' or '>', the optional chomping sign and indentation digit in either order, and the rest of the line.
void Scanner::scan_block_header(char32_t& chomping, int& increment) {
  forward();
  for (int i = 0; i < 2; ++i) {
    const char32_t c = peek();
    if (chomping == 0 && (c == '+' || c == '-')) {
      chomping = c;
      forward();
    } else if (increment == 0 && is_digit(c)) {
      increment = static_cast<int>(c - '0');
      if (increment == 0) fail(position_, 1, "the indentation of a block text cannot be 0", "1 to 9", "");
      forward();
    }
  }
  if (!is_space_or_end(peek()))
    fail(position_, 1, "the line that opens a block text has " + describe(peek()) + " in it",
         "'+' or '-', an indentation digit, a comment", "begin the text on the next line");
  skip_spaces();
  skip_comment();
  if (!is_break_or_end(peek()))
    fail(position_, 1, "the line that opens a block text has " + describe(peek()) + " in it", "a comment",
         "begin the text on the next line");
  take_break();
}

/// Skips the empty lines before the text and returns the widest indentation seen.
int Scanner::scan_block_indentation(std::string& breaks) {
  int widest = 0;
  while (peek() == ' ' || is_break(peek())) {
    if (peek() == ' ') {
      forward();
      widest = std::max(widest, column_);
    } else {
      append_utf8(breaks, take_break());
    }
  }
  return widest;
}

void Scanner::scan_block_breaks(std::string& breaks, int indent) {
  const auto skip_indent = [&] {
    while (column_ < indent && peek() == ' ') forward();
  };
  skip_indent();
  while (is_break(peek())) {
    append_utf8(breaks, take_break());
    skip_indent();
  }
}

}  // namespace forgelm::config::yaml
