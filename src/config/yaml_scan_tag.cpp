// Anchors, aliases, tags and directives. Tags leave here in full ("tag:yaml.org,2002:int"), handles replaced by what
// %TAG directives say; "!" alone stays "!". The trap: a %YAML directive of any 1.x is read as 1.1.
#include "yaml_scan.hpp"

#include "forgelm/core/text.hpp"
#include "yaml_number.hpp"

namespace forgelm::config::yaml {

void Scanner::fetch_anchor(TokenKind kind) {
  save_simple_key();
  allow_simple_key_ = false;
  static constexpr std::u32string_view kEnds = U"?:,]}%@`";
  const std::size_t start = position_;
  const std::string what = kind == TokenKind::alias ? "an alias ('*name')" : "an anchor ('&name')";
  forward();
  std::size_t length = 0;
  while (is_word(peek(length))) ++length;
  const char32_t end = peek(length);
  if (length == 0 || !(is_blank_or_end(end) || kEnds.find(end) != std::u32string_view::npos))
    fail(start, length + 1, "the name of " + what + " has " + describe(end) + " in it", "letters, digits, '-' and '_'",
         "put the value in quotes if it is meant as text");
  push(kind, start, length + 1, take(length));
}

void Scanner::fetch_tag() {
  save_simple_key();
  allow_simple_key_ = false;
  const std::size_t start = position_;
  std::string tag;
  if (peek(1) == '<') {
    forward(2);
    tag = scan_tag_uri(start, "a tag");
    if (peek() != '>') fail(start, position_ - start, "a tag that begins with '!<' needs a closing '>'");
    forward();
  } else if (is_blank_or_end(peek(1))) {
    tag = "!";
    forward();
  } else {
    std::size_t length = 1;
    while (!is_space_or_end(peek(length)) && peek(length) != '!') ++length;
    std::string handle = "!";
    if (peek(length) == '!') handle = scan_tag_handle(start, "a tag");
    else forward();
    const std::string suffix = scan_tag_uri(start, "a tag");
    if (const auto known = tag_handles_.find(handle); known != tag_handles_.end()) tag = known->second + suffix;
    else if (handle == "!") tag = "!" + suffix;
    else if (handle == "!!") tag = "tag:yaml.org,2002:" + suffix;
    else
      throw Fault{"yaml_tag",
                  start,
                  position_ - start,
                  "the tag handle " + excerpt(handle) + " is not declared",
                  "",
                  "put the value in quotes if it is meant as text"};
  }
  if (!is_space_or_end(peek()))
    fail(start, position_ - start, "a tag needs a space after it, but " + describe(peek()) + " follows", "",
         "put the value in quotes if it is meant as text");
  push(TokenKind::tag, start, position_ - start, std::move(tag));
}

void Scanner::fetch_directive() {
  if (in_flow()) fail(position_, 1, "a value cannot begin with '%'", "", "put the value in quotes");
  unwind_indent(-1);
  drop_simple_key(simple_key());
  allow_simple_key_ = false;
  const std::size_t start = position_;
  forward();
  std::size_t length = 0;
  while (is_word(peek(length))) ++length;
  if (length == 0 || !is_space_or_end(peek(length)))
    fail(start, length + 1, "'%' at the beginning of a line opens a directive, which needs a name", "%YAML, %TAG",
         "put the value in quotes if it is meant as text");
  const std::string name = take(length);
  if (name == "YAML") {
    scan_yaml_directive(start);
  } else if (name == "TAG") {
    scan_tag_directive(start);
  } else {
    while (!is_break_or_end(peek())) forward();
  }
  skip_spaces();
  skip_comment();
  if (!is_break_or_end(peek()))
    fail(position_, 1, "the directive is followed by " + describe(peek()), "a comment or the end of the line", "");
  push(TokenKind::directive, start, position_ - start, name);
  take_break();
}

void Scanner::scan_yaml_directive(std::size_t start) {
  skip_spaces();
  const std::string major = scan_directive_number(start);
  if (peek() != '.') fail(start, 5, "a %YAML directive needs a version", "%YAML 1.1", "");
  forward();
  const std::string minor = scan_directive_number(start);
  if (!is_space_or_end(peek())) fail(start, 5, "a %YAML directive needs a version", "%YAML 1.1", "");
  if (major.find_first_not_of('0') == std::string::npos || major.substr(major.find_first_not_of('0')) != "1")
    fail(start, 5, "the file says that it is YAML " + excerpt(major + "." + minor), "%YAML 1.1", "");
  if (seen_yaml_directive_) fail(start, 5, "the %YAML directive is given twice");
  seen_yaml_directive_ = true;
}

std::string Scanner::scan_directive_number(std::size_t start) {
  std::size_t length = 0;
  while (is_digit(peek(length))) ++length;
  if (length == 0 || length > kMaxDigits) fail(start, 5, "a %YAML directive needs a version", "%YAML 1.1", "");
  return take(length);
}

void Scanner::scan_tag_directive(std::size_t start) {
  skip_spaces();
  const std::string handle = scan_tag_handle(start, "a %TAG directive");
  if (peek() != ' ') fail(start, 4, "a %TAG directive needs a space after its handle", "%TAG !name! prefix", "");
  skip_spaces();
  const std::string prefix = scan_tag_uri(start, "a %TAG directive");
  if (!is_space_or_end(peek()))
    fail(start, 4, "the prefix of a %TAG directive has " + describe(peek()) + " in it", "%TAG !name! prefix", "");
  if (!tag_handles_.emplace(handle, prefix).second)
    fail(start, 4, "the tag handle " + excerpt(handle) + " is declared twice");
}

std::string Scanner::scan_tag_handle(std::size_t start, const char* what) {
  if (peek() != '!') fail(start, 1, std::string(what) + " needs a handle", "!name!", "");
  std::size_t length = 1;
  if (peek(1) != ' ') {
    while (is_word(peek(length))) ++length;
    if (peek(length) != '!')
      fail(start, length + 1, "the handle of " + std::string(what) + " has " + describe(peek(length)) + " in it",
           "letters, digits, '-' and '_' between two '!'", "put the value in quotes if it is meant as text");
    ++length;
  }
  return take(length);
}

std::string Scanner::scan_tag_uri(std::size_t start, const char* what) {
  static constexpr std::u32string_view kMarks = U"-;/?:@&=+$,_.!~*'()[]%";
  std::string out;
  for (;;) {
    const char32_t c = peek();
    if (c == '%') {
      out += scan_uri_escapes(start);
    } else if (is_word(c) || (c != 0 && kMarks.find(c) != std::u32string_view::npos)) {
      out += static_cast<char>(c);
      forward();
    } else {
      break;
    }
  }
  if (out.empty())
    fail(start, position_ - start + 1, std::string(what) + " needs a name, but " + describe(peek()) + " follows", "",
         "put the value in quotes if it is meant as text");
  return out;
}

std::string Scanner::scan_uri_escapes(std::size_t start) {
  std::string bytes;
  while (peek() == '%') {
    const int high = hex_value(peek(1));
    const int low = high < 0 ? -1 : hex_value(peek(2));
    if (low < 0) fail(start, position_ - start + 1, "a '%' in a tag needs two hexadecimal digits after it");
    bytes.push_back(static_cast<char>(static_cast<unsigned char>(high * 16 + low)));
    forward(3);
  }
  if (!is_valid_utf8(bytes)) fail(start, position_ - start, "the '%' escapes in a tag are not UTF-8");
  return bytes;
}

}  // namespace forgelm::config::yaml
