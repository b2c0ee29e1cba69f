// A recursive descent over the tokens; its depth is bounded by max_depth. The trap: a list may stand at the indentation
// of its key ("key:\n- a"), and then it has no start and end tokens of its own.
#include "yaml_structure.hpp"

#include <initializer_list>
#include <map>

#include "forgelm/core/text.hpp"

namespace forgelm::config::yaml {
namespace {

struct Context {
  bool is_block = false;           ///< block collections may begin here
  bool allows_indentless = false;  ///< and a list without indentation of its own
  int depth = 1;
};

class Copier {
 public:
  Copier(std::vector<Token>& tokens, const Text& text, const YamlLimits& limits)
      : tokens_(tokens), text_(text), limits_(limits) {}

  PlainCopy run() {
    const Token& first = token();
    bool has_directives = false;
    for (; at(TokenKind::directive); ++next_) has_directives = true;
    const bool is_explicit = at(TokenKind::document_start);
    if (has_directives && !is_explicit)
      fail(first, "a directive must be followed by a line '---'", "", "put the value in quotes if '%' is part of it");
    if (is_explicit) ++next_;
    const bool is_empty =
        is_explicit
            ? at_any({TokenKind::directive, TokenKind::document_start, TokenKind::document_end, TokenKind::stream_end})
            : at(TokenKind::stream_end);
    if (!is_empty) copy_node({true, false, 1});
    while (at(TokenKind::document_end)) ++next_;
    if (!at(TokenKind::stream_end)) refuse_rest();
    return std::move(copy_);
  }

 private:
  Token& token() { return tokens_[next_]; }
  bool at(TokenKind kind) { return token().kind == kind; }
  bool at_any(std::initializer_list<TokenKind> kinds) {
    for (const TokenKind kind : kinds)
      if (at(kind)) return true;
    return false;
  }
  /// Passes a token of this kind if it is next.
  bool pass(TokenKind kind) {
    if (!at(kind)) return false;
    ++next_;
    return true;
  }

  // Writing.

  void emit(const std::string& text, const Token& origin) {
    copy_.text += text;
    copy_.text += '\n';
    copy_.origins.push_back(Origin{origin.position, origin.length});
  }

  void count_node(const Token& origin) {
    if (++num_nodes_ > limits_.max_nodes) throw too_many_values(limits_, origin.position);
  }

  void emit_scalar(std::string text, bool is_plain, const Token& origin) {
    count_node(origin);
    // In double quotes a number is read in one piece whatever stands around it.
    emit("\"" + std::to_string(copy_.scalars.size()) + "\"", origin);
    copy_.scalars.push_back(ScalarSource{std::move(text), is_plain, Origin{origin.position, origin.length}});
  }

  /// The value that is left out in "key:" or "- ".
  void emit_empty() { emit_scalar({}, true, token()); }

  // Nodes.

  void copy_node(Context context) {
    if (at(TokenKind::alias)) return copy_alias();
    const Token& first = token();
    const bool has_properties = copy_properties();
    if (context.allows_indentless && at(TokenKind::block_entry)) return copy_indentless_sequence(context, first);
    switch (token().kind) {
      case TokenKind::scalar:
        emit_scalar(std::move(token().text), token().is_plain, token());
        ++next_;
        return;
      case TokenKind::flow_sequence_start: return copy_flow_sequence(context);
      case TokenKind::flow_mapping_start: return copy_flow_mapping(context);
      case TokenKind::block_sequence_start:
        if (context.is_block) return copy_block_sequence(context);
        break;
      case TokenKind::block_mapping_start:
        if (context.is_block) return copy_block_mapping(context);
        break;
      default: break;
    }
    if (!has_properties) refuse_node();
    emit_empty();
  }

  void copy_alias() {
    const Token& alias = token();
    const auto anchor = anchors_.find(alias.text);
    if (anchor == anchors_.end())
      throw Fault{"yaml_alias",    alias.position,
                  alias.length,    excerpt("*" + alias.text) + " refers to no anchor above it",
                  known_anchors(), "put the value in quotes if the '*' belongs to it"};
    if (++num_aliases_ > limits_.max_aliases)
      throw Fault{"yaml_limit",
                  alias.position,
                  alias.length,
                  "the document has too many aliases",
                  "at most " + std::to_string(limits_.max_aliases) + " aliases",
                  ""};
    count_node(alias);
    emit("*" + std::to_string(anchor->second.number), alias);
    ++next_;
  }

