// Parser of Jinja templates: statements and expressions by the grammar of jinja2 3.1.6 with loop controls and the
// `generation` tag. Invariants: recursion is bounded by max_depth; every node's height is bounded by kMaxHeight.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "jinja_ast.hpp"
#include "jinja_lexer.hpp"

namespace forgelm::text::jinja {

/// The whole of `source` (normalised) into `tree`; SyntaxFault on a fault in its text. Filters and tests are found,
/// frames analysed (jinja_analysis.cpp).
void parse(std::string_view source, int max_depth, Tree& tree);

inline constexpr std::size_t kMaxNames = 1000;  ///< parameters of a macro, keyword arguments of a call

/// Second pass: which filters and tests are meant, what macros take beyond their parameters, what frames set first.
void analyse(Tree& tree);

class Parser {
 public:
  Parser(std::string_view source, int max_depth, Tree& tree);
  Body parse_template();

 private:
  using Names = std::initializer_list<std::string_view>;
  struct Depth {
    explicit Depth(Parser& parser);
    ~Depth() { --parser.depth_; }
    Parser& parser;
  };

  // Statements (jinja_parser.cpp).
  Body parse_until(Names end_tags);
  Body parse_body(Names end_tags, bool drops_end);
  Body parse_closed_body(Names end_tags);
  Stmt* parse_statement();
  Stmt* parse_for();
  Stmt* parse_if();
  Stmt* parse_set();
  Stmt* parse_macro();
  Stmt* parse_call_block();
  Stmt* parse_filter_block();
  Stmt* parse_with();
  Stmt* parse_autoescape();
  Stmt* parse_generation();
  Stmt* parse_block();
  void parse_print(Body& out);
  Stmt* parse_loop_control(StmtKind kind);
  void parse_signature(MacroShape& shape);
  void print(Expr* value, Body& out);
  [[noreturn]] void refuse_tag(const Token& tag);
  [[noreturn]] void fail_unknown_tag(const Token& tag);
  [[noreturn]] void fail_end_of_file();
  std::string expected_tags() const;

  // Expressions (jinja_parse_expression.cpp).
  Expr* parse_expression();
  Expr* parse_condition();
  Expr* parse_or();
  Expr* parse_and();
  Expr* parse_not();
  Expr* parse_compare();
  Expr* parse_sum();
  Expr* parse_concat();
  Expr* parse_product();
  Expr* parse_power();
  Expr* parse_unary(bool with_filters = true);
  Expr* parse_primary(bool with_namespace = false);
  Expr* parse_list();
  Expr* parse_dict();
  Expr* parse_postfix(Expr* node);
  Expr* parse_filters_and_tests(Expr* node);
  Expr* parse_filter(Expr* node, bool is_inline = false);
  Expr* parse_test(Expr* node);
  Expr* parse_subscript(Expr* node);
  Expr* parse_slice();
  Expr* parse_call(Expr* node);
  CallParts* parse_arguments(Expr& call);
  std::string parse_dotted_name();
  struct TupleRules {
    bool is_simple = false, with_condition = true, has_parentheses = false, with_namespace = false;
    std::string_view end_name = {};
  };
  Expr* parse_tuple(const TupleRules& rules);
  Expr* parse_target(std::string_view end_name, bool with_namespace);
  void make_target(Expr& target);
  Expr* parse_name_target();
  Expr* binary(Op op, Expr* left, Expr* right, std::uint32_t offset);
  void grow(Expr& node, const Expr* kid);

  // The stream.
  const Token& current() const { return current_; }
  const Token& look();
  Token next();
  bool at(Tok kind) const { return current_.kind == kind; }
  bool at_name(std::string_view name) const { return current_.kind == Tok::name && current_.text == name; }
  bool skip_if(Tok kind);
  bool skip_if_name(std::string_view name);
  Token expect(Tok kind);
  Token expect_name(std::string_view name);
  [[noreturn]] void fail(std::uint32_t offset, std::string message) const;

  Tree& tree_;
  Lexer lexer_;
  Token current_;
  Token ahead_;
  bool has_ahead_ = false;
  int depth_ = 0;
  int max_depth_;
  int loop_depth_ = 0;   ///< loops that `break` could leave
  int for_nesting_ = 0;  ///< loops around, through macros and calls too
  std::vector<Names> end_tags_;
  std::vector<std::string> open_tags_;
  std::unordered_set<std::string> block_names_;
};

}  // namespace forgelm::text::jinja
