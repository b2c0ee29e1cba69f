// Statements of Jinja templates.
#include "jinja_parser.hpp"

#include <algorithm>

#include "forgelm/core/text.hpp"
#include "jinja_builtins.hpp"
#include "jinja_text.hpp"

namespace forgelm::text::jinja {

void parse(std::string_view source, int max_depth, Tree& tree) {
  tree.body = Parser(source, max_depth, tree).parse_template();
  analyse(tree);
}

Parser::Parser(std::string_view source, int max_depth, Tree& tree)
    : tree_(tree), lexer_(source), current_(lexer_.next()), max_depth_(max_depth) {}

Parser::Depth::Depth(Parser& owner) : parser(owner) {
  if (++parser.depth_ > parser.max_depth_) {
    --parser.depth_;
    parser.fail(parser.current_.offset, cat("nested more than ", parser.max_depth_, " levels deep (max_depth)"));
  }
}

// ---- the stream -----------------------------------------------------------------------------------------------------

Token Parser::next() {
  Token out = std::move(current_);
  if (has_ahead_) {
    current_ = std::move(ahead_);
    has_ahead_ = false;
  } else {
    current_ = lexer_.next();
  }
  return out;
}

const Token& Parser::look() {
  if (!has_ahead_) {
    ahead_ = lexer_.next();
    has_ahead_ = true;
  }
  return ahead_;
}

bool Parser::skip_if(Tok kind) {
  if (!at(kind)) return false;
  next();
  return true;
}

bool Parser::skip_if_name(std::string_view name) {
  if (!at_name(name)) return false;
  next();
  return true;
}

Token Parser::expect(Tok kind) {
  if (!at(kind)) {
    if (at(Tok::end_of_file))
      fail(current_.offset, cat("unexpected end of template, expected '", describe(kind), "'."));
    fail(current_.offset, cat("expected token '", describe(kind), "', got '", describe(current_), "'"));
  }
  return next();
}

Token Parser::expect_name(std::string_view name) {
  if (!at_name(name)) {
    if (at(Tok::end_of_file)) fail(current_.offset, cat("unexpected end of template, expected '", name, "'."));
    fail(current_.offset, cat("expected token '", name, "', got '", describe(current_), "'"));
  }
  return next();
}

void Parser::fail(std::uint32_t offset, std::string message) const { throw SyntaxFault{offset, std::move(message)}; }

// ---- bodies ---------------------------------------------------------------------------------------------------------

Body Parser::parse_template() { return parse_until({}); }

/// Statements up to one of the end tags, which is then the current token; up to the end of the template when none.
Body Parser::parse_until(Names end_tags) {
  const Depth depth(*this);
  Body out;
  end_tags_.push_back(end_tags);
  while (!at(Tok::end_of_file)) {
    if (at(Tok::data)) {
      Token data = next();
      Stmt* stmt = tree_.new_stmt(StmtKind::data, data.offset);
      stmt->text = std::move(data.text);
      out.push_back(stmt);
    } else if (skip_if(Tok::variable_begin)) {
      print(parse_tuple({}), out);
      expect(Tok::variable_end);
    } else {
      expect(Tok::block_begin);
      if (at(Tok::name) && std::find(end_tags.begin(), end_tags.end(), current_.text) != end_tags.end()) {
        end_tags_.pop_back();
        return out;
      }
      if (at_name("print")) parse_print(out);
      else out.push_back(parse_statement());
      expect(Tok::block_end);
    }
  }
  if (end_tags.size() != 0) fail_end_of_file();
  end_tags_.pop_back();
  return out;
}

/// The body of a statement whose opening tag is still to be closed.
Body Parser::parse_body(Names end_tags, bool drops_end) {
  skip_if(Tok::colon);
  expect(Tok::block_end);
  Body out = parse_until(end_tags);
  if (drops_end) next();
  return out;
}

void Parser::print(Expr* value, Body& out) {
  Stmt* stmt = tree_.new_stmt(StmtKind::print, value->offset);
  stmt->value = value;
  out.push_back(stmt);
}

std::string Parser::expected_tags() const {
  if (end_tags_.empty() || end_tags_.back().size() == 0) return {};
  std::string out = "Jinja was looking for the following tags: ";
  bool is_first = true;
  for (const std::string_view tag : end_tags_.back()) {
    out += cat(is_first ? "'" : " or '", tag, "'");
    is_first = false;
  }
  out += '.';
  if (!open_tags_.empty()) out += cat(" The innermost block that needs to be closed is '", open_tags_.back(), "'.");
  return out;
}

void Parser::fail_end_of_file() { fail(current_.offset, cat("Unexpected end of template. ", expected_tags())); }

void Parser::fail_unknown_tag(const Token& tag) {
  static const std::vector<std::string> kTags = {
      "for",   "if",       "set", "macro",  "call",  "filter", "with", "block",  "print",    "generation",
      "break", "continue", "raw", "endfor", "endif", "else",   "elif", "endset", "endmacro", "endgeneration"};
  std::string message = cat("Encountered unknown tag ", quote(tag.text), ".");
  if (const std::string expected = expected_tags(); !expected.empty()) message += cat(" ", expected);
  const std::string near = near_name(tag.text, kTags);
  if (!near.empty() && near != tag.text) message += cat(" Did you mean '", near, "'?");
  fail(tag.offset, std::move(message));
}

void Parser::refuse_tag(const Token& tag) {
  fail(tag.offset, cat("the tag '", tag.text, "' is not supported: a chat template is one text and loads no other"));
}

// ---- statements -----------------------------------------------------------------------------------------------------

Stmt* Parser::parse_statement() {
  if (!at(Tok::name)) fail(current_.offset, "tag name expected");
  const Token tag = current_;
  open_tags_.push_back(tag.text);
  const std::string_view name = tag.text;
  Stmt* out = nullptr;
  if (name == "for") out = parse_for();
  else if (name == "if") out = parse_if();
  else if (name == "set") out = parse_set();
  else if (name == "macro") out = parse_macro();
  else if (name == "call") out = parse_call_block();
  else if (name == "filter") out = parse_filter_block();
  else if (name == "with") out = parse_with();
  else if (name == "autoescape") out = parse_autoescape();
  else if (name == "generation") out = parse_generation();
  else if (name == "block") out = parse_block();
  else if (name == "break") out = parse_loop_control(StmtKind::break_loop);
  else if (name == "continue") out = parse_loop_control(StmtKind::continue_loop);
  else if (name == "include" || name == "import" || name == "from" || name == "extends") refuse_tag(tag);
  open_tags_.pop_back();
  if (out == nullptr) fail_unknown_tag(tag);
  return out;
}

Stmt* Parser::parse_for() {
  Stmt* out = tree_.new_stmt(StmtKind::for_loop, next().offset);
  ++for_nesting_;
  out->target = parse_target("in", false);
  --for_nesting_;
  expect_name("in");
  TupleRules rules;
  rules.with_condition = false;
  rules.end_name = "recursive";
  out->value = parse_tuple(rules);
  ++for_nesting_;
  if (skip_if_name("if")) out->test = parse_expression();
  out->is_recursive = skip_if_name("recursive");
  ++loop_depth_;
  out->body = parse_body({"endfor", "else"}, false);
  --loop_depth_;
  if (next().text != "endfor") out->otherwise = parse_body({"endfor"}, true);
  --for_nesting_;
  return out;
}

Stmt* Parser::parse_if() {
  Stmt* out = tree_.new_stmt(StmtKind::if_chain, next().offset);
  while (true) {
    TupleRules rules;
    rules.with_condition = false;
    Expr* condition = parse_tuple(rules);
    out->branches.push_back({condition, parse_body({"elif", "else", "endif"}, false)});
    const Token tag = next();
    if (tag.text == "elif") continue;
    if (tag.text == "else") out->branches.push_back({nullptr, parse_body({"endif"}, true)});
    return out;
  }
}

Stmt* Parser::parse_set() {
  Stmt* out = tree_.new_stmt(StmtKind::set, next().offset);
  out->target = parse_target({}, true);
  if (skip_if(Tok::assign)) {
    out->value = parse_tuple({});
    return out;
  }
  out->kind = StmtKind::set_block;
  out->value = parse_filter(nullptr);
  out->body = parse_body({"endset"}, true);
  return out;
}

void Parser::parse_signature(MacroShape& shape) {
  expect(Tok::lparen);
  while (!at(Tok::rparen)) {
    if (!shape.parameters.empty()) expect(Tok::comma);
    const Token name = expect(Tok::name);
    if (skip_if(Tok::assign)) shape.defaults.push_back(parse_expression());
    else if (!shape.defaults.empty()) fail(current_.offset, "non-default argument follows default argument");
    if (std::find(shape.parameters.begin(), shape.parameters.end(), name.text) != shape.parameters.end()) {
      fail(name.offset, cat("the parameter '", name.text, "' is named twice"));
    }
    if (shape.parameters.size() >= kMaxNames) fail(name.offset, cat("more than ", kMaxNames, " parameters"));
    shape.parameters.push_back(name.text);
    shape.parameter_ids.push_back(tree_.name_id(name.text));
  }
  expect(Tok::rparen);
}

Stmt* Parser::parse_macro() {
  Stmt* out = tree_.new_stmt(StmtKind::macro, next().offset);
  out->macro = &tree_.macros.emplace_back();
  out->macro->name = parse_name_target()->text;
  out->macro->name_id = tree_.name_id(out->macro->name);
  parse_signature(*out->macro);
  out->body = parse_closed_body({"endmacro"});
  return out;
}

/// A body that no `break` leaves: it becomes a function of its own.
Body Parser::parse_closed_body(Names end_tags) {
  const int loop_depth = loop_depth_;
  loop_depth_ = 0;
  Body out = parse_body(end_tags, true);
  loop_depth_ = loop_depth;
  return out;
}

Stmt* Parser::parse_call_block() {
  Stmt* out = tree_.new_stmt(StmtKind::call_block, next().offset);
  out->macro = &tree_.macros.emplace_back();
  if (at(Tok::lparen)) parse_signature(*out->macro);
  out->value = parse_expression();
  if (out->value->kind != ExprKind::call) fail(out->offset, "expected call");
  out->body = parse_closed_body({"endcall"});
  return out;
}

Stmt* Parser::parse_generation() {
  Stmt* out = tree_.new_stmt(StmtKind::generation, next().offset);
  out->macro = &tree_.macros.emplace_back();
  out->body = parse_closed_body({"endgeneration"});
  tree_.has_generation = true;
  return out;
}

Stmt* Parser::parse_filter_block() {
  Stmt* out = tree_.new_stmt(StmtKind::filter_block, next().offset);
  out->value = parse_filter(nullptr, true);
  out->body = parse_body({"endfilter"}, true);
  return out;
}

Stmt* Parser::parse_with() {
  Stmt* out = tree_.new_stmt(StmtKind::with, next().offset);
  while (!at(Tok::block_end)) {
    if (!out->bindings.empty()) expect(Tok::comma);
    const int for_nesting = for_nesting_;
    for_nesting_ = 0;  // these targets are parameters, so that `loop` may be one
    Expr* target = parse_target({}, false);
    for_nesting_ = for_nesting;
    expect(Tok::assign);
    out->bindings.emplace_back(target, parse_expression());
  }
  out->body = parse_body({"endwith"}, true);
  return out;
}

Stmt* Parser::parse_autoescape() {
  Stmt* out = tree_.new_stmt(StmtKind::scope, next().offset);
  out->value = parse_expression();
  out->body = parse_body({"endautoescape"}, true);
  return out;
}

Stmt* Parser::parse_block() {
  Stmt* out = tree_.new_stmt(StmtKind::block, next().offset);
  const Token name = expect(Tok::name);
  out->text = name.text;
  if (!block_names_.insert(name.text).second) fail(name.offset, cat("block ", quote(name.text), " defined twice"));
  out->is_recursive = skip_if_name("scoped");
  out->is_required = skip_if_name("required");
  if (at(Tok::sub)) fail(current_.offset, "Block names in Jinja may not contain hyphens, use an underscore instead.");
  out->body = parse_closed_body({"endblock"});
  for (const Stmt* part : out->body) {
    if (out->is_required && (part->kind != StmtKind::data || !is_all_space(part->text))) {
      fail(part->offset, "Required blocks can only contain comments or whitespace");
    }
  }
  skip_if_name(out->text);
  return out;
}

void Parser::parse_print(Body& out) {
  next();
  bool is_first = true;
  while (!at(Tok::block_end)) {
    if (!is_first) expect(Tok::comma);
    is_first = false;
    print(parse_expression(), out);
  }
}

Stmt* Parser::parse_loop_control(StmtKind kind) {
  const Token tag = next();
  if (loop_depth_ == 0) fail(tag.offset, cat("'", tag.text, "' outside of a loop"));
  return tree_.new_stmt(kind, tag.offset);
}

}  // namespace forgelm::text::jinja
