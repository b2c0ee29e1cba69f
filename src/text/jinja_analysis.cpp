// The second pass over a template: finds filters and tests, what macros take beyond their parameters, and, for each
// frame, the names that it sets before it reads them. jinja2 decides all of these when it compiles a template.
#include <unordered_map>
#include <unordered_set>

#include "forgelm/core/text.hpp"
#include "jinja_builtins.hpp"
#include "jinja_parser.hpp"

namespace forgelm::text::jinja {

namespace {

/// Calls `visit` for each direct part of an expression, in the order in which jinja2 visits them.
template <class Visit>
void for_each_part(const Expr& expr, const Visit& visit) {
  for (Expr* kid : expr.kids) {
    if (kid != nullptr && expr.kind != ExprKind::namespace_target) visit(*kid);
  }
  if (expr.arguments == nullptr) return;
  for (Expr* argument : expr.arguments->positional) visit(*argument);
  for (const auto& [name, argument] : expr.arguments->named) visit(*argument);
  if (expr.arguments->star != nullptr) visit(*expr.arguments->star);
  if (expr.arguments->star_star != nullptr) visit(*expr.arguments->star_star);
}

/// Whether a body reads `caller`, `kwargs` or `varargs` before it sets them.
class SpecialNames {
 public:
  explicit SpecialNames(MacroShape& shape) : shape_(shape) {}
  void visit(const Body& body) {
    for (const Stmt* stmt : body) visit(*stmt);
  }

 private:
  void visit(const Expr& expr) {
    if (expr.kind == ExprKind::name) {
      note("caller", caller_is_open_, shape_.uses_caller, expr);
      note("kwargs", kwargs_is_open_, shape_.uses_kwargs, expr);
      note("varargs", varargs_is_open_, shape_.uses_varargs, expr);
      return;
    }
    for_each_part(expr, [this](const Expr& part) { visit(part); });
  }
  static void note(std::string_view name, bool& is_open, bool& is_used, const Expr& expr) {
    if (expr.text != name || !is_open) return;
    if (expr.is_stored) is_open = false;
    else is_used = true;
  }
  void close(std::string_view name) {
    if (name == "caller") caller_is_open_ = false;
    else if (name == "kwargs") kwargs_is_open_ = false;
    else if (name == "varargs") varargs_is_open_ = false;
  }
  void visit(const Stmt& stmt) {
    if (stmt.kind == StmtKind::block) return;
    if (stmt.kind == StmtKind::call_block) visit(*stmt.value);
    if (stmt.macro != nullptr) {
      for (const std::string& name : stmt.macro->parameters) close(name);
      for (const Expr* value : stmt.macro->defaults) visit(*value);
    }
    if (stmt.target != nullptr) visit(*stmt.target);
    if (stmt.kind == StmtKind::filter_block) visit(stmt.body);
    if (stmt.value != nullptr && stmt.kind != StmtKind::call_block) visit(*stmt.value);
    for (const auto& [target, value] : stmt.bindings) visit(*target);
    for (const auto& [target, value] : stmt.bindings) visit(*value);
    for (const Branch& branch : stmt.branches) {
      if (branch.condition != nullptr) visit(*branch.condition);
      visit(branch.body);
    }
    if (stmt.kind != StmtKind::filter_block) visit(stmt.body);
    visit(stmt.otherwise);
    if (stmt.test != nullptr) visit(*stmt.test);
  }

  MacroShape& shape_;
  bool caller_is_open_ = true, kwargs_is_open_ = true, varargs_is_open_ = true;
};

/// Names of one frame, and of the frames around it.
struct Frame {
  const Frame* parent = nullptr;
  std::unordered_set<NameId> names = {};
  bool knows(NameId name) const {
    for (const Frame* frame = this; frame != nullptr; frame = frame->parent) {
      if (frame->names.count(name) != 0) return true;
    }
    return false;
  }
};

class Analysis {
 public:
  explicit Analysis(Tree& tree) : tree_(tree) {}
  void run() {
    tree_.is_read.resize(tree_.names.size());
    Frame frame;
    own(tree_.body, frame, tree_.missing, false);
    inner(tree_.body, frame, false);
  }

 private:
  /// The frame's own names: statements of `body`, without the frames inside it.
  void own(const Body& body, Frame& frame, std::vector<NameId>& missing, bool in_branch) {
    for (const Stmt* stmt : body) own(*stmt, frame, missing, in_branch);
  }
  void own(const Stmt& stmt, Frame& frame, std::vector<NameId>& missing, bool in_branch) {
    switch (stmt.kind) {
      case StmtKind::macro: store(tree_.name_id(stmt.macro->name), frame, missing, in_branch); return;
      case StmtKind::set_block: store_target(*stmt.target, frame, missing, in_branch); return;
      case StmtKind::set:
        load(*stmt.value, frame);
        store_target(*stmt.target, frame, missing, in_branch);
        return;
      case StmtKind::if_chain:
        for (const Branch& branch : stmt.branches) {
          if (branch.condition != nullptr) load(*branch.condition, frame);
          own(branch.body, frame, missing, true);
        }
        return;
      case StmtKind::with:
        for (const auto& [target, value] : stmt.bindings) load(*value, frame);
        return;
      case StmtKind::scope:
      case StmtKind::block: return;
      default:
        if (stmt.value != nullptr) load(*stmt.value, frame);
    }
  }
  void load(const Expr& expr, Frame& frame) {
    if ((expr.kind == ExprKind::name || expr.kind == ExprKind::namespace_target) && !expr.is_stored) {
      const auto name = static_cast<NameId>(expr.integer);
      if (!frame.knows(name)) frame.names.insert(name);
    }
    for_each_part(expr, [&](const Expr& part) { load(part, frame); });
  }
  static void store(NameId name, Frame& frame, std::vector<NameId>& missing, bool in_branch) {
    if (frame.knows(name)) {
      frame.names.insert(name);
      return;
    }
    frame.names.insert(name);
    if (!in_branch) missing.push_back(name);
  }
  void store_target(const Expr& target, Frame& frame, std::vector<NameId>& missing, bool in_branch) {
    if (target.kind == ExprKind::name) store(static_cast<NameId>(target.integer), frame, missing, in_branch);
    else if (target.kind == ExprKind::namespace_target) load(target, frame);
    else
      for (const Expr* item : target.kids) store_target(*item, frame, missing, in_branch);
  }
  static void declare(const Expr& target, Frame& frame) {
    if (target.kind == ExprKind::name) frame.names.insert(static_cast<NameId>(target.integer));
    else
      for (const Expr* item : target.kids) declare(*item, frame);
  }

