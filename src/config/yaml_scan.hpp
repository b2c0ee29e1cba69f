// The tokens of a document by the rules of YAML 1.1 as PyYAML applies them: where scalars begin and end, what their
// content is, which indentation opens and closes a block, where a key is simple. This is the layer in which yaml-cpp
// and the reference differ most (tabs, folding, line breaks, flow scalars), so yaml-cpp sees the result and not the
// text. Invariant: the work is linear in the text, and depth and number of tokens are bounded by the limits.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "yaml_text.hpp"

namespace forgelm::config::yaml {

enum class TokenKind {
  stream_end,
  directive,
  document_start,
  document_end,
  block_sequence_start,
  block_mapping_start,
  block_end,
  flow_sequence_start,
  flow_sequence_end,
  flow_mapping_start,
  flow_mapping_end,
  block_entry,
  flow_entry,
  key,
  value,
  alias,
  anchor,
  tag,
  scalar,
};

struct Token {
  TokenKind kind = TokenKind::stream_end;
  bool is_plain = false;  ///< scalar without quotes
  std::size_t position = 0;
  std::size_t length = 1;  ///< to the end of its first line at most
  std::string text = {};   ///< scalar: content; alias, anchor: name; tag: the full tag
};

/// Reads the tokens of one text; made for one run().
class Scanner {
 public:
  Scanner(const Text& text, const YamlLimits& limits);

  /// All tokens, the last one stream_end. Throws Fault.
  std::vector<Token> run();

 private:
  /// A place where a key without '?' may have begun.
  struct SimpleKey {
    bool possible = false;
    bool is_required = false;
    std::size_t token_number = 0;
    std::size_t position = 0;
    int line = 0;
    int column = 0;
  };
  struct OpenFlow {
    char32_t bracket = 0;
    std::size_t position = 0;
  };

  // Reading characters.
  char32_t peek(std::size_t offset = 0) const noexcept { return text_.chars[position_ + offset]; }
  void forward(std::size_t count = 1) noexcept;
  bool at_document_separator() const noexcept;
  std::string take(std::size_t count);
  void skip_spaces() noexcept;
  void skip_comment() noexcept;
  /// Consumes a line break and returns the character that it stands for, or 0 when there is none.
  char32_t take_break() noexcept;
  void skip_to_token() noexcept;

  // Tokens (yaml_scan.cpp).
  void fetch();
  bool fetch_indicator(char32_t c);
  void fetch_end();
  void fetch_document_mark(TokenKind kind);
  void fetch_flow_start(TokenKind kind, char32_t bracket);
  void fetch_flow_end(TokenKind kind, char32_t bracket);
  void fetch_flow_entry();
  void fetch_block_entry();
  void fetch_key();
  void fetch_value();
  void fetch_block_scalar(bool is_folded);
  void fetch_quoted(char32_t quote);
  void fetch_plain();
  [[noreturn]] void refuse_character(char32_t c) const;
  bool starts_plain(char32_t c) const noexcept;

  // Indentation and simple keys (yaml_scan.cpp).
  bool in_flow() const noexcept { return !flows_.empty(); }
  void unwind_indent(int column);
  bool add_indent(int column, std::size_t position);
  void check_depth(std::size_t position) const;
  SimpleKey& simple_key() { return simple_keys_[flows_.size()]; }
  void save_simple_key();
  void drop_simple_key(SimpleKey& key);
  void drop_stale_keys();
  void refuse_long_key() const;
  [[noreturn]] void refuse_missing_colon(const SimpleKey& key) const;

  // Scalars (yaml_scan_scalar.cpp).
  std::string scan_plain();
  bool scan_plain_spaces(std::string& spaces);
  std::size_t plain_run() const noexcept;
  std::string scan_quoted(char32_t quote);
  void scan_quoted_run(std::string& out, char32_t quote, std::size_t start);
  void scan_quoted_spaces(std::string& out, std::size_t start);
  void scan_quoted_breaks(std::string& out, std::size_t start);
  void scan_escape(std::string& out, std::size_t start);
  std::string scan_block_scalar(bool is_folded);
  void scan_block_header(char32_t& chomping, int& increment);
  int scan_block_indentation(std::string& breaks);
  void scan_block_breaks(std::string& breaks, int indent);

  // Properties and directives (yaml_scan_tag.cpp).
  void fetch_anchor(TokenKind kind);
  void fetch_tag();
  void fetch_directive();
  void scan_yaml_directive(std::size_t start);
  void scan_tag_directive(std::size_t start);
  std::string scan_directive_number(std::size_t start);
  std::string scan_tag_handle(std::size_t start, const char* what);
  std::string scan_tag_uri(std::size_t start, const char* what);
  std::string scan_uri_escapes(std::size_t start);

  // Output.
  void push(TokenKind kind, std::size_t position, std::size_t length = 1, std::string text = {});
  void insert(std::size_t at, TokenKind kind, std::size_t position);
  [[noreturn]] void fail(std::size_t position, std::size_t length, std::string message, std::string allowed = {},
                         std::string hint = {}) const;

  const Text& text_;
  const YamlLimits& limits_;
  std::vector<Token> tokens_;
  std::size_t position_ = 0;
  int line_ = 0;
  int column_ = 0;  ///< as PyYAML counts: from 0, byte order marks not counted
  int indent_ = -1;
  std::vector<int> indents_;
  std::vector<OpenFlow> flows_;
  std::vector<SimpleKey> simple_keys_;  ///< one for each flow level
  bool allow_simple_key_ = true;
  bool is_done_ = false;
  bool seen_yaml_directive_ = false;
  std::map<std::string, std::string> tag_handles_;  ///< from %TAG directives
};

}  // namespace forgelm::config::yaml
