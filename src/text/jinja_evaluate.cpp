// Expressions of a Jinja template.
#include "forgelm/core/suggest.hpp"
#include "forgelm/core/text.hpp"
#include "jinja_builtins.hpp"
#include "jinja_runtime.hpp"

namespace forgelm::text::jinja {

Value Runtime::evaluate(const Expr& expr, Scope& scope) {
  struct Guard {
    explicit Guard(int& depth) : count(depth) { ++count; }
    ~Guard() { --count; }
    int& count;
  };
  const Guard guard(evaluation_depth_);
  if (evaluation_depth_ > kMaxEvaluation) throw Fault{"expressions and macro calls nested too deeply", false};
  heap_.tick();
  switch (expr.kind) {
    case ExprKind::none_literal: return Value::none();
    case ExprKind::boolean_literal: return Value::boolean(expr.integer != 0);
    case ExprKind::integer_literal: return Value::integer(expr.integer);
    case ExprKind::real_literal: return Value::real(expr.real);
    case ExprKind::string_literal: return constant(static_cast<std::size_t>(expr.integer), expr.text);
    case ExprKind::name:
    case ExprKind::namespace_target: place_ = expr.offset; return lookup(expr, scope);
    case ExprKind::list: return heap_.list(evaluate_all(expr.kids, scope));
    case ExprKind::tuple: return heap_.tuple(evaluate_all(expr.kids, scope));
    case ExprKind::dict: {
      std::vector<std::pair<Value, Value>> entries;
      entries.reserve(expr.kids.size() / 2);
      for (std::size_t i = 0; i < expr.kids.size(); i += 2) {
        Value key = evaluate(*expr.kids[i], scope);
        entries.emplace_back(std::move(key), evaluate(*expr.kids[i + 1], scope));
      }
      place_ = expr.offset;
      return heap_.dict(std::move(entries));
    }
    case ExprKind::attribute: {
      const Value object = evaluate(*expr.kids[0], scope);
      place_ = expr.offset;
      return attribute(object, expr.text);
    }
    case ExprKind::item: return evaluate_item(expr, scope);
    case ExprKind::slice: place_ = expr.offset; throw Fault{"a slice stands only between brackets, alone", false};
    case ExprKind::call: return evaluate_call(expr, scope, Value());
    case ExprKind::filter: {
      const Value input = evaluate(*expr.kids[0], scope);
      return evaluate_filter(expr, scope, input);
    }
    case ExprKind::test: return evaluate_test(expr, scope);
    case ExprKind::conditional: return evaluate_conditional(expr, scope);
    case ExprKind::logical_and: {
      Value left = evaluate(*expr.kids[0], scope);
      return is_true(left) ? evaluate(*expr.kids[1], scope) : left;
    }
    case ExprKind::logical_or: {
      Value left = evaluate(*expr.kids[0], scope);
      return is_true(left) ? left : evaluate(*expr.kids[1], scope);
    }
    case ExprKind::logical_not: return Value::boolean(!is_true(evaluate(*expr.kids[0], scope)));
    case ExprKind::negate:
    case ExprKind::plus: {
      const Value operand = evaluate(*expr.kids[0], scope);
      place_ = expr.offset;
      return negate(heap_, operand, expr.kind == ExprKind::plus);
    }
    case ExprKind::binary: return evaluate_binary(expr, scope);
    case ExprKind::concat: return evaluate_concat(expr, scope);
    case ExprKind::compare: return evaluate_compare(expr, scope);
  }
  return Value();
}

Values Runtime::evaluate_all(const std::vector<Expr*>& exprs, Scope& scope) {
  Values out;
  out.reserve(exprs.size());
  for (const Expr* expr : exprs) out.push_back(evaluate(*expr, scope));
  return out;
}

Value Runtime::constant(std::size_t number, const std::string& text) {
  Value& out = constants_[number];
  if (out.is_missing()) out = string(text);
  return out;
}

// ---- names ----------------------------------------------------------------------------------------------------------

Value Runtime::lookup(const Expr& name, Scope& scope) {
  const auto id = static_cast<NameId>(name.integer);
  for (Scope* frame = &scope; frame != nullptr; frame = frame->parent) {
    const Value* found = frame->find(id);
    if (found == nullptr) continue;
    if (found->is_missing()) return heap_.undefined(cat("'", name.text, "' is undefined"));
    return *found;
  }
  return global(id);
}

Value Runtime::global(NameId name) {
  Value& value = globals_[name];
  if (!value.is_missing()) return value;
  const std::string& text = tree_.name_of(name);
  const Entry* entry = global_functions().find(text);
  if (entry == nullptr) return heap_.undefined(cat("'", text, "' is undefined"));
  value = Value(new Function(heap_, entry->name, entry->call, Value()));
  return value;
}

Value Runtime::evaluate_item(const Expr& expr, Scope& scope) {
  const Value object = evaluate(*expr.kids[0], scope);
  const Expr& index = *expr.kids[1];
  if (index.kind != ExprKind::slice) {
    const Value key = evaluate(index, scope);
    place_ = expr.offset;
    return item(object, key);
  }
  Value parts[3];
  for (std::size_t i = 0; i < 3; ++i) {
    if (index.kids[i] != nullptr) parts[i] = evaluate(*index.kids[i], scope);
  }
  place_ = expr.offset;
  return slice(heap_, object, parts[0], parts[1], parts[2]);
}

// ---- operators ------------------------------------------------------------------------------------------------------

Value Runtime::evaluate_binary(const Expr& expr, Scope& scope) {
  const Value left = evaluate(*expr.kids[0], scope);
  const Value right = evaluate(*expr.kids[1], scope);
  place_ = expr.offset;
  switch (expr.op) {
    case Op::add: return add(heap_, left, right);
    case Op::sub: return subtract(heap_, left, right);
    case Op::mul: return multiply(heap_, left, right);
    case Op::div: return divide(heap_, left, right);
    case Op::floordiv: return floor_divide(heap_, left, right);
    case Op::mod: return modulo(*this, left, right);
    default: return power(heap_, left, right);
  }
}

bool Runtime::compare(Op op, const Value& a, const Value& b) {
  switch (op) {
    case Op::eq: return equals(heap_, a, b);
    case Op::ne: return !equals(heap_, a, b);
    case Op::lt: return less(heap_, a, b, "<");
    case Op::le: return less(heap_, a, b, "<=");
    case Op::gt: return less(heap_, a, b, ">");
    case Op::ge: return less(heap_, a, b, ">=");
    case Op::in: return contains(*this, b, a);
    default: return !contains(*this, b, a);
  }
}

/// a < b < c: each operand once, up to the first that is false.
Value Runtime::evaluate_compare(const Expr& expr, Scope& scope) {
  Value left = evaluate(*expr.kids[0], scope);
  for (std::size_t i = 0; i < expr.ops.size(); ++i) {
    Value right = evaluate(*expr.kids[i + 1], scope);
    place_ = expr.offset;
    if (!compare(expr.ops[i], left, right)) return Value::boolean(false);
    left = std::move(right);
  }
  return Value::boolean(true);
}

Value Runtime::evaluate_concat(const Expr& expr, Scope& scope) {
  std::string out;
  for (const Expr* part : expr.kids) {
    const Value value = evaluate(*part, scope);
    place_ = expr.offset;
    if (value.is_string()) heap_.reserve(out.size() + value.text().size());
    append_str(heap_, out, value);
  }
  return string(std::move(out));
}

Value Runtime::evaluate_conditional(const Expr& expr, Scope& scope) {
  if (is_true(evaluate(*expr.kids[0], scope))) return evaluate(*expr.kids[1], scope);
  if (expr.kids[2] != nullptr) return evaluate(*expr.kids[2], scope);
  return heap_.undefined("the inline if-expression evaluated to false and no else section was defined.");
}

// ---- calls ----------------------------------------------------------------------------------------------------------

Arguments Runtime::evaluate_arguments(const CallParts& parts, Scope& scope) {
  Arguments out;
  out.positional = evaluate_all(parts.positional, scope);
  for (const auto& [name, value] : parts.named) out.named.emplace_back(name, evaluate(*value, scope));
  if (parts.star != nullptr) {
    const Value rest = evaluate(*parts.star, scope);
    place_ = parts.star->offset;
    for (Value& value : to_values(rest)) out.positional.push_back(std::move(value));
  }
  if (parts.star_star == nullptr) return out;
  const Value rest = evaluate(*parts.star_star, scope);
  place_ = parts.star_star->offset;
  if (!rest.is(Kind::dict)) type_fault(cat("argument after ** must be a mapping, not ", type_name(rest)));
  for (const auto& [name, value] : rest.as<Dict>().entries) {
    if (!name.is_string()) type_fault("keywords must be strings");
    for (const auto& [present, held] : out.named) {
      heap_.tick();
      if (present == name.text()) type_fault(cat("got multiple values for keyword argument '", present, "'"));
    }
    out.named.emplace_back(name.text(), value);
  }
  return out;
}

Value Runtime::evaluate_call(const Expr& expr, Scope& scope, const Value& caller) {
  const Value callee = evaluate(*expr.kids[0], scope);
  Arguments arguments = evaluate_arguments(*expr.arguments, scope);
  if (!caller.is_missing()) {
    for (const auto& [name, value] : arguments.named) {
      if (name == "caller") type_fault("got multiple values for keyword argument 'caller'");
    }
    arguments.named.emplace_back("caller", caller);
  }
  place_ = expr.offset;
  return call(callee, arguments);
}

Value Runtime::call(const Value& callee, Arguments& arguments) {
  switch (callee.kind()) {
    case Kind::undefined: throw Fault{callee.as<Undefined>().message, false};
    case Kind::function: return callee.as<Function>().call(*this, callee.as<Function>().self, arguments);
    case Kind::macro: return call_macro(callee.as<Macro>(), arguments);
    case Kind::loop: {
      const Values bound = bind("loop", arguments, {"iterable"}, 1);
      return recurse(callee.as<Loop>(), bound[0]);
    }
    case Kind::joiner: {
      bind("joiner", arguments, {}, 0);
      auto& joiner = callee.as<Joiner>();
      const bool is_first = !joiner.is_used;
      joiner.is_used = true;
      return is_first ? string("") : joiner.separator;
    }
    default: type_fault(cat("'", type_name(callee), "' object is not callable"));
  }
}

/// The filters of a block: a chain whose innermost filter has no input of its own.
Value Runtime::evaluate_block_filter(const Expr& expr, Scope& scope, const Value& text) {
  return evaluate_filter(expr, scope,
                         expr.kids[0] == nullptr ? text : evaluate_block_filter(*expr.kids[0], scope, text));
}

Value Runtime::evaluate_filter(const Expr& expr, Scope& scope, const Value& input) {
  Arguments arguments = evaluate_arguments(*expr.arguments, scope);
  place_ = expr.offset;
  if (expr.builtin == nullptr) {
    throw Fault{cat("No filter named ", quote(expr.text), " found", suggest_filter(expr.text)), false};
  }
  arguments.positional.insert(arguments.positional.begin(), input);
  return expr.builtin(*this, Value(), arguments);
}

Value Runtime::evaluate_test(const Expr& expr, Scope& scope) {
  Value subject = evaluate(*expr.kids[0], scope);
  Arguments arguments = evaluate_arguments(*expr.arguments, scope);
  place_ = expr.offset;
  if (expr.builtin == nullptr) {
    throw Fault{cat("No test named ", quote(expr.text), " found", suggest_test(expr.text)), false};
  }
  arguments.positional.insert(arguments.positional.begin(), std::move(subject));
  return expr.builtin(*this, Value(), arguments);
}

Value Runtime::call_filter(const Value& name, const Value& item, const Arguments& arguments) {
  heap_.tick();
  const Builtin filter = name.is_string() ? find_filter(name.text()) : nullptr;
  if (filter == nullptr) {
    throw Fault{cat("No filter named ", to_repr(heap_, name), name.is_string() ? suggest_filter(name.text()) : ""),
                false};
  }
  Arguments all = arguments;
  all.positional.insert(all.positional.begin(), item);
  return filter(*this, Value(), all);
}

bool Runtime::call_test(const Value& name, const Value& item, const Arguments& arguments) {
  heap_.tick();
  const Builtin test = name.is_string() ? find_test(name.text()) : nullptr;
  if (test == nullptr) {
    throw Fault{cat("No test named ", to_repr(heap_, name), name.is_string() ? suggest_test(name.text()) : ""), false};
  }
  Arguments all = arguments;
  all.positional.insert(all.positional.begin(), item);
  return is_true(test(*this, Value(), all));
}

}  // namespace forgelm::text::jinja
