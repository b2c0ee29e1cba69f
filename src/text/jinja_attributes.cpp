// What a template reaches from a value: attributes, items, methods, and the items that a value gives when iterated. The
// sandbox is here: names with an underscore and methods that change a value are refused.
#include <algorithm>
#include <memory>

#include "forgelm/core/text.hpp"
#include "jinja_builtins.hpp"
#include "jinja_runtime.hpp"
#include "jinja_text.hpp"

namespace forgelm::text::jinja {

namespace {

bool changes_value(Kind kind, std::string_view name) {
  static constexpr std::string_view kOfLists[] = {"append", "clear", "pop",    "reverse",
                                                  "insert", "sort",  "extend", "remove"};
  static constexpr std::string_view kOfDicts[] = {"clear", "pop", "popitem", "setdefault", "update"};
  const auto has = [name](const auto& names) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
  };
  return (kind == Kind::list && has(kOfLists)) || (kind == Kind::dict && has(kOfDicts));
}

Table methods_of(Kind kind) {
  switch (kind) {
    case Kind::string: return string_methods();
    case Kind::list:
    case Kind::tuple: return sequence_methods();
    case Kind::dict: return dict_methods();
    case Kind::range: return range_methods();
    case Kind::loop: return loop_methods();
    case Kind::cycler: return cycler_methods();
    default: return {nullptr, 0};
  }
}

Value loop_attribute(Heap& heap, Loop& loop, std::string_view name) {
  if (name == "index") return Value::integer(loop.index0 + 1);
  if (name == "index0") return Value::integer(loop.index0);
  if (name == "first") return Value::boolean(loop.index0 == 0);
  if (name == "last") return Value::boolean(loop.peek().is_missing());
  if (name == "length") return Value::integer(loop.length());
  if (name == "revindex") return Value::integer(loop.length() - loop.index0);
  if (name == "revindex0") return Value::integer(loop.length() - loop.index0 - 1);
  if (name == "depth") return Value::integer(loop.depth0 + 1);
  if (name == "depth0") return Value::integer(loop.depth0);
  if (name == "previtem") return loop.index0 == 0 ? heap.undefined("there is no previous item") : loop.previous;
  if (name == "nextitem") {
    const Value& next = loop.peek();
    return next.is_missing() ? heap.undefined("there is no next item") : next;
  }
  return Value();
}

Value macro_attribute(Heap& heap, const MacroShape& shape, std::string_view name) {
  if (name == "name") return shape.name.empty() ? Value::none() : heap.string(shape.name);
  if (name == "catch_kwargs") return Value::boolean(shape.uses_kwargs);
  if (name == "catch_varargs") return Value::boolean(shape.uses_varargs);
  if (name == "caller") return Value::boolean(shape.uses_caller);
  if (name != "arguments") return Value();
  Values names;
  for (const std::string& parameter : shape.parameters) names.push_back(heap.string(parameter));
  return heap.tuple(std::move(names));
}

/// Attributes that are no methods; missing when there is none of that name.
Value data_attribute(Heap& heap, const Value& object, std::string_view name) {
  switch (object.kind()) {
    case Kind::loop: return loop_attribute(heap, object.as<Loop>(), name);
    case Kind::macro: return macro_attribute(heap, object.as<Macro>().shape, name);
    case Kind::name_space: {
      const Value* found = object.as<Namespace>().find(name);
      return found != nullptr ? *found : Value();
    }
    case Kind::tuple:
      if (!object.as<Sequence>().is_group) return Value();
      return name == "grouper" ? object.items()[0] : name == "list" ? object.items()[1] : Value();
    case Kind::range: {
      const auto& range = object.as<Range>();
      if (name == "start") return Value::integer(range.start);
      if (name == "stop") return Value::integer(range.stop);
      return name == "step" ? Value::integer(range.step) : Value();
    }
    case Kind::cycler: {
      const auto& cycler = object.as<Cycler>();
      return name == "current" && !cycler.items.empty() ? cycler.items[cycler.position] : Value();
    }
    default: return Value();
  }
}

bool is_unsafe(const Value& object, std::string_view name) {
  if (changes_value(object.kind(), name)) return true;
  if (object.is_undefined()) {
    // Here what Python finds and what it does not differ: only the former is unsafe, the latter a fault.
    static constexpr std::string_view kPresent[] = {"__class__", "__doc__",  "__init__", "__module__", "__len__",
                                                    "__str__",   "__repr__", "__eq__",   "__iter__",   "__call__",
                                                    "__hash__",  "__bool__", "__dir__",  "__getitem__"};
    return std::find(std::begin(kPresent), std::end(kPresent), name) != std::end(kPresent);
  }
  return name.size() > 4 && name.substr(0, 2) == "__" && name.substr(name.size() - 2) == "__";
}

std::string unsafe_message(const Value& object, std::string_view name) {
  return cat("access to attribute '", name, "' of '", type_name(object), "' object is unsafe.");
}

/// What getattr() gives in the sandbox; missing when there is no such attribute.
Value get_attribute(Heap& heap, const Value& object, std::string_view name) {
  if (is_unsafe(object, name)) return heap.undefined(unsafe_message(object, name));
  if (object.is_undefined()) throw Fault{object.as<Undefined>().message, false};
  Value out = data_attribute(heap, object, name);
  if (!out.is_missing()) return out;
  const Entry* entry = methods_of(object.kind()).find(name);
  return entry != nullptr ? Value(new Function(heap, entry->name, entry->call, object)) : Value();
}

std::string near_method(const Value& object, std::string_view name) {
  const Table table = methods_of(object.kind());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < table.size; ++i) names.emplace_back(table.begin[i].name);
  const std::string near = near_name(name, names);
  return near.empty() ? "" : cat("; did you mean '", near, "'?");
}

}  // namespace

