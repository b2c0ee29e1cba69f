// Statements of a Jinja template: output, loops, assignments, macros, generation blocks.
#include <algorithm>
#include <memory>

#include "forgelm/core/text.hpp"
#include "jinja_builtins.hpp"
#include "jinja_runtime.hpp"
#include "jinja_text.hpp"

namespace forgelm::text::jinja {

// ---- scopes, macros, loops as objects -------------------------------------------------------------------------------

Scope::Scope(Heap& heap_, Scope* outer) : Object(heap_, Kind::missing, 64), parent(outer) {
  if (parent != nullptr) ++parent->num_references;
}
Scope::~Scope() {
  // A long chain of scopes is as deep as the blocks were nested, so this recursion is bounded.
  if (parent != nullptr && --parent->num_references == 0) delete parent;
}
Value* Scope::find(NameId name) {
  heap.tick_bytes(names.size() * 16);  // nothing for the few names of an honest template
  for (auto& [key, value] : names) {
    if (key == name) return &value;
  }
  return nullptr;
}
void Scope::set(NameId name, Value value) {
  if (Value* present = find(name)) {
    *present = std::move(value);
    return;
  }
  names.emplace_back(name, std::move(value));
}

Macro::Macro(Heap& heap_, const MacroShape& macro_shape, const Body& macro_body, Scope* where)
    : Object(heap_, Kind::macro, 0), shape(macro_shape), body(macro_body), scope(where) {
  ++scope->num_references;
}
Macro::~Macro() {
  if (--scope->num_references == 0) delete scope;
}

Loop::Loop(Heap& heap_, const Stmt& loop_stmt, Scope* where, int depth)
    : Object(heap_, Kind::loop, 128), stmt(loop_stmt), scope(where), depth0(depth) {
  ++scope->num_references;
}
Loop::~Loop() {
  if (--scope->num_references == 0) delete scope;
}

std::int64_t Loop::length() {
  if (known_length >= 0) return known_length;
  auto rest = std::make_shared<Values>();
  for (Value item = pull(); !item.is_missing(); item = pull()) {
    heap.tick();
    rest->push_back(std::move(item));
    if (rest->size() % 64 == 0) heap.reserve(rest->size() * sizeof(Value));
  }
  known_length = static_cast<std::int64_t>(rest->size()) + index0 + 1 + (has_after && !after.is_missing() ? 1 : 0);
  std::size_t at = 0;
  pull = [rest, at]() mutable { return at < rest->size() ? (*rest)[at++] : Value(); };
  return known_length;
}

const Value& Loop::peek() {
  if (!has_after || after.is_missing()) {
    after = pull();
    has_after = true;
  }
  return after;
}

bool Loop::advance() {
  Value item = has_after && !after.is_missing() ? std::move(after) : pull();
  after = Value();
  has_after = false;
  if (item.is_missing()) return false;
  ++index0;
  previous = std::move(current);
  current = std::move(item);
  return true;
}

// ---- the rendering --------------------------------------------------------------------------------------------------

Runtime::Depth::Depth(Runtime& owner) : runtime(owner) {
  if (++runtime.depth_ > runtime.limits_.max_depth) {
    --runtime.depth_;
    throw Fault{cat("blocks and macro calls nested more than ", runtime.limits_.max_depth, " levels deep (max_depth)"),
                false};
  }
}

/// Text written while this lives goes to a buffer of its own.
struct Runtime::Capture {
  explicit Capture(Runtime& owner) : runtime(owner), outer(owner.out_) {
    runtime.out_ = &text;
    ++runtime.num_captures_;
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture() {
    runtime.out_ = outer;
    --runtime.num_captures_;
    runtime.output_bytes_ -= num_bytes;
  }
  std::string take() {
    num_bytes = text.size();
    return std::move(text);
  }
  Runtime& runtime;
  std::string* outer;
  std::string text;
  std::size_t num_bytes = 0;
};

Runtime::Runtime(const Tree& tree, const JinjaLimits& limits, std::time_t now, Heap& heap)
    : tree_(tree), limits_(limits), now_(now), heap_(heap) {}

Value Runtime::from_json(const Json& json) {
  switch (json.kind()) {
    case Json::Kind::null: return Value::none();
    case Json::Kind::boolean: return Value::boolean(json.boolean());
    case Json::Kind::integer: return Value::integer(json.integer());
    case Json::Kind::real: return Value::real(json.real());
    case Json::Kind::text: return heap_.string(is_ascii(json.text()) ? json.text() : to_valid_utf8(json.text()));
    case Json::Kind::array: {
      Values items;
      items.reserve(json.items().size());
      for (const Json& item : json.items()) items.push_back(from_json(item));
      return heap_.list(std::move(items));
    }
    case Json::Kind::object: {
      std::vector<std::pair<Value, Value>> entries;
      entries.reserve(json.members().size());
      for (const auto& [key, value] : json.members()) {
        entries.emplace_back(heap_.string(to_valid_utf8(key)), from_json(value));
      }
      return heap_.dict(std::move(entries));
    }
  }
  return Value::none();
}

void Runtime::render(const Json& variables, JinjaOutput& output) {
  constexpr std::size_t kMaxHeldBytes = std::size_t{64} << 20;
  constants_.resize(tree_.num_constants);
  globals_.resize(tree_.names.size());
  for (const auto& [name, value] : variables.members()) {
    for (std::size_t id = 0; id < tree_.names.size(); ++id) {
      if (tree_.is_read[id] && tree_.names[id] == name) globals_[id] = from_json(value);
    }
  }
  heap_.set_limits(limits_.max_steps, kMaxHeldBytes);
  out_ = &output.text;
  spans_ = &output.generation;
  const ScopeRef scope(new Scope(heap_, nullptr));
  heap_.keep(scope.get(), [](Object& self) { static_cast<Scope&>(self).names.clear(); });
  root_ = scope.get();
  declare_missing(tree_.missing, *scope);
  run(tree_.body, *scope);
  output.has_captured_generation = has_captured_generation_;
}

void Runtime::write(std::string_view text) {
  output_bytes_ += text.size();
  if (output_bytes_ > limits_.max_output_bytes) {
    throw Fault{cat("the output is larger than ", limits_.max_output_bytes, " bytes (max_output_bytes)"), false};
  }
  heap_.tick_bytes(text.size());
  out_->append(text);
}

void Runtime::print(const Value& value) {
  if (value.is_string()) return write(value.text());
  if (!value.is_undefined()) write(str(value));
}

void Runtime::declare_missing(const std::vector<NameId>& names, Scope& scope) {
  for (const NameId name : names) scope.set(name, Value());
}

Runtime::Flow Runtime::run(const Body& body, Scope& scope) {
  const Depth depth(*this);
  for (const Stmt* stmt : body) {
    const Flow flow = run(*stmt, scope);
    if (flow != Flow::normal) return flow;
  }
  return Flow::normal;
}

Runtime::Flow Runtime::run(const Stmt& stmt, Scope& scope) {
  heap_.tick();
  switch (stmt.kind) {
    case StmtKind::data: write(stmt.text); return Flow::normal;
    case StmtKind::print: {
      const Value value = evaluate(*stmt.value, scope);
      place_ = stmt.offset;
      print(value);
      return Flow::normal;
    }
    case StmtKind::for_loop: {
      const Value iterated = evaluate(*stmt.value, scope);
      place_ = stmt.value->offset;
      return run_for(stmt, scope, iterated, 0);
    }
    case StmtKind::if_chain: return run_if(stmt, scope);
    case StmtKind::set: {
      check_namespaces(*stmt.target, scope);
      const Value value = evaluate(*stmt.value, scope);
      place_ = stmt.offset;
      assign(*stmt.target, value, scope);
      return Flow::normal;
    }
    case StmtKind::set_block: return run_set_block(stmt, scope);
    case StmtKind::macro: {
      // The macro holds its scope and the scope its macro: the heap breaks the circle at the end.
      auto* macro = new Macro(heap_, *stmt.macro, stmt.body, &scope);
      const Value value(macro);
      if (&scope != root_) heap_.keep(&scope, [](Object& self) { static_cast<Scope&>(self).names.clear(); });
      scope.set(stmt.macro->name_id, value);
      return Flow::normal;
    }
    case StmtKind::call_block: run_call_block(stmt, scope); return Flow::normal;
    case StmtKind::filter_block: return run_filter_block(stmt, scope);
    case StmtKind::with: return run_with(stmt, scope);
    case StmtKind::scope: {
      const ScopeRef inner(new Scope(heap_, &scope));
      if (is_true(evaluate(*stmt.value, scope))) throw Fault{"HTML escaping (autoescape) is not supported", false};
      declare_missing(stmt.missing, *inner);
      return run(stmt.body, *inner);
    }
    case StmtKind::generation: run_generation(stmt, scope); return Flow::normal;
    case StmtKind::block: {
      if (stmt.is_required) throw Fault{cat("Required block ", quote(stmt.text), " not found"), false};
      const ScopeRef inner(new Scope(heap_, stmt.is_recursive ? &scope : root_));
      declare_missing(stmt.missing, *inner);
      run(stmt.body, *inner);
      return Flow::normal;
    }
    case StmtKind::break_loop: return Flow::broken;
    case StmtKind::continue_loop: return Flow::continued;
  }
  return Flow::normal;
}

Runtime::Flow Runtime::run_if(const Stmt& stmt, Scope& scope) {
  for (const Branch& branch : stmt.branches) {
    if (branch.condition == nullptr || is_true(evaluate(*branch.condition, scope))) return run(branch.body, scope);
  }
  return Flow::normal;
}

Runtime::Flow Runtime::run_for(const Stmt& stmt, Scope& scope, const Value& iterated, int depth) {
  auto* loop = new Loop(heap_, stmt, &scope, depth);
  const Value loop_value(loop);
  loop->pull = iterate(iterated);
  if (stmt.test != nullptr) {
    loop->pull = [this, &stmt, &scope, source = std::move(loop->pull)]() {
      while (true) {
        Value item = source();
        if (item.is_missing()) return item;
        heap_.tick();
        const ScopeRef inner(new Scope(heap_, &scope));
        place_ = stmt.offset;
        assign(*stmt.target, item, *inner);
        if (is_true(evaluate(*stmt.test, *inner))) return item;
      }
    };
  } else if (has_length(iterated)) {
    loop->known_length = jinja::length(iterated);
  }
  return run_loop_body(stmt, scope, *loop, loop_value);
}

Runtime::Flow Runtime::run_loop_body(const Stmt& stmt, Scope& scope, Loop& loop, const Value& loop_value) {
  const NameId loop_name = tree_.loop_id;
  bool has_completed = false;
  while (true) {
    place_ = stmt.offset;
    if (!loop.advance()) break;
    heap_.tick();
    const ScopeRef inner(new Scope(heap_, &scope));
    inner->names.reserve(4);
    inner->set(loop_name, loop_value);
    assign(*stmt.target, loop.current, *inner);
    declare_missing(stmt.missing, *inner);
    const Flow flow = run(stmt.body, *inner);
    if (flow == Flow::broken) break;
    has_completed = has_completed || flow == Flow::normal;
  }
  loop.pull = [] { return Value(); };  // what it pulled from belongs to frames that end now
  // As jinja2 has it, a loop whose every round ended in break or continue has its else part, too.
  if (has_completed || stmt.otherwise.empty()) return Flow::normal;
  const ScopeRef inner(new Scope(heap_, &scope));
  declare_missing(stmt.otherwise_missing, *inner);
  return run(stmt.otherwise, *inner);
}

Value Runtime::recurse(Loop& loop, const Value& iterated) {
  if (!loop.stmt.is_recursive)
    throw Fault{"The loop must have the 'recursive' marker to be called recursively.", false};
  Capture capture(*this);
  run_for(loop.stmt, *loop.scope, iterated, loop.depth0 + 1);
  return string(capture.take());
}

Runtime::Flow Runtime::run_set_block(const Stmt& stmt, Scope& scope) {
  check_namespaces(*stmt.target, scope);
  Capture capture(*this);
  const ScopeRef inner(new Scope(heap_, &scope));
  declare_missing(stmt.missing, *inner);
  const Flow flow = run(stmt.body, *inner);
  if (flow != Flow::normal) return flow;
  Value text = string(capture.take());
  if (stmt.value != nullptr) text = evaluate_block_filter(*stmt.value, *inner, text);
  place_ = stmt.offset;
  assign(*stmt.target, text, scope);
  return Flow::normal;
}

Runtime::Flow Runtime::run_filter_block(const Stmt& stmt, Scope& scope) {
  Value text;
  {
    Capture capture(*this);
    const ScopeRef inner(new Scope(heap_, &scope));
    declare_missing(stmt.missing, *inner);
    const Flow flow = run(stmt.body, *inner);
    if (flow != Flow::normal) return flow;
    text = evaluate_block_filter(*stmt.value, *inner, string(capture.take()));
  }
  place_ = stmt.offset;
  write(to_text(text, "what a filter block gives"));  // jinja2 joins it as it is, and cannot join what is no text
  return Flow::normal;
}

Runtime::Flow Runtime::run_with(const Stmt& stmt, Scope& scope) {
  const ScopeRef inner(new Scope(heap_, &scope));
  for (const auto& [target, value] : stmt.bindings) {
    const Value bound = evaluate(*value, scope);
    place_ = target->offset;
    assign(*target, bound, *inner);
  }
  declare_missing(stmt.missing, *inner);
  return run(stmt.body, *inner);
}

void Runtime::run_call_block(const Stmt& stmt, Scope& scope) {
  const Value caller(new Macro(heap_, *stmt.macro, stmt.body, &scope));
  const Value text = evaluate_call(*stmt.value, scope, caller);
  place_ = stmt.offset;
  write(to_text(text, "what a call block gives"));
}

/// transformers tells where such a block's text is only where the block writes to the output itself.
void Runtime::run_generation(const Stmt& stmt, Scope& scope) {
  const ScopeRef inner(new Scope(heap_, &scope));
  Arguments none;
  const Value block(new Macro(heap_, *stmt.macro, stmt.body, &scope));
  bind_macro(block.as<Macro>(), none, *inner);
  const bool is_outermost = generation_depth_ == 0;
  const bool is_captured = num_captures_ > 0;
  const std::size_t begin = out_->size();
  ++generation_depth_;
  run(stmt.body, *inner);
  --generation_depth_;
  if (!is_outermost) return;
  if (is_captured) has_captured_generation_ = true;
  else spans_->push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(out_->size())});
}

