// Values of the Jinja engine: what a template can hold, with Python's meaning. Objects are counted by references
// without atomics, since every value belongs to one rendering; a template's constants are made anew for each.
// Invariants: lists, tuples and dicts never change once made, so that only namespaces and scopes can close a cycle, and
// the Heap empties those when it goes; nesting is at most kMaxNesting, so that recursion over a value is bounded.
// Trap: a graph of few objects can be an exponential tree; whatever walks one must tick() the heap.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace forgelm::text::jinja {

inline constexpr int kMaxNesting = 200;

/// A fault while rendering, without its place: the renderer knows what it was evaluating and adds that.
struct Fault {
  std::string message;
  bool was_raised = false;  ///< by the template's raise_exception
};

enum class Kind : std::uint8_t {
  missing,  ///< no value: an argument not given, a name not set. Never seen by a template.
  none,
  boolean,
  integer,
  real,
  undefined,  ///< from here on: an Object
  string,
  list,
  tuple,
  dict,
  dict_view,
  range,
  iterator,
  name_space,
  macro,
  loop,
  function,
  cycler,
  joiner
};

class Heap;

struct Object {
  Object(Heap& owner, Kind object_kind, std::size_t size_bytes);
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  virtual ~Object();

  Heap& heap;
  std::size_t charged_bytes;
  std::uint32_t num_references = 0;
  Kind kind;
  std::uint8_t nesting = 0;  ///< containers: 1 + the deepest item
};

class Value {
 public:
  Value() noexcept : integer_(0) {}
  Value(const Value& other) noexcept : kind_(other.kind_), integer_(other.integer_) {
    if (is_object()) ++object_->num_references;
  }
  Value(Value&& other) noexcept : kind_(other.kind_), integer_(other.integer_) { other.kind_ = Kind::missing; }
  Value& operator=(Value other) noexcept {
    std::swap(kind_, other.kind_);
    std::swap(integer_, other.integer_);
    return *this;
  }
  ~Value() {
    if (is_object() && --object_->num_references == 0) delete object_;
  }
  explicit Value(Object* object) noexcept : kind_(object->kind), object_(object) { ++object->num_references; }
  static Value none() noexcept { return Value(Kind::none, 0); }
  static Value boolean(bool value) noexcept { return Value(Kind::boolean, value ? 1 : 0); }
  static Value integer(std::int64_t value) noexcept { return Value(Kind::integer, value); }
  static Value real(double value) noexcept {
    Value out(Kind::real, 0);
    out.real_ = value;
    return out;
  }

  Kind kind() const noexcept { return kind_; }
  bool is(Kind kind) const noexcept { return kind_ == kind; }
  bool is_missing() const noexcept { return kind_ == Kind::missing; }
  bool is_none() const noexcept { return kind_ == Kind::none; }
  bool is_undefined() const noexcept { return kind_ == Kind::undefined; }
  bool is_string() const noexcept { return kind_ == Kind::string; }
  bool is_list_or_tuple() const noexcept { return kind_ == Kind::list || kind_ == Kind::tuple; }
  /// Python's int, of which bool is a kind.
  bool is_integral() const noexcept { return kind_ == Kind::integer || kind_ == Kind::boolean; }
  bool is_number() const noexcept { return is_integral() || kind_ == Kind::real; }
  bool is_object() const noexcept { return kind_ >= Kind::undefined; }

  std::int64_t as_integer() const noexcept { return integer_; }  ///< of an integral
  bool as_boolean() const noexcept { return integer_ != 0; }
  double as_real() const noexcept { return kind_ == Kind::real ? real_ : static_cast<double>(integer_); }
  Object* object() const noexcept { return object_; }
  template <class T>
  T& as() const noexcept {
    return static_cast<T&>(*object_);
  }
  const std::string& text() const noexcept;
  const std::vector<Value>& items() const noexcept;