  /// Filters and tests of a frame, and all frames inside it. `is_soft`: inside a condition, where a name that does not
  /// exist is a fault only when it is used.
  void inner(const Body& body, Frame& frame, bool is_soft) {
    for (Stmt* stmt : body) inner(*stmt, frame, is_soft);
  }
  void inner(Stmt& stmt, Frame& frame, bool is_soft) {
    if (stmt.macro != nullptr) {
      if (stmt.kind == StmtKind::call_block) find_builtins(*stmt.value, is_soft);
      macro(stmt, frame);
      return;
    }
    if (stmt.value != nullptr && stmt.kind != StmtKind::filter_block && stmt.kind != StmtKind::set_block) {
      find_builtins(*stmt.value, is_soft);
    }
    switch (stmt.kind) {
      case StmtKind::if_chain:
        for (Branch& branch : stmt.branches) {
          if (branch.condition != nullptr) find_builtins(*branch.condition, true);
          inner(branch.body, frame, true);
        }
        return;
      case StmtKind::for_loop: loop(stmt, frame); return;
      case StmtKind::with: {
        Frame child{&frame};
        for (auto& [target, value] : stmt.bindings) {
          find_builtins(*value, is_soft);
          declare(*target, child);
        }
        enter(stmt.body, child, stmt.missing);
        return;
      }
      case StmtKind::filter_block:
      case StmtKind::set_block:
      case StmtKind::scope: {
        Frame child{&frame};
        if (stmt.value != nullptr && stmt.kind != StmtKind::scope) find_builtins(*stmt.value, false);
        if (stmt.value != nullptr && stmt.kind == StmtKind::filter_block) load(*stmt.value, child);
        enter(stmt.body, child, stmt.missing);
        return;
      }
      case StmtKind::block: {
        Frame child;
        enter(stmt.body, child, stmt.missing);
        return;
      }
      default: return;
    }
  }
  void enter(const Body& body, Frame& child, std::vector<NameId>& missing) {
    own(body, child, missing, false);
    inner(body, child, false);
  }
  void loop(Stmt& stmt, const Frame& frame) {
    if (stmt.test != nullptr) find_builtins(*stmt.test, false);
    Frame child{&frame};
    child.names.insert(tree_.loop_id);
    declare(*stmt.target, child);
    enter(stmt.body, child, stmt.missing);
    Frame otherwise{&frame};
    enter(stmt.otherwise, otherwise, stmt.otherwise_missing);
  }
  void macro(Stmt& stmt, const Frame& frame) {
    MacroShape& shape = *stmt.macro;
    SpecialNames(shape).visit(stmt.body);
    Frame child{&frame};
    for (std::size_t i = 0; i < shape.parameters.size(); ++i) {
      child.names.insert(shape.parameter_ids[i]);
      if (shape.parameters[i] == "kwargs") shape.uses_kwargs = false;
      if (shape.parameters[i] == "varargs") shape.uses_varargs = false;
      if (shape.parameters[i] != "caller") continue;
      if (shape.uses_caller && shape.parameters.size() - i > shape.defaults.size()) {
        throw SyntaxFault{stmt.offset, "the special \"caller\" argument must be omitted or be given a default."};
      }
      shape.uses_caller = false;
    }
    if (shape.uses_caller) child.names.insert(tree_.caller_id);
    if (shape.uses_kwargs) child.names.insert(tree_.kwargs_id);
    if (shape.uses_varargs) child.names.insert(tree_.varargs_id);
    for (Expr* value : shape.defaults) {
      find_builtins(*value, false);
      load(*value, child);
    }
    enter(stmt.body, child, shape.missing);
  }

  void find_builtins(Expr& expr, bool is_soft) {
    if (expr.kind == ExprKind::conditional) is_soft = true;
    if (expr.kind == ExprKind::name && !expr.is_stored) tree_.is_read[static_cast<std::size_t>(expr.integer)] = true;
    const bool is_filter = expr.kind == ExprKind::filter;
    if (is_filter || expr.kind == ExprKind::test) {
      expr.builtin = is_filter ? find_filter(expr.text) : find_test(expr.text);
      if (expr.builtin == nullptr && !is_soft) {
        throw SyntaxFault{expr.offset, cat("No ", is_filter ? "filter" : "test", " named ", quote(expr.text),
                                           is_filter ? suggest_filter(expr.text) : suggest_test(expr.text))};
      }
    }
    for_each_part(expr, [&](Expr& part) { find_builtins(part, is_soft); });
  }

  Tree& tree_;
};

}  // namespace

void analyse(Tree& tree) {
  tree.loop_id = tree.name_id("loop");
  tree.caller_id = tree.name_id("caller");
  tree.kwargs_id = tree.name_id("kwargs");
  tree.varargs_id = tree.name_id("varargs");
  Analysis(tree).run();
}

}  // namespace forgelm::text::jinja