  std::string known_anchors() const {
    std::string names;
    for (const auto& [name, anchor] : anchors_)
      if (names.size() <= 200) names += (names.empty() ? "*" : ", *") + name;
    return names.size() > 200 ? "" : names;
  }

  bool copy_properties() {
    bool has_anchor = false;
    bool has_tag = false;
    for (;; ++next_) {
      Token& property = token();
      if (property.kind == TokenKind::anchor && !has_anchor) {
        has_anchor = true;
        copy_anchor(property);
      } else if (property.kind == TokenKind::tag && !has_tag) {
        has_tag = true;
        emit("!<" + std::to_string(copy_.tags.size()) + ">", property);
        copy_.tags.push_back(TagSource{std::move(property.text), Origin{property.position, property.length}});
      } else {
        return has_anchor || has_tag;
      }
    }
  }

  void copy_anchor(const Token& token) {
    const auto [known, is_new] = anchors_.emplace(token.text, Anchor{anchors_.size(), token.position});
    if (!is_new)
      throw Fault{"yaml_alias",
                  token.position,
                  token.length,
                  cat("the anchor ", excerpt("&" + token.text), " is already defined in line ",
                      spot_of(text_, "", known->second.position, 1).line),
                  "",
                  "give it another name"};
    emit("&" + std::to_string(known->second.number), token);
  }

  void enter(Context context, const Token& origin, const char* bracket) {
    if (context.depth > limits_.max_depth) throw too_deep(limits_, origin.position);
    count_node(origin);
    emit(bracket, origin);
  }

  void copy_block_sequence(Context context) {
    enter(context, token(), "[");
    ++next_;
    bool is_first = true;
    while (at(TokenKind::block_entry)) {
      separate(is_first);
      ++next_;
      if (at_any({TokenKind::block_entry, TokenKind::block_end})) emit_empty();
      else copy_node({true, false, context.depth + 1});
    }
    if (!at(TokenKind::block_end)) refuse_in_block("a list", "a '- ' entry");
    emit("]", token());
    ++next_;
  }

  void copy_indentless_sequence(Context context, const Token& first) {
    enter(context, first, "[");
    bool is_first = true;
    while (at(TokenKind::block_entry)) {
      separate(is_first);
      ++next_;
      if (at_any({TokenKind::block_entry, TokenKind::key, TokenKind::value, TokenKind::block_end})) emit_empty();
      else copy_node({true, false, context.depth + 1});
    }
    emit("]", token());
  }

  void copy_block_mapping(Context context) {
    enter(context, token(), "{");
    ++next_;
    bool is_first = true;
    const auto copy_part = [&] {
      if (at_any({TokenKind::key, TokenKind::value, TokenKind::block_end})) emit_empty();
      else copy_node({true, true, context.depth + 1});
    };
    while (at(TokenKind::key)) {
      separate(is_first);
      emit("?", token());
      ++next_;
      copy_part();
      emit(":", token());
      if (pass(TokenKind::value)) copy_part();
      else emit_empty();
    }
    if (!at(TokenKind::block_end)) refuse_in_block("a mapping", "a key");
    emit("}", token());
    ++next_;
  }

  void separate(bool& is_first) {
    if (!is_first) emit(",", token());
    is_first = false;
  }

  /// Passes the ',' between two entries of a flow collection.
  void pass_comma(bool is_first, TokenKind end, const char* closing) {
    if (is_first || at(end)) return;
    if (!pass(TokenKind::flow_entry))
      fail(token(), "a ',' is missing before this value", std::string("',' or '") + closing + "'",
           "put the value in quotes if it is one text");
  }

  /// "key: value" inside a flow collection; each half may be left out.
  void copy_flow_pair(Context context, TokenKind end) {
    const auto copy_half = [&](bool is_key) {
      if (at_any({TokenKind::flow_entry, end}) || (is_key && at(TokenKind::value))) emit_empty();
      else copy_node({false, false, context.depth});
    };
    emit("?", token());
    ++next_;
    copy_half(true);
    emit(":", token());
    if (pass(TokenKind::value)) copy_half(false);
    else emit_empty();
  }

