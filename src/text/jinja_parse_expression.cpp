// Expressions of Jinja templates, by jinja2's precedence: condition, or, and, not, comparison, sum, "~", product,
// power, unary, then subscripts, calls, filters and tests.
#include <algorithm>

#include "forgelm/core/text.hpp"
#include "jinja_parser.hpp"

namespace forgelm::text::jinja {

/// Chains such as a+b+c are as high as they are long, without any recursion here: their height is bounded by itself.
void Parser::grow(Expr& node, const Expr* kid) {
  if (kid == nullptr) return;
  node.height = std::max<std::uint16_t>(node.height, static_cast<std::uint16_t>(kid->height + 1));
  if (node.height > kMaxHeight) fail(node.offset, cat("an expression of more than ", kMaxHeight, " steps in a row"));
}

Expr* Parser::binary(Op op, Expr* left, Expr* right, std::uint32_t offset) {
  Expr* out = tree_.new_expr(ExprKind::binary, offset);
  out->op = op;
  out->kids = {left, right};
  grow(*out, left);
  grow(*out, right);
  return out;
}

Expr* Parser::parse_expression() {
  const Depth depth(*this);
  return parse_condition();
}

Expr* Parser::parse_condition() {
  Expr* out = parse_or();
  while (at_name("if")) {
    Expr* node = tree_.new_expr(ExprKind::conditional, next().offset);
    Expr* test = parse_or();
    Expr* otherwise = nullptr;
    if (skip_if_name("else")) {
      const Depth depth(*this);
      otherwise = parse_condition();
    }
    node->kids = {test, out, otherwise};
    for (const Expr* kid : node->kids) grow(*node, kid);
    out = node;
  }
  return out;
}

Expr* Parser::parse_or() {
  Expr* out = parse_and();
  while (at_name("or")) {
    const std::uint32_t offset = next().offset;
    out = binary(Op::add, out, parse_and(), offset);
    out->kind = ExprKind::logical_or;
  }
  return out;
}

Expr* Parser::parse_and() {
  Expr* out = parse_not();
  while (at_name("and")) {
    const std::uint32_t offset = next().offset;
    out = binary(Op::add, out, parse_not(), offset);
    out->kind = ExprKind::logical_and;
  }
  return out;
}

Expr* Parser::parse_not() {
  if (!at_name("not")) return parse_compare();
  const Depth depth(*this);
  Expr* out = tree_.new_expr(ExprKind::logical_not, next().offset);
  out->kids = {parse_not()};
  grow(*out, out->kids[0]);
  return out;
}

Expr* Parser::parse_compare() {
  Expr* first = parse_sum();
  Expr* out = nullptr;
  while (true) {
    Op op = Op::eq;
    const std::uint32_t offset = current_.offset;
    if (at(Tok::eq)) op = Op::eq;
    else if (at(Tok::ne)) op = Op::ne;
    else if (at(Tok::lt)) op = Op::lt;
    else if (at(Tok::lteq)) op = Op::le;
    else if (at(Tok::gt)) op = Op::gt;
    else if (at(Tok::gteq)) op = Op::ge;
    else if (at_name("in")) op = Op::in;
    else if (at_name("not") && look().kind == Tok::name && look().text == "in") op = Op::not_in;
    else break;
    if (op == Op::not_in) next();
    next();
    if (out == nullptr) {
      out = tree_.new_expr(ExprKind::compare, offset);
      out->kids = {first};
      grow(*out, first);
    }
    out->ops.push_back(op);
    out->kids.push_back(parse_sum());
    grow(*out, out->kids.back());
  }
  return out != nullptr ? out : first;
}

Expr* Parser::parse_sum() {
  Expr* out = parse_concat();
  while (at(Tok::add) || at(Tok::sub)) {
    const Token token = next();
    out = binary(token.kind == Tok::add ? Op::add : Op::sub, out, parse_concat(), token.offset);
  }
  return out;
}

Expr* Parser::parse_concat() {
  Expr* first = parse_product();
  if (!at(Tok::tilde)) return first;
  Expr* out = tree_.new_expr(ExprKind::concat, current_.offset);
  out->kids = {first};
  while (skip_if(Tok::tilde)) out->kids.push_back(parse_product());
  for (const Expr* kid : out->kids) grow(*out, kid);
  return out;
}

Expr* Parser::parse_product() {
  Expr* out = parse_power();
  while (at(Tok::mul) || at(Tok::div) || at(Tok::floordiv) || at(Tok::mod)) {
    const Token token = next();
    const Op op = token.kind == Tok::mul        ? Op::mul
                  : token.kind == Tok::div      ? Op::div
                  : token.kind == Tok::floordiv ? Op::floordiv
                                                : Op::mod;
    out = binary(op, out, parse_power(), token.offset);
  }
  return out;
}

Expr* Parser::parse_power() {
  Expr* out = parse_unary();
  while (at(Tok::pow)) {
    const std::uint32_t offset = next().offset;
    out = binary(Op::pow, out, parse_unary(), offset);
  }
  return out;
}

Expr* Parser::parse_unary(bool with_filters) {
  Expr* out = nullptr;
  if (at(Tok::sub) || at(Tok::add)) {
    const Depth depth(*this);
    const Token token = next();
    out = tree_.new_expr(token.kind == Tok::sub ? ExprKind::negate : ExprKind::plus, token.offset);
    out->kids = {parse_unary(false)};
    grow(*out, out->kids[0]);
  } else {
    out = parse_primary();
  }
  out = parse_postfix(out);
  return with_filters ? parse_filters_and_tests(out) : out;
}

Expr* Parser::parse_primary(bool with_namespace) {
  const std::uint32_t offset = current_.offset;
  switch (current_.kind) {
    case Tok::name: break;
    case Tok::string: {
      Expr* out = tree_.new_expr(ExprKind::string_literal, offset);
      while (at(Tok::string)) out->text += next().text;
      out->integer = static_cast<std::int64_t>(tree_.num_constants++);
      return out;
    }
    case Tok::integer: {
      Expr* out = tree_.new_expr(ExprKind::integer_literal, offset);
      out->integer = next().integer;
      return out;
    }
    case Tok::real: {
      Expr* out = tree_.new_expr(ExprKind::real_literal, offset);
      out->real = next().real;
      return out;
    }
    case Tok::lparen: {
      next();
      TupleRules rules;
      rules.has_parentheses = true;
      Expr* out = parse_tuple(rules);
      expect(Tok::rparen);
      return out;
    }
    case Tok::lbracket: return parse_list();
    case Tok::lbrace: return parse_dict();
    default: fail(offset, cat("unexpected '", describe(current_), "'"));
  }
  Token name = next();
  if (name.text == "true" || name.text == "True" || name.text == "false" || name.text == "False") {
    Expr* out = tree_.new_expr(ExprKind::boolean_literal, offset);
    out->integer = ascii_lower(name.text[0]) == 't';
    return out;
  }
  if (name.text == "none" || name.text == "None") return tree_.new_expr(ExprKind::none_literal, offset);
  Expr* out = tree_.new_expr(ExprKind::name, offset);
  out->integer = tree_.name_id(name.text);
  out->text = std::move(name.text);
  if (with_namespace && skip_if(Tok::dot)) {
    out->kind = ExprKind::namespace_target;
    Expr* attribute = tree_.new_expr(ExprKind::string_literal, offset);
    attribute->text = expect(Tok::name).text;
    out->kids = {attribute};
  }
  return out;
}

Expr* Parser::parse_tuple(const TupleRules& rules) {
  const std::uint32_t offset = current_.offset;
  std::vector<Expr*> items;
  bool is_tuple = false;
  while (true) {
    if (!items.empty()) expect(Tok::comma);
    if (at(Tok::variable_end) || at(Tok::block_end) || at(Tok::rparen)) break;
    if (!rules.end_name.empty() && at_name(rules.end_name)) break;
    if (rules.is_simple) {
      const Depth depth(*this);
      items.push_back(parse_primary(rules.with_namespace));
    } else if (rules.with_condition) {
      items.push_back(parse_expression());
    } else {
      const Depth depth(*this);
      items.push_back(parse_or());
    }
    if (!at(Tok::comma)) break;
    is_tuple = true;
  }
  if (!is_tuple) {
    if (!items.empty()) return items[0];
    if (!rules.has_parentheses) fail(current_.offset, cat("Expected an expression, got '", describe(current_), "'"));
  }
  Expr* out = tree_.new_expr(ExprKind::tuple, offset);
  out->kids = std::move(items);
  for (const Expr* kid : out->kids) grow(*out, kid);
  return out;
}

Expr* Parser::parse_list() {
  Expr* out = tree_.new_expr(ExprKind::list, next().offset);
  while (!at(Tok::rbracket)) {
    if (!out->kids.empty()) expect(Tok::comma);
    if (at(Tok::rbracket)) break;
    out->kids.push_back(parse_expression());
    grow(*out, out->kids.back());
  }
  expect(Tok::rbracket);
  return out;
}

Expr* Parser::parse_dict() {
  Expr* out = tree_.new_expr(ExprKind::dict, next().offset);
  while (!at(Tok::rbrace)) {
    if (!out->kids.empty()) expect(Tok::comma);
    if (at(Tok::rbrace)) break;
    out->kids.push_back(parse_expression());
    grow(*out, out->kids.back());
    expect(Tok::colon);
    out->kids.push_back(parse_expression());
    grow(*out, out->kids.back());
  }
  expect(Tok::rbrace);
  return out;
}

Expr* Parser::parse_postfix(Expr* node) {
  while (true) {
    if (at(Tok::dot) || at(Tok::lbracket)) node = parse_subscript(node);
    else if (at(Tok::lparen)) node = parse_call(node);
    else return node;
  }
}

Expr* Parser::parse_filters_and_tests(Expr* node) {
  while (true) {
    if (at(Tok::pipe)) node = parse_filter(node);
    else if (at_name("is")) node = parse_test(node);
    else if (at(Tok::lparen)) node = parse_call(node);
    else return node;
  }
}

Expr* Parser::parse_subscript(Expr* node) {
  const Token opening = next();
  Expr* out = tree_.new_expr(ExprKind::item, opening.offset);
  grow(*out, node);
  if (opening.kind == Tok::dot) {
    const Token name = next();
    out->offset = name.offset;
    if (name.kind == Tok::name) {
      out->kind = ExprKind::attribute;
      out->kids = {node};
      out->text = name.text;
      out->integer = static_cast<std::int64_t>(tree_.num_constants++);
      return out;
    }
    if (name.kind != Tok::integer) fail(name.offset, "expected name or number");
    Expr* index = tree_.new_expr(ExprKind::integer_literal, name.offset);
    index->integer = name.integer;
    out->kids = {node, index};
    return out;
  }
  std::vector<Expr*> indices;
  while (!at(Tok::rbracket)) {
    if (!indices.empty()) expect(Tok::comma);
    indices.push_back(parse_slice());
  }
  expect(Tok::rbracket);
  Expr* index = nullptr;
  if (indices.size() == 1) {
    index = indices[0];
  } else {
    index = tree_.new_expr(ExprKind::tuple, opening.offset);
    for (const Expr* part : indices) grow(*index, part);
    index->kids = std::move(indices);
  }
  grow(*out, index);
  out->kids = {node, index};
  return out;
}

/// What stands between brackets: an expression, or a slice of up to three.
Expr* Parser::parse_slice() {
  const std::uint32_t offset = current_.offset;
  std::vector<Expr*> parts(3, nullptr);
  if (!at(Tok::colon)) {
    parts[0] = parse_expression();
    if (!at(Tok::colon)) return parts[0];
  }
  next();
  if (!at(Tok::colon) && !at(Tok::rbracket) && !at(Tok::comma)) parts[1] = parse_expression();
  if (skip_if(Tok::colon) && !at(Tok::rbracket) && !at(Tok::comma)) parts[2] = parse_expression();
  Expr* out = tree_.new_expr(ExprKind::slice, offset);
  for (const Expr* part : parts) grow(*out, part);
  out->kids = std::move(parts);
  return out;
}

CallParts* Parser::parse_arguments(Expr& call) {
  const Token opening = expect(Tok::lparen);
  CallParts* out = tree_.new_call();
  const auto require = [&](bool is_well_ordered) {
    if (!is_well_ordered) fail(opening.offset, "invalid syntax for function call expression");
  };
  bool is_first = true;
  while (!at(Tok::rparen)) {
    if (!is_first) {
      expect(Tok::comma);
      if (at(Tok::rparen)) break;
    }
    is_first = false;
    if (skip_if(Tok::mul)) {
      require(out->star == nullptr && out->star_star == nullptr);
      out->star = parse_expression();
      grow(call, out->star);
    } else if (skip_if(Tok::pow)) {
      require(out->star_star == nullptr);
      out->star_star = parse_expression();
      grow(call, out->star_star);
    } else if (at(Tok::name) && look().kind == Tok::assign) {
      require(out->star_star == nullptr);
      const Token name = next();
      next();
      if (out->named.size() >= kMaxNames) fail(name.offset, cat("more than ", kMaxNames, " keyword arguments"));
      for (const auto& [present, value] : out->named) {
        if (present == name.text) fail(name.offset, cat("keyword argument repeated: ", name.text));
      }
      out->named.emplace_back(name.text, parse_expression());
      grow(call, out->named.back().second);
    } else {
      require(out->star == nullptr && out->star_star == nullptr && out->named.empty());
      out->positional.push_back(parse_expression());
      grow(call, out->positional.back());
    }
  }
  expect(Tok::rparen);
  return out;
}

Expr* Parser::parse_call(Expr* node) {
  Expr* out = tree_.new_expr(ExprKind::call, current_.offset);
  grow(*out, node);
  out->kids = {node};
  out->arguments = parse_arguments(*out);
  return out;
}

std::string Parser::parse_dotted_name() {
  std::string out = expect(Tok::name).text;
  while (skip_if(Tok::dot)) out += cat(".", expect(Tok::name).text);
  return out;
}

Expr* Parser::parse_filter(Expr* node, bool is_inline) {
  while (at(Tok::pipe) || is_inline) {
    if (!is_inline) next();
    is_inline = false;
    Expr* out = tree_.new_expr(ExprKind::filter, current_.offset);
    out->text = parse_dotted_name();
    out->kids = {node};
    grow(*out, node);
    out->arguments = at(Tok::lparen) ? parse_arguments(*out) : tree_.new_call();
    node = out;
  }
  return node;
}

Expr* Parser::parse_test(Expr* node) {
  const std::uint32_t offset = next().offset;
  const bool is_negated = skip_if_name("not");
  Expr* out = tree_.new_expr(ExprKind::test, current_.offset);
  out->text = parse_dotted_name();
  out->kids = {node};
  grow(*out, node);
  const bool has_operand = at(Tok::string) || at(Tok::integer) || at(Tok::real) || at(Tok::lbracket) ||
                           at(Tok::lbrace) || (at(Tok::name) && !at_name("else") && !at_name("or") && !at_name("and"));
  if (at(Tok::lparen)) {
    out->arguments = parse_arguments(*out);
  } else {
    out->arguments = tree_.new_call();
    if (has_operand) {
      if (at_name("is")) fail(current_.offset, "You cannot chain multiple tests with is");
      const Depth depth(*this);
      out->arguments->positional.push_back(parse_postfix(parse_primary()));
      grow(*out, out->arguments->positional[0]);
    }
  }
  if (!is_negated) return out;
  Expr* negated = tree_.new_expr(ExprKind::logical_not, offset);
  negated->kids = {out};
  grow(*negated, out);
  return negated;
}

// ---- targets --------------------------------------------------------------------------------------------------------

Expr* Parser::parse_target(std::string_view end_name, bool with_namespace) {
  TupleRules rules;
  rules.is_simple = true;
  rules.with_namespace = with_namespace;
  rules.end_name = end_name;
  Expr* out = parse_tuple(rules);
  make_target(*out);
  return out;
}

void Parser::make_target(Expr& target) {
  if (target.kind == ExprKind::namespace_target) return;
  if (target.kind == ExprKind::name) {
    if (target.text == "loop" && for_nesting_ > 0) {
      fail(target.offset, "Can't assign to special loop variable in for-loop target");
    }
    target.is_stored = true;
    return;
  }
  if (target.kind != ExprKind::tuple)
    fail(target.offset, "can't assign to this: a name or a tuple of names is expected");
  for (Expr* item : target.kids) make_target(*item);
}

Expr* Parser::parse_name_target() {
  const Token name = expect(Tok::name);
  for (const char* constant : {"true", "false", "none", "True", "False", "None"}) {
    if (name.text == constant) fail(name.offset, cat("can't assign to '", constant, "'"));
  }
  Expr* out = tree_.new_expr(ExprKind::name, name.offset);
  out->text = name.text;
  out->is_stored = true;
  return out;
}

}  // namespace forgelm::text::jinja
