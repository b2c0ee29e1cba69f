// The Jinja engine's objects beyond texts and containers: ranges, iterators, namespaces, functions, cyclers, joiners.
// Trap: of these only a namespace changes so that it can hold itself; it is kept by the heap, which empties it at the
// end.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jinja_value.hpp"

namespace forgelm::text::jinja {

struct Range : Object {
  Range(Heap& heap, std::int64_t start, std::int64_t stop, std::int64_t step);
  Value at(std::int64_t index) const { return Value::integer(start + index * step); }
  std::int64_t start, stop, step, size;
};

/// A Python generator or iterator: gives its items once. Missing ends it.
struct Iterator : Object {
  Iterator(Heap& heap, const char* type, std::function<Value()> pull);
  const char* type_name;
  std::function<Value()> next;
};

struct Namespace : Object {
  explicit Namespace(Heap& heap);
  const Value* find(std::string_view name) const;
  void set(std::string_view name, Value value);
  std::vector<std::pair<std::string, Value>> members;
};

struct Arguments {
  Values positional;
  std::vector<std::pair<std::string, Value>> named;
};

class Runtime;
/// `self` is missing for plain functions, else what the method was taken from.
using Builtin = Value (*)(Runtime& runtime, const Value& self, Arguments& arguments);

struct Function : Object {
  Function(Heap& heap, const char* name, Builtin call, Value self);
  const char* name;
  Builtin call;
  Value self;
};

struct Cycler : Object {
  Cycler(Heap& heap, Values items);
  Values items;
  std::size_t position = 0;
};

struct Joiner : Object {
  Joiner(Heap& heap, Value separator);
  Value separator;
  bool is_used = false;
};

}  // namespace forgelm::text::jinja
