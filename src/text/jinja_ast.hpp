// The tree of a parsed Jinja template. Nodes live in the Tree's arenas and point to each other; names are numbers.
// Invariants: immutable once parsed, shared by threads; the height of an expression is at most kMaxHeight and the
// nesting of blocks is at most JinjaLimits::max_depth, so that walking either by recursion is bounded.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "jinja_objects.hpp"

namespace forgelm::text::jinja {

inline constexpr int kMaxHeight = 500;
using NameId = std::uint32_t;

enum class ExprKind : std::uint8_t {
  none_literal,
  boolean_literal,
  integer_literal,
  real_literal,
  string_literal,
  name,
  list,
  tuple,
  dict,
  attribute,
  item,
  slice,
  call,
  filter,
  test,
  conditional,
  logical_and,
  logical_or,
  logical_not,
  negate,
  plus,
  binary,
  concat,
  compare,
  namespace_target  ///< `ns.x` as the target of a set
};

enum class Op : std::uint8_t { add, sub, mul, div, floordiv, mod, pow, eq, ne, lt, le, gt, ge, in, not_in };

struct Expr;

struct CallParts {
  std::vector<Expr*> positional;
  std::vector<std::pair<std::string, Expr*>> named;
  Expr* star = nullptr;       ///< *args
  Expr* star_star = nullptr;  ///< **kwargs
};

struct Expr {
  ExprKind kind = ExprKind::none_literal;
  Op op = Op::add;
  bool is_stored = false;  ///< a name that is written, not read
  std::uint16_t height = 1;
  std::uint32_t offset = 0;
  std::int64_t integer = 0;  ///< literal; boolean; name: its NameId; string literal: its number among the constants
  double real = 0;
  std::string text;         ///< of string literals, names, attributes, filters and tests
  std::vector<Expr*> kids;  ///< operands in order; a slice's may be null; a dict's alternate key and value
  std::vector<Op> ops;      ///< of a comparison chain: one fewer than kids
  CallParts* arguments = nullptr;
  Builtin builtin = nullptr;  ///< of a filter or a test; null when there is none of that name
};

enum class StmtKind : std::uint8_t {
  data,
  print,
  for_loop,
  if_chain,
  set,
  set_block,
  macro,
  call_block,
  filter_block,
  with,
  scope,
  generation,
  block,
  break_loop,
  continue_loop
};

struct Stmt;
using Body = std::vector<Stmt*>;

struct Branch {
  Expr* condition;  ///< null: else
  Body body;
};

/// What a macro, a call block or a generation block defines.
struct MacroShape {
  std::string name;  ///< empty for callers
  NameId name_id = 0;
  std::vector<std::string> parameters;
  std::vector<NameId> parameter_ids;
  std::vector<Expr*> defaults;  ///< of the last parameters
  std::vector<NameId> missing;  ///< set_first of its frame
  bool uses_caller = false, uses_kwargs = false, uses_varargs = false;
};

struct Stmt {
  StmtKind kind = StmtKind::data;
  bool is_recursive = false;  ///< for loops; of blocks: scoped
  bool is_required = false;
  std::uint32_t offset = 0;
  std::string text;  ///< data; the name of a block
  Expr* target = nullptr;
  Expr* value = nullptr;  ///< printed; assigned; iterated; called; filters of a block (their innermost input is null)
  Expr* test = nullptr;
  std::vector<std::pair<Expr*, Expr*>> bindings;  ///< of `with`
  std::vector<Branch> branches;
  Body body;
  Body otherwise;
  MacroShape* macro = nullptr;
  /// Names that this body's own frame sets before any part of it reads them: they are undefined in inner frames until
  /// set, even when the caller gave a variable of that name.
  std::vector<NameId> missing;
  std::vector<NameId> otherwise_missing;
};

class Tree {
 public:
  Expr* new_expr(ExprKind kind, std::uint32_t offset);
  Stmt* new_stmt(StmtKind kind, std::uint32_t offset);
  CallParts* new_call() { return &calls.emplace_back(); }
  NameId name_id(std::string_view name);
  const std::string& name_of(NameId id) const { return names[id]; }

  Body body;
  std::vector<NameId> missing;     ///< as Stmt::missing, of the template itself
  std::vector<std::string> names;  ///< by NameId
  std::vector<bool> is_read;       ///< by NameId: some expression reads it
  std::size_t num_constants = 0;
  bool has_generation = false;
  NameId loop_id = 0, caller_id = 0, kwargs_id = 0, varargs_id = 0;
  std::deque<Expr> exprs;
  std::deque<Stmt> stmts;
  std::deque<CallParts> calls;
  std::deque<MacroShape> macros;

 private:
  std::unordered_map<std::string, NameId> ids_;
};

inline Expr* Tree::new_expr(ExprKind kind, std::uint32_t offset) {
  Expr& out = exprs.emplace_back();
  out.kind = kind;
  out.offset = offset;
  return &out;
}
inline Stmt* Tree::new_stmt(StmtKind kind, std::uint32_t offset) {
  Stmt& out = stmts.emplace_back();
  out.kind = kind;
  out.offset = offset;
  return &out;
}
inline NameId Tree::name_id(std::string_view name) {
  const auto [place, is_new] = ids_.emplace(std::string(name), static_cast<NameId>(names.size()));
  if (is_new) {
    names.emplace_back(name);
    is_read.push_back(false);
  }
  return place->second;
}

}  // namespace forgelm::text::jinja