Value Runtime::attribute(const Value& object, std::string_view name) {
  Value out = get_attribute(heap_, object, name);
  if (!out.is_missing()) return out;
  if (object.is(Kind::dict)) {
    if (const Value* found = object.as<Dict>().find(name)) return *found;
  }
  return heap_.undefined(cat("'", object_repr(object), "' has no attribute '", name, "'", near_method(object, name)));
}

Value Runtime::plain_attribute(const Value& object, std::string_view name) {
  Value out = get_attribute(heap_, object, name);
  return out.is_missing() ? heap_.undefined(cat("'", object_repr(object), "' has no attribute '", name, "'")) : out;
}

Value Runtime::item(const Value& object, const Value& key) {
  if (object.is_undefined()) throw Fault{object.as<Undefined>().message, false};
  Value out = subscript(heap_, object, key);
  if (!out.is_missing()) return out;
  if (!key.is_string()) return heap_.undefined(cat(object_repr(object), " has no element ", to_repr(heap_, key)));
  out = get_attribute(heap_, object, key.text());
  if (!out.is_missing()) return out;
  return heap_.undefined(cat("'", object_repr(object), "' has no attribute ", to_repr(heap_, key)));
}

// ---- iteration ------------------------------------------------------------------------------------------------------

std::function<Value()> Runtime::iterate(const Value& value) {
  Heap& heap = heap_;
  switch (value.kind()) {
    case Kind::undefined: return [] { return Value(); };
    case Kind::list:
    case Kind::tuple:
      return [value, at = std::size_t{0}]() mutable {
        const Values& items = value.items();
        return at < items.size() ? items[at++] : Value();
      };
    case Kind::dict:
      return [value, at = std::size_t{0}]() mutable {
        const auto& entries = value.as<Dict>().entries;
        return at < entries.size() ? entries[at++].first : Value();
      };
    case Kind::dict_view:
      return [&heap, value, at = std::size_t{0}]() mutable {
        const auto& view = value.as<DictView>();
        const auto& entries = view.dict.as<Dict>().entries;
        if (at >= entries.size()) return Value();
        const auto& [key, item] = entries[at++];
        if (view.what == DictView::What::keys) return key;
        if (view.what == DictView::What::values) return item;
        return heap.tuple({key, item});
      };
    case Kind::string:
      return [&heap, value, at = std::size_t{0}]() mutable {
        const std::string& text = value.text();
        if (at >= text.size()) return Value();
        const std::size_t size = sequence_size(text[at]);
        at += size;
        return heap.string(text.substr(at - size, size));  // of markup, too: plain
      };
    case Kind::range:
      return [value, at = std::int64_t{0}]() mutable {
        const auto& range = value.as<Range>();
        return at < range.size ? range.at(at++) : Value();
      };
    case Kind::iterator: return [value] { return value.as<Iterator>().next(); };
    case Kind::loop:
      return [&heap, value] {
        auto& loop = value.as<Loop>();
        return loop.advance() ? heap.tuple({loop.current, value}) : Value();
      };
    default: type_fault(cat("'", type_name(value), "' object is not iterable"));
  }
}

Values Runtime::to_values(const Value& value) {
  if (value.is_list_or_tuple()) {
    heap_.reserve(value.items().size() * sizeof(Value));
    heap_.tick_bytes(value.items().size() * sizeof(Value));
    return value.items();
  }
  Values out;
  const auto next = iterate(value);
  for (Value item = next(); !item.is_missing(); item = next()) {
    heap_.tick();
    out.push_back(std::move(item));
    if (out.size() % 256 == 0) heap_.reserve(out.size() * sizeof(Value));
  }
  return out;
}

}  // namespace forgelm::text::jinja
