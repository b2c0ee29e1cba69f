// One rendering of a Jinja template: statements write, expressions are evaluated. Lives for one call of render().
// Invariants: recursion is bounded (blocks and macro calls by max_depth, expressions by kMaxEvaluation); every node
// costs a step; `place_` is where a Fault is reported.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/json.hpp"
#include "forgelm/text/jinja.hpp"
#include "jinja_ast.hpp"
#include "jinja_objects.hpp"

namespace forgelm::text::jinja {

inline constexpr int kMaxEvaluation = 2000;

/// The names of a frame while it runs. Kept by the macros that were made in it.
struct Scope : Object {
  Scope(Heap& heap, Scope* parent);
  ~Scope() override;
  Value* find(NameId name);  ///< in this scope alone
  void set(NameId name, Value value);
  Scope* parent;  ///< counted
  std::vector<std::pair<NameId, Value>> names;
};

/// A counted reference to a Scope.
class ScopeRef {
 public:
  explicit ScopeRef(Scope* scope) noexcept : scope_(scope) { ++scope_->num_references; }
  ScopeRef(const ScopeRef&) = delete;
  ScopeRef& operator=(const ScopeRef&) = delete;
  ~ScopeRef() {
    if (--scope_->num_references == 0) delete scope_;
  }
  Scope* get() const noexcept { return scope_; }
  Scope& operator*() const noexcept { return *scope_; }
  Scope* operator->() const noexcept { return scope_; }

 private:
  Scope* scope_;
};

struct Macro : Object {
  Macro(Heap& heap, const MacroShape& shape, const Body& body, Scope* scope);
  ~Macro() override;
  const MacroShape& shape;
  const Body& body;
  Scope* scope;  ///< counted
};

/// What `loop` is.
struct Loop : Object {
  Loop(Heap& heap, const Stmt& stmt, Scope* scope, int depth);
  ~Loop() override;
  std::int64_t length();
  const Value& peek();  ///< the next item; missing at the end
  bool advance();
  const Stmt& stmt;
  Scope* scope;  ///< counted: where the loop stands
  int depth0;
  std::int64_t index0 = -1;
  std::int64_t known_length = -1;
  std::function<Value()> pull;
  Value current, previous, after;
  bool has_after = false;
  Value changed_value;
};

class Runtime {
 public:
  Runtime(const Tree& tree, const JinjaLimits& limits, std::time_t now, Heap& heap);
  void render(const Json& variables, JinjaOutput& output);

  Heap& heap() noexcept { return heap_; }
  std::time_t now() const noexcept { return now_; }
  std::uint32_t place() const noexcept { return place_; }

  Value call(const Value& callee, Arguments& arguments);
  Value call_filter(const Value& name, const Value& item, const Arguments& arguments);
  bool call_test(const Value& name, const Value& item, const Arguments& arguments);
  /// environment.getattr and environment.getitem.
  Value attribute(const Value& object, std::string_view name);
  Value item(const Value& object, const Value& key);
  /// As attribute(), but an item is none.
  Value plain_attribute(const Value& object, std::string_view name);
  /// Items one by one, missing at the end; Fault when the value cannot be iterated.
  std::function<Value()> iterate(const Value& value);
  Values to_values(const Value& value);
  std::string str(const Value& value) { return to_str(heap_, value); }
  Value string(std::string text) { return heap_.string(std::move(text)); }

 private:
  enum class Flow { normal, broken, continued };
  struct Depth {
    explicit Depth(Runtime& runtime);
    ~Depth() { --runtime.depth_; }
    Runtime& runtime;
  };
  struct Capture;

  // Statements (jinja_render.cpp).
  Flow run(const Body& body, Scope& scope);
  Flow run(const Stmt& stmt, Scope& scope);
  Flow run_if(const Stmt& stmt, Scope& scope);
  Flow run_for(const Stmt& stmt, Scope& scope, const Value& iterated, int depth);
  Flow run_loop_body(const Stmt& stmt, Scope& scope, Loop& loop, const Value& loop_value);
  Flow run_set_block(const Stmt& stmt, Scope& scope);
  Flow run_filter_block(const Stmt& stmt, Scope& scope);
  Flow run_with(const Stmt& stmt, Scope& scope);
  void run_call_block(const Stmt& stmt, Scope& scope);
  void run_generation(const Stmt& stmt, Scope& scope);
  Value recurse(Loop& loop, const Value& iterated);
  Value call_macro(const Macro& macro, Arguments& arguments);
  void bind_macro(const Macro& macro, Arguments& arguments, Scope& scope);
  void assign(const Expr& target, const Value& value, Scope& scope);
  void check_namespaces(const Expr& target, Scope& scope);
  void declare_missing(const std::vector<NameId>& names, Scope& scope);
  void write(std::string_view text);
  void print(const Value& value);

  // Expressions (jinja_evaluate.cpp).
  Value evaluate(const Expr& expr, Scope& scope);
  Value evaluate_binary(const Expr& expr, Scope& scope);
  Value evaluate_compare(const Expr& expr, Scope& scope);
  Value evaluate_call(const Expr& expr, Scope& scope, const Value& caller);
  Value evaluate_filter(const Expr& expr, Scope& scope, const Value& input);
  Value evaluate_block_filter(const Expr& expr, Scope& scope, const Value& text);
  Value evaluate_test(const Expr& expr, Scope& scope);
  Value evaluate_item(const Expr& expr, Scope& scope);
  Value evaluate_conditional(const Expr& expr, Scope& scope);
  Value evaluate_concat(const Expr& expr, Scope& scope);
  Values evaluate_all(const std::vector<Expr*>& exprs, Scope& scope);
  Arguments evaluate_arguments(const CallParts& parts, Scope& scope);
  Value lookup(const Expr& name, Scope& scope);
  Value global(NameId name);
  Value constant(std::size_t number, const std::string& text);
  bool compare(Op op, const Value& a, const Value& b);
  Value from_json(const Json& json);

  const Tree& tree_;
  const JinjaLimits& limits_;
  std::time_t now_;
  Heap& heap_;
  Values constants_;
  Values globals_;  ///< by NameId: what the caller gave, else functions as they are first used
  std::string* out_ = nullptr;
  std::size_t output_bytes_ = 0;  ///< in all open buffers
  int num_captures_ = 0;
  int depth_ = 0;
  int evaluation_depth_ = 0;
  std::uint32_t place_ = 0;
  std::vector<ByteSpan>* spans_ = nullptr;
  int generation_depth_ = 0;
  bool has_captured_generation_ = false;
  Scope* root_ = nullptr;
};

}  // namespace forgelm::text::jinja