  void copy_flow_sequence(Context context) {
    enter(context, token(), "[");
    ++next_;
    const Context inner{false, false, context.depth + 1};
    for (bool is_first = true; !at(TokenKind::flow_sequence_end); is_first = false) {
      pass_comma(is_first, TokenKind::flow_sequence_end, "]");
      if (at(TokenKind::flow_sequence_end)) break;
      if (!is_first) emit(",", token());
      if (at(TokenKind::key)) {
        enter(inner, token(), "{");
        copy_flow_pair({false, false, inner.depth + 1}, TokenKind::flow_sequence_end);
        emit("}", token());
      } else {
        copy_node(inner);
      }
    }
    emit("]", token());
    ++next_;
  }

  void copy_flow_mapping(Context context) {
    enter(context, token(), "{");
    ++next_;
    const Context inner{false, false, context.depth + 1};
    for (bool is_first = true; !at(TokenKind::flow_mapping_end); is_first = false) {
      pass_comma(is_first, TokenKind::flow_mapping_end, "}");
      if (at(TokenKind::flow_mapping_end)) break;
      if (!is_first) emit(",", token());
      if (at(TokenKind::key)) {
        copy_flow_pair(inner, TokenKind::flow_mapping_end);
      } else {
        emit("?", token());
        copy_node(inner);
        emit(":", token());
        emit_empty();
      }
    }
    emit("}", token());
    ++next_;
  }

  // Refusals.

  [[noreturn]] static void fail(const Token& token, std::string message, std::string allowed = {},
                                std::string hint = {}) {
    throw Fault{"yaml_syntax", token.position, token.length, std::move(message), std::move(allowed), std::move(hint)};
  }

  [[noreturn]] void refuse_rest() {
    if (at_any({TokenKind::document_start, TokenKind::directive}))
      throw Fault{"yaml_documents",         token().position,
                  token().length,           "a second document begins here",
                  "one document in a file", "split the file, or remove the '---' line"};
    fail(token(), "the document already has a value, which ends before this", "one value in a file",
         "check the indentation, or put the value in quotes if it is one text");
  }

  [[noreturn]] void refuse_node() {
    switch (token().kind) {
      case TokenKind::value: fail(token(), "there is no key before this ':'", "key: value", "");
      case TokenKind::flow_entry: fail(token(), "there is no value before this ','", "", "remove the ','");
      case TokenKind::document_end:
        fail(token(), "the document ends here, but has not begun", "", "remove the '...' line");
      default: fail(token(), "a value is expected here", "", "put the value in quotes if it is meant as text");
    }
  }

  [[noreturn]] void refuse_in_block(const std::string& where, const std::string& expected) {
    switch (token().kind) {
      case TokenKind::block_mapping_start:
      case TokenKind::block_sequence_start:
        fail(token(), "the indentation of this line matches no line above", "", "indent it as its neighbours are");
      case TokenKind::key:
      case TokenKind::value:
        fail(token(), "a key stands where " + where + " goes on", expected, "check the indentation of this line");
      case TokenKind::block_entry:
        fail(token(), "a '- ' entry stands where " + where + " goes on", expected,
             "check the indentation of this line");
      default:
        fail(token(), "the value before this has already ended", expected,
             "put the whole value in quotes if it is one text");
    }
  }

  struct Anchor {
    std::size_t number = 0;
    std::size_t position = 0;
  };

  std::vector<Token>& tokens_;
  const Text& text_;
  const YamlLimits& limits_;
  std::size_t next_ = 0;
  int num_nodes_ = 0;
  int num_aliases_ = 0;
  std::map<std::string, Anchor> anchors_;  // ordered: names chosen to collide in a hash table cost nothing extra
  PlainCopy copy_;
};

}  // namespace

PlainCopy copy_structure(std::vector<Token>& tokens, const Text& text, const YamlLimits& limits) {
  return Copier(tokens, text, limits).run();
}

}  // namespace forgelm::config::yaml
