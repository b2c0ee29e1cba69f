// Tokens, indentation and simple keys. The trap: a KEY (and the start of its mapping) is known only when the ':' behind
// it is seen, so both are inserted before tokens that already stand; a simple key is at most one line and
// max_key_length characters long, which keeps the insertion cheap.
#include "yaml_scan.hpp"

#include <algorithm>

namespace forgelm::config::yaml {

Scanner::Scanner(const Text& text, const YamlLimits& limits) : text_(text), limits_(limits), simple_keys_(1) {}

std::vector<Token> Scanner::run() {
  while (!is_done_) fetch();
  return std::move(tokens_);
}

void Scanner::forward(std::size_t count) noexcept {
  for (; count > 0; --count) {
    const char32_t c = text_.chars[position_++];
    if (is_break(c)) {
      ++line_;
      column_ = 0;
    } else if (c != kByteOrderMark) {
      ++column_;
    }
  }
}

bool Scanner::at_document_separator() const noexcept {
  const char32_t c = peek();
  return (c == '-' || c == '.') && peek(1) == c && peek(2) == c && is_blank_or_end(peek(3));
}

std::string Scanner::take(std::size_t count) {
  std::string out = to_utf8(std::u32string_view(text_.chars).substr(position_, count));
  forward(count);
  return out;
}

void Scanner::skip_spaces() noexcept {
  while (peek() == ' ') forward();
}

void Scanner::skip_comment() noexcept {
  if (peek() != '#') return;
  while (!is_break_or_end(peek())) forward();
}

char32_t Scanner::take_break() noexcept {
  const char32_t c = peek();
  if (!is_break(c)) return 0;
  forward();
  return c;
}

void Scanner::skip_to_token() noexcept {
  do {
    skip_spaces();
    skip_comment();
    if (is_break(peek()) && !in_flow()) allow_simple_key_ = true;
  } while (take_break() != 0);
}

void Scanner::fail(std::size_t position, std::size_t length, std::string message, std::string allowed,
                   std::string hint) const {
  throw Fault{"yaml_syntax", position, length, std::move(message), std::move(allowed), std::move(hint)};
}

void Scanner::push(TokenKind kind, std::size_t position, std::size_t length, std::string text) {
  // A node has at most a scalar, an anchor, a tag, a key, a value and an entry mark of its own.
  if (tokens_.size() / 6 > static_cast<std::size_t>(limits_.max_nodes)) throw too_many_values(limits_, position);
  tokens_.push_back(Token{kind, false, position, length, std::move(text)});
}

void Scanner::insert(std::size_t at, TokenKind kind, std::size_t position) {
  tokens_.insert(tokens_.begin() + static_cast<std::ptrdiff_t>(at), Token{kind, false, position, 1, {}});
}

void Scanner::fetch() {
  skip_to_token();
  drop_stale_keys();
  unwind_indent(column_);
  const char32_t c = peek();
  if (c == 0) return fetch_end();
  if (column_ == 0 && c == '%') return fetch_directive();
  if (column_ == 0 && at_document_separator())
    return fetch_document_mark(c == '-' ? TokenKind::document_start : TokenKind::document_end);
  if (fetch_indicator(c)) return;
  if (!starts_plain(c)) refuse_character(c);
  fetch_plain();
}

bool Scanner::fetch_indicator(char32_t c) {
  const bool has_blank_after = is_blank_or_end(peek(1));
  switch (c) {
    case '[': return fetch_flow_start(TokenKind::flow_sequence_start, c), true;
    case '{': return fetch_flow_start(TokenKind::flow_mapping_start, c), true;
    case ']': return fetch_flow_end(TokenKind::flow_sequence_end, '['), true;
    case '}': return fetch_flow_end(TokenKind::flow_mapping_end, '{'), true;
    case ',': return fetch_flow_entry(), true;
    case '*': return fetch_anchor(TokenKind::alias), true;
    case '&': return fetch_anchor(TokenKind::anchor), true;
    case '!': return fetch_tag(), true;
    case '\'':
    case '"': return fetch_quoted(c), true;
    case '|':
    case '>':
      if (in_flow()) return false;
      return fetch_block_scalar(c == '>'), true;
    case '-':
      if (!has_blank_after) return false;
      return fetch_block_entry(), true;
    case '?':
      if (!in_flow() && !has_blank_after) return false;
      return fetch_key(), true;
    case ':':
      if (!in_flow() && !has_blank_after) return false;
      return fetch_value(), true;
    default: return false;
  }
}

bool Scanner::starts_plain(char32_t c) const noexcept {
  static constexpr std::u32string_view kIndicators = U"-?:,[]{}#&*!|>'\"%@`";
  if (!is_blank_or_end(c) && kIndicators.find(c) == std::u32string_view::npos) return true;
  return !is_blank_or_end(peek(1)) && (c == '-' || (!in_flow() && (c == '?' || c == ':')));
}

void Scanner::refuse_character(char32_t c) const {
  if (c == '\t')
    fail(position_, 1, "a tab stands where only spaces may stand", "spaces for indentation and between values",
         "replace the tab with spaces");
  if (c == '|' || c == '>')
    fail(position_, 1, "a block text (" + describe(c) + ") cannot stand inside [ ] or { }", "a quoted or plain text",
         "");
  fail(position_, 1, "a value cannot begin with " + describe(c), "",
       "put the value in quotes: \"" + to_utf8(std::u32string_view(&c, 1)) + "...\"");
}

// Indentation and simple keys.

void Scanner::unwind_indent(int column) {
  if (in_flow()) return;
  while (indent_ > column) {
    indent_ = indents_.back();
    indents_.pop_back();
    push(TokenKind::block_end, position_);
  }
}

bool Scanner::add_indent(int column, std::size_t position) {
  if (indent_ >= column) return false;
  indents_.push_back(indent_);
  indent_ = column;
  check_depth(position);
  return true;
}

void Scanner::check_depth(std::size_t position) const {
  if (indents_.size() + flows_.size() > static_cast<std::size_t>(limits_.max_depth)) throw too_deep(limits_, position);
}

void Scanner::save_simple_key() {
  if (!allow_simple_key_) return;
  SimpleKey& key = simple_key();
  drop_simple_key(key);
  key = SimpleKey{true, !in_flow() && indent_ == column_, tokens_.size(), position_, line_, column_};
}

void Scanner::drop_simple_key(SimpleKey& key) {
  if (key.possible && key.is_required) refuse_missing_colon(key);
  key.possible = false;
}

void Scanner::drop_stale_keys() {
  for (SimpleKey& key : simple_keys_)
    if (key.possible &&
        (key.line != line_ || position_ - key.position > static_cast<std::size_t>(limits_.max_key_length)))
      drop_simple_key(key);
}

void Scanner::refuse_missing_colon(const SimpleKey& key) const {
  const Token* token = key.token_number < tokens_.size() ? &tokens_[key.token_number] : nullptr;
  const std::string name = token != nullptr && token->kind == TokenKind::scalar ? excerpt(token->text) : "the key";
  const std::size_t length = token != nullptr ? token->length : 1;
  if (token != nullptr && length > static_cast<std::size_t>(limits_.max_key_length))
    throw Fault{"yaml_limit",
                key.position,
                length,
                "the key " + name + " is too long",
                "at most " + std::to_string(limits_.max_key_length) + " characters",
                ""};
  const bool has_colon = token != nullptr && token->is_plain && token->text.find(':') != std::string::npos;
  if (has_colon)
    fail(key.position, length, name + " is not a key: there is no space after its ':'", "key: value",
         "write a space after the ':'");
  fail(key.position, length, name + " stands where a key is expected, but no ':' follows it", "key: value",
       "write ': ' behind it, or indent it deeper if it continues the value above");
}

/// Refuses a ':' in the block context whose key is too long to be one.
void Scanner::refuse_long_key() const {
  if (tokens_.empty() || tokens_.back().kind != TokenKind::scalar) return;
  const Token& key = tokens_.back();
  if (position_ - key.position <= static_cast<std::size_t>(limits_.max_key_length)) return;
  const auto begin = text_.chars.begin() + static_cast<std::ptrdiff_t>(key.position);
  if (std::any_of(begin, text_.chars.begin() + static_cast<std::ptrdiff_t>(position_), is_break)) return;
  throw Fault{"yaml_limit",
              key.position,
              key.length,
              "the key " + excerpt(key.text) + " is too long",
              "at most " + std::to_string(limits_.max_key_length) + " characters",
              ""};
}

// Tokens.

void Scanner::fetch_end() {
  if (in_flow()) {
    const OpenFlow& open = flows_.back();
    fail(open.position, 1, "the " + describe(open.bracket) + " that is opened here is never closed", "",
         open.bracket == '[' ? "add the missing ']'" : "add the missing '}'");
  }
  unwind_indent(-1);
  drop_simple_key(simple_key());
  push(TokenKind::stream_end, position_);
  is_done_ = true;
}

void Scanner::fetch_document_mark(TokenKind kind) {
  if (in_flow()) {
    const OpenFlow& open = flows_.back();
    fail(open.position, 1,
         "the " + describe(open.bracket) + " that is opened here is not closed before the '" +
             to_utf8(std::u32string(3, peek())) + "' line",
         "", "add the missing bracket");
  }
  unwind_indent(-1);
  drop_simple_key(simple_key());
  allow_simple_key_ = false;
  push(kind, position_, 3);
  forward(3);
}

void Scanner::fetch_flow_start(TokenKind kind, char32_t bracket) {
  save_simple_key();
  flows_.push_back(OpenFlow{bracket, position_});
  simple_keys_.emplace_back();
  check_depth(position_);
  allow_simple_key_ = true;
  push(kind, position_);
  forward();
}

void Scanner::fetch_flow_end(TokenKind kind, char32_t bracket) {
  if (!in_flow() || flows_.back().bracket != bracket)
    fail(position_, 1, "there is no open " + describe(bracket) + " for this " + describe(peek()), "",
         "remove it, or put the value in quotes");
  drop_simple_key(simple_key());
  flows_.pop_back();
  simple_keys_.pop_back();
  allow_simple_key_ = false;
  push(kind, position_);
  forward();
}

void Scanner::fetch_flow_entry() {
  if (!in_flow()) fail(position_, 1, "a value cannot begin with ','", "", "put the value in quotes");
  allow_simple_key_ = true;
  drop_simple_key(simple_key());
  push(TokenKind::flow_entry, position_);
  forward();
}

void Scanner::fetch_block_entry() {
  if (in_flow())
    fail(position_, 1, "a '- ' entry cannot stand inside [ ] or { }", "values separated by commas",
         "remove the '-', or put the value in quotes");
  if (!allow_simple_key_)
    fail(position_, 1, "a '- ' entry cannot begin here", "",
         "begin the list on a new line, or put the value in quotes");
  if (add_indent(column_, position_)) push(TokenKind::block_sequence_start, position_);
  allow_simple_key_ = true;
  drop_simple_key(simple_key());
  push(TokenKind::block_entry, position_);
  forward();
}

void Scanner::fetch_key() {
  if (!in_flow()) {
    if (!allow_simple_key_)
      fail(position_, 1, "a '? ' key cannot begin here", "", "begin it on a new line, or put the value in quotes");
    if (add_indent(column_, position_)) push(TokenKind::block_mapping_start, position_);
  }
  allow_simple_key_ = !in_flow();
  drop_simple_key(simple_key());
  push(TokenKind::key, position_);
  forward();
}

void Scanner::fetch_value() {
  if (SimpleKey& key = simple_key(); key.possible) {
    key.possible = false;
    insert(key.token_number, TokenKind::key, key.position);
    if (!in_flow() && add_indent(key.column, key.position))
      insert(key.token_number, TokenKind::block_mapping_start, key.position);
    allow_simple_key_ = false;
  } else {
    if (!in_flow()) {
      if (!allow_simple_key_) refuse_long_key();
      if (!allow_simple_key_)
        fail(
            position_, 1, "a ':' cannot stand here: it would begin a mapping inside a value", "",
            "put the value in quotes if the ':' belongs to it; otherwise check the indentation of this line and of the "
            "line above");
      if (add_indent(column_, position_)) push(TokenKind::block_mapping_start, position_);
    }
    allow_simple_key_ = !in_flow();
    drop_simple_key(simple_key());
  }
  push(TokenKind::value, position_);
  forward();
}

void Scanner::fetch_block_scalar(bool is_folded) {
  allow_simple_key_ = true;
  drop_simple_key(simple_key());
  const std::size_t start = position_;
  push(TokenKind::scalar, start, 1, scan_block_scalar(is_folded));
}

void Scanner::fetch_quoted(char32_t quote) {
  save_simple_key();
  allow_simple_key_ = false;
  const std::size_t start = position_;
  std::string text = scan_quoted(quote);
  push(TokenKind::scalar, start, position_ - start, std::move(text));
}

void Scanner::fetch_plain() {
  save_simple_key();
  allow_simple_key_ = false;
  const std::size_t start = position_;
  std::string text = scan_plain();
  std::size_t end = start;
  while (end < position_ && !is_break(text_.chars[end])) ++end;
  while (end > start + 1 && text_.chars[end - 1] == ' ') --end;
  push(TokenKind::scalar, start, end - start, std::move(text));
  tokens_.back().is_plain = true;
}

}  // namespace forgelm::config::yaml
