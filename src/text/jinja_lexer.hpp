// Tokens of a Jinja template, as jinja2's lexer with trim_blocks and lstrip_blocks cuts them.
// Invariants: one token is made at a time, so that a fault in the grammar stops the work; places are byte offsets into
// the template with its newlines made "\n" and the last one dropped. Trap: white space control looks at the text before
// a tag as the file has it, not as it was stripped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace forgelm::text::jinja {

enum class Tok : std::uint8_t {
  data,
  variable_begin,
  variable_end,
  block_begin,
  block_end,
  name,
  string,
  integer,
  real,
  end_of_file,
  add,
  assign,
  colon,
  comma,
  div,
  dot,
  eq,
  floordiv,
  gt,
  gteq,
  lbrace,
  lbracket,
  lparen,
  lt,
  lteq,
  mod,
  mul,
  ne,
  pipe,
  pow,
  rbrace,
  rbracket,
  rparen,
  semicolon,
  sub,
  tilde
};

struct Token {
  Tok kind = Tok::end_of_file;
  std::uint32_t offset = 0;
  std::string text;  ///< of data, names and strings (unescaped), and of operators
  std::int64_t integer = 0;
  double real = 0;
};

/// A fault in the template's own text, at a byte of the normalised template.
struct SyntaxFault {
  std::uint32_t offset;
  std::string message;
};

/// Newlines made "\n", and one at the end dropped: what jinja2 reads. Offsets of tokens are into this.
std::string normalise_newlines(std::string_view source);

class Lexer {
 public:
  /// `source` is normalised, and outlives the lexer.
  explicit Lexer(std::string_view source) : source_(source) {}
  /// SyntaxFault when the text is no token.
  Token next();

 private:
  enum class State { root, block, variable, raw, comment };
  bool next_in_root(Token& out);
  bool next_in_raw(Token& out);
  void skip_comment();
  bool next_in_tag(Token& out);
  bool end_tag(Token& out);
  bool number(Token& out);
  bool name(Token& out);
  bool string(Token& out);
  void op(Token& out);
  void balance(const Token& token);
  std::size_t match_raw_begin(std::size_t at) const;
  std::size_t match_end(std::size_t at, std::string_view end, bool trims, bool allows_plus) const;
  std::size_t skip_space(std::size_t at) const;
  std::size_t skip_digits(std::size_t at) const;
  std::string_view stripped_before(std::string_view text, char sign, bool is_variable) const;
  void advance(std::size_t to);
  bool starts(std::size_t at, std::string_view text) const { return source_.substr(at, text.size()) == text; }

  std::string_view source_;
  std::size_t at_ = 0;
  State state_ = State::root;
  bool is_line_starting_ = true;
  std::vector<char> open_brackets_;
  std::size_t tag_begin_ = 0;
};

/// "end of statement block" and the like, for messages.
std::string describe(const Token& token);
std::string describe(Tok kind);

}  // namespace forgelm::text::jinja