// ---- macros ---------------------------------------------------------------------------------------------------------

Value Runtime::call_macro(const Macro& macro, Arguments& arguments) {
  const ScopeRef inner(new Scope(heap_, macro.scope));
  bind_macro(macro, arguments, *inner);
  Capture capture(*this);
  run(macro.body, *inner);
  return string(capture.take());
}

/// The parameters of a macro in its own scope, by the rules of jinja2's Macro.
void Runtime::bind_macro(const Macro& macro, Arguments& arguments, Scope& scope) {
  const MacroShape& shape = macro.shape;
  const std::string shown = shape.name.empty() ? "None" : cat("'", shape.name, "'");
  const auto pop = [&arguments](std::string_view name) {
    Value out;
    for (auto it = arguments.named.begin(); it != arguments.named.end(); ++it) {
      if (it->first != name) continue;
      out = std::move(it->second);
      arguments.named.erase(it);
      break;
    }
    return out;
  };
  const std::size_t num_parameters = shape.parameters.size();
  for (std::size_t i = 0; i < num_parameters; ++i) {
    scope.names.emplace_back(shape.parameter_ids[i],
                             i < arguments.positional.size() ? arguments.positional[i] : pop(shape.parameters[i]));
  }
  if (shape.uses_caller) {
    Value caller = pop("caller");
    if (caller.is_missing() || caller.is_none()) caller = heap_.undefined("No caller defined");
    scope.set(tree_.caller_id, std::move(caller));
  }
  if (shape.uses_kwargs) {
    std::vector<std::pair<Value, Value>> rest;
    for (auto& [name, value] : arguments.named) rest.emplace_back(string(name), std::move(value));
    scope.set(tree_.kwargs_id, heap_.dict(std::move(rest)));
  } else if (!arguments.named.empty()) {
    throw Fault{cat("macro ", shown, " takes no keyword argument '", arguments.named.front().first, "'"), false};
  }
  if (shape.uses_varargs) {
    Values rest;
    for (std::size_t i = num_parameters; i < arguments.positional.size(); ++i) rest.push_back(arguments.positional[i]);
    scope.set(tree_.varargs_id, heap_.tuple(std::move(rest)));
  } else if (arguments.positional.size() > num_parameters) {
    throw Fault{cat("macro ", shown, " takes not more than ", num_parameters, " argument(s)"), false};
  }
  declare_missing(shape.missing, scope);
  for (std::size_t i = 0; i < num_parameters; ++i) {
    if (!scope.names[i].second.is_missing()) continue;
    const std::size_t num_plain = num_parameters - shape.defaults.size();
    Value value = i >= num_plain ? evaluate(*shape.defaults[i - num_plain], scope)
                                 : heap_.undefined(cat("parameter '", shape.parameters[i], "' was not provided"));
    scope.names[i].second = std::move(value);
  }
}