 private:
  Value(Kind kind, std::int64_t integer) noexcept : kind_(kind), integer_(integer) {}
  Kind kind_ = Kind::missing;
  union {
    std::int64_t integer_;
    double real_;
    Object* object_;
  };
};

using Values = std::vector<Value>;

struct String : Object {
  String(Heap& heap, std::string content, bool safe);
  std::int64_t length();  ///< in code points; counted once
  std::string text;
  bool is_ascii;
  bool is_markup;  ///< what |safe and |escape give: adding plain text to it escapes that

 private:
  std::int64_t length_ = -1;
};

struct Sequence : Object {
  Sequence(Heap& heap, Kind kind, Values content, bool group);
  Values items;
  bool is_group;  ///< a tuple of |groupby, which has .grouper and .list
};

struct Dict : Object {
  Dict(Heap& heap, std::vector<std::pair<Value, Value>> content);
  /// nullptr when there is no such key.
  const Value* find(const Value& key) const;
  const Value* find(std::string_view key) const;
  std::vector<std::pair<Value, Value>> entries;  ///< in insertion order, keys unique

 private:
  std::vector<std::uint32_t> table_;  ///< open addressing, entry + 1; empty for small dicts
};

struct DictView : Object {
  enum class What : std::uint8_t { keys, values, items };
  DictView(Heap& heap, What what, Value dict);
  What what;
  Value dict;
};

struct Undefined : Object {
  Undefined(Heap& heap, std::string message);
  std::string message;  ///< what using it raises
};

inline const std::string& Value::text() const noexcept { return as<String>().text; }
inline const Values& Value::items() const noexcept { return as<Sequence>().items; }

/// What one rendering may cost, and the objects that it must empty at its end.
class Heap {
 public:
  Heap() = default;
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;
  ~Heap();

  void tick() {
    if (++num_steps_ > max_steps_) out_of_steps();
  }
  /// Work over so many bytes costs a step a KiB.
  void tick_bytes(std::size_t num_bytes);
  /// Fault when so many more bytes would be too many; call it before making something large.
  void reserve(std::size_t num_bytes) const;
  void add(std::size_t num_bytes);
  void remove(std::size_t num_bytes) noexcept { used_bytes_ -= num_bytes; }
  /// Counts from here: what was done and is held before (making the caller's variables) is free.
  void set_limits(std::int64_t max_steps, std::size_t max_bytes) noexcept;
  /// Keeps the object until the end; then empties it by calling `clear`.
  void keep(Object* object, void (*clear)(Object&));

  Value string(std::string text, bool is_markup = false);
  Value list(Values items);
  Value tuple(Values items);
  /// Keys may repeat: the first place and the last value count.
  Value dict(std::vector<std::pair<Value, Value>> entries);
  Value undefined(std::string message);
  Value iterator(const char* type, std::function<Value()> next);

 private:
  [[noreturn]] void out_of_steps() const;
  std::int64_t num_steps_ = 0;
  std::int64_t max_steps_ = INT64_MAX;
  std::size_t used_bytes_ = 0;
  std::size_t max_bytes_ = SIZE_MAX;
  std::vector<std::pair<Object*, void (*)(Object&)>> kept_;
};

/// Python's type(value).__name__.
const char* type_name(const Value& value) noexcept;
bool is_true(const Value& value);
/// ==. Charges a step for each pair compared.
bool equals(Heap& heap, const Value& a, const Value& b);
/// <, as sorting uses it; Fault for what Python cannot order.
bool less(Heap& heap, const Value& a, const Value& b, const char* symbol = "<");
/// Equal values have equal hashes; Fault for what Python cannot hash.
std::size_t hash(const Value& value);
/// Python's str() and repr(), appended.
void append_str(Heap& heap, std::string& out, const Value& value);
void append_repr(Heap& heap, std::string& out, const Value& value);
std::string to_str(Heap& heap, const Value& value);
std::string to_repr(Heap& heap, const Value& value);
/// "dict object", as jinja2 names an object whose attribute is missing.
std::string object_repr(const Value& value);

}  // namespace forgelm::text::jinja