// ---- assignment -----------------------------------------------------------------------------------------------------

void Runtime::check_namespaces(const Expr& target, Scope& scope) {
  if (target.kind == ExprKind::tuple) {
    for (const Expr* item : target.kids) check_namespaces(*item, scope);
  }
  if (target.kind != ExprKind::namespace_target) return;
  place_ = target.offset;
  const Value value = lookup(target, scope);
  if (value.is(Kind::name_space)) return;
  throw Fault{cat("cannot assign attribute on non-namespace object: '", target.text, "' is of type ", type_name(value)),
              false};
}

void Runtime::assign(const Expr& target, const Value& value, Scope& scope) {
  heap_.tick();
  if (target.kind == ExprKind::name) return scope.set(static_cast<NameId>(target.integer), value);
  if (target.kind == ExprKind::namespace_target) {
    const std::string& name = target.kids[0]->text;
    if (name[0] == '_') {
      throw Fault{
          cat("Chat templates cannot store underscore-prefixed attributes on a namespace, but got '", name, "'"),
          false};
    }
    lookup(target, scope).as<Namespace>().set(name, value);
    return;
  }
  const auto next = iterate(value);
  std::size_t num_items = 0;
  Values items;
  for (Value item = next(); !item.is_missing() && num_items <= target.kids.size(); item = next(), ++num_items) {
    items.push_back(std::move(item));
  }
  if (items.size() > target.kids.size()) {
    throw Fault{cat("too many values to unpack (expected ", target.kids.size(), ")"), false};
  }
  if (items.size() < target.kids.size()) {
    throw Fault{cat("not enough values to unpack (expected ", target.kids.size(), ", got ", items.size(), ")"), false};
  }
  for (std::size_t i = 0; i < items.size(); ++i) assign(*target.kids[i], items[i], scope);
}

}  // namespace forgelm::text::jinja
