// Filters over sequences and mappings. Those that Python writes as generators give iterators here, too: they work as
// they are pulled, and only once.
#include <algorithm>
#include <memory>

#include "forgelm/core/text.hpp"
#include "jinja_builtins.hpp"
#include "jinja_runtime.hpp"
#include "jinja_text.hpp"

namespace forgelm::text::jinja {

namespace {

bool flag(const Value& value) { return !value.is_missing() && is_true(value); }

/// "a.0.b" as the keys a, 0, b; an integer as itself; none as no key at all.
Values attribute_path(Runtime& runtime, const Value& attribute) {
  Values out;
  if (attribute.is_missing() || attribute.is_none()) return out;
  if (!attribute.is_string()) return {attribute};
  for (const std::string& part : split(attribute.text(), '.')) {
    const bool is_number = !part.empty() && part.size() < 19 && std::all_of(part.begin(), part.end(), is_ascii_digit);
    out.push_back(is_number ? Value::integer(std::stoll(part)) : runtime.string(part));
  }
  return out;
}

Value follow(Runtime& runtime, Value item, const Values& path, const Value& otherwise = Value()) {
  for (const Value& key : path) {
    runtime.heap().tick();
    item = runtime.item(item, key);
    if (item.is_undefined() && !otherwise.is_missing()) item = otherwise;
  }
  return item;
}

Value ignore_case(Runtime& runtime, const Value& value) {
  if (!value.is_string()) return value;
  runtime.heap().tick_bytes(8 * value.text().size());
  return runtime.string(lower(value.text()));
}

/// Sorts stably by the keys. std::stable_sort survives a comparison that is no order, as NaN makes it.
void sort_by_keys(Runtime& runtime, std::vector<std::pair<Value, Value>>& keyed, bool is_reverse) {
  Heap& heap = runtime.heap();
  std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
    return is_reverse ? less(heap, b.first, a.first) : less(heap, a.first, b.first);
  });
}

Values second_parts(std::vector<std::pair<Value, Value>>& keyed) {
  Values out;
  out.reserve(keyed.size());
  for (auto& [key, value] : keyed) out.push_back(std::move(value));
  return out;
}

// ---- whole sequences ------------------------------------------------------------------------------------------------

Value count(Runtime&, const Value&, Arguments& arguments) {
  return Value::integer(length(bind_positional("len", arguments, 1, 1)[0]));
}

Value list(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("list", arguments, {"value"}, 1);
  return runtime.heap().list(runtime.to_values(bound[0]));
}

Value first(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("first", arguments, {"seq"}, 1);
  Value out = runtime.iterate(bound[0])();
  return out.is_missing() ? runtime.heap().undefined("No first item, sequence was empty.") : out;
}

Values reversed(Runtime& runtime, const Value& value) {
  if (value.is(Kind::iterator) || value.is(Kind::loop)) {
    type_fault(cat("'", type_name(value), "' object is not reversible"));
  }
  Values out = runtime.to_values(value);
  std::reverse(out.begin(), out.end());
  return out;
}

Value last(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("last", arguments, {"seq"}, 1);
  const Value& value = bound[0];
  if (value.is_string() || value.is_list_or_tuple()) {
    const Value out = subscript(runtime.heap(), value, Value::integer(-1));
    if (!out.is_missing()) return out;
  }
  Values items = reversed(runtime, value);
  return items.empty() ? runtime.heap().undefined("No last item, sequence was empty.") : items[0];
}

Value iterator_over(Runtime& runtime, const char* type, Values items) {
  const Value held = runtime.heap().list(std::move(items));
  return runtime.heap().iterator(
      type, [held, at = std::size_t{0}]() mutable { return at < held.items().size() ? held.items()[at++] : Value(); });
}

/// A Python generator: nothing happens, and nothing fails, before its first item is asked for.
Value generator(Runtime& runtime, std::function<std::function<Value()>()> start) {
  return runtime.heap().iterator("generator", [start, next = std::function<Value()>()]() mutable {
    if (!next) next = start();
    return next();
  });
}

std::function<Value()> nothing() {
  return [] { return Value(); };
}

/// The items of a list made for a generator.
std::function<Value()> over(Runtime& runtime, Values items) {
  return runtime.iterate(runtime.heap().list(std::move(items)));
}

Value reverse(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("reverse", arguments, {"value"}, 1);
  if (bound[0].is_string()) return slice(runtime.heap(), bound[0], Value(), Value(), Value::integer(-1));
  if (bound[0].is(Kind::iterator)) {
    Values items = runtime.to_values(bound[0]);
    std::reverse(items.begin(), items.end());
    return runtime.heap().list(std::move(items));
  }
  return iterator_over(runtime, "list_reverseiterator", reversed(runtime, bound[0]));
}

Value join(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("join", arguments, {"value", "d", "attribute"}, 1);
  const std::string separator = bound[1].is_missing() ? "" : runtime.str(bound[1]);
  const bool has_attribute = !bound[2].is_missing() && !bound[2].is_none();
  const Values path = attribute_path(runtime, bound[2]);
  Heap& heap = runtime.heap();
  const auto next = runtime.iterate(bound[0]);
  std::string out;
  bool is_first = true;
  for (Value item = next(); !item.is_missing(); item = next()) {
    heap.tick();
    if (has_attribute) item = follow(runtime, item, path);
    heap.reserve(out.size() + separator.size() + (item.is_string() ? item.text().size() : 0));
    heap.tick_bytes(separator.size());
    if (!is_first) out += separator;
    is_first = false;
    append_str(heap, out, item);
  }
  return runtime.string(std::move(out));
}

Value items(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("items", arguments, {"value"}, 1);
  return generator(runtime, [&runtime, value = bound[0]] {
    if (value.is_undefined()) return nothing();
    if (!value.is(Kind::dict)) {
      type_fault(cat("Can only get item pairs from a mapping, not from ", type_name(value), "."));
    }
    return runtime.iterate(Value(new DictView(runtime.heap(), DictView::What::items, value)));
  });
}

Value dictsort(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("dictsort", arguments, {"value", "case_sensitive", "by", "reverse"}, 1);
  const std::string by = bound[2].is_missing() ? "key" : to_text(bound[2], "by");
  if (by != "key" && by != "value") type_fault("You can only sort by either \"key\" or \"value\"");
  if (!bound[0].is(Kind::dict)) type_fault(cat("dictsort needs a mapping, not ", type_name(bound[0])));
  const bool is_case_sensitive = flag(bound[1]);
  std::vector<std::pair<Value, Value>> keyed;
  for (const auto& [key, value] : bound[0].as<Dict>().entries) {
    const Value& sorted_by = by == "key" ? key : value;
    keyed.emplace_back(is_case_sensitive ? sorted_by : ignore_case(runtime, sorted_by),
                       runtime.heap().tuple({key, value}));
  }
  sort_by_keys(runtime, keyed, flag(bound[3]));
  return runtime.heap().list(second_parts(keyed));
}

Value sort(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("sort", arguments, {"value", "reverse", "case_sensitive", "attribute"}, 1);
  const bool is_case_sensitive = flag(bound[2]);
  std::vector<Values> paths;
  if (bound[3].is_string()) {
    for (const std::string& part : split(bound[3].text(), ',')) {
      paths.push_back(attribute_path(runtime, runtime.string(part)));
    }
  } else {
    paths.push_back(attribute_path(runtime, bound[3]));
  }
  std::vector<std::pair<Value, Value>> keyed;
  for (Value& item : runtime.to_values(bound[0])) {
    Values keys;
    for (const Values& path : paths) {
      const Value key = follow(runtime, item, path);
      keys.push_back(is_case_sensitive ? key : ignore_case(runtime, key));
    }
    keyed.emplace_back(runtime.heap().list(std::move(keys)), std::move(item));
  }
  sort_by_keys(runtime, keyed, flag(bound[1]));
  return runtime.heap().list(second_parts(keyed));
}

Value groupby(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("groupby", arguments, {"value", "attribute", "default", "case_sensitive"}, 2);
  const Values path = attribute_path(runtime, bound[1]);
  const Value otherwise = bound[2].is_none() ? Value() : bound[2];
  const bool is_case_sensitive = flag(bound[3]);
  std::vector<std::pair<Value, Value>> keyed;
  for (Value& item : runtime.to_values(bound[0])) {
    const Value key = follow(runtime, item, path, otherwise);
    keyed.emplace_back(is_case_sensitive ? key : ignore_case(runtime, key), std::move(item));
  }
  sort_by_keys(runtime, keyed, false);
  Heap& heap = runtime.heap();
  Values out;
  for (std::size_t begin = 0; begin < keyed.size();) {
    std::size_t end = begin;
    Values members;
    while (end < keyed.size() && equals(heap, keyed[begin].first, keyed[end].first)) {
      members.push_back(keyed[end++].second);
    }
    if (end == begin) members.push_back(keyed[end++].second);  // a NaN equals nothing
    Value grouper = is_case_sensitive ? keyed[begin].first : follow(runtime, members[0], path, otherwise);
    Values pair = {std::move(grouper), heap.list(std::move(members))};
    out.emplace_back(new Sequence(heap, Kind::tuple, std::move(pair), true));
    begin = end;
  }
  return heap.list(std::move(out));
}

Value unique(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("unique", arguments, {"value", "case_sensitive", "attribute"}, 1);
  const bool is_case_sensitive = flag(bound[1]);
  const Values path = attribute_path(runtime, bound[2]);
  return generator(runtime, [&runtime, is_case_sensitive, path, value = bound[0]]() -> std::function<Value()> {
    // Bounded in number, so that equal hashes cost steps and nothing else.
    auto buckets = std::make_shared<std::vector<Values>>(256);
    return [&runtime, is_case_sensitive, path, buckets, num_seen = std::size_t{0},
            next = runtime.iterate(value)]() mutable {
      Heap& heap = runtime.heap();
      for (Value item = next(); !item.is_missing(); item = next()) {
        heap.tick();
        Value key = follow(runtime, item, path);
        if (!is_case_sensitive) key = ignore_case(runtime, key);
        Values& bucket = (*buckets)[hash(key) % buckets->size()];
        const auto is_seen = [&](const Value& other) { return equals(heap, other, key); };
        if (std::any_of(bucket.begin(), bucket.end(), is_seen)) continue;
        bucket.push_back(std::move(key));
        heap.reserve(++num_seen * sizeof(Value));
        return item;
      }
      return Value();
    };
  });
}

template <bool kMax>
Value extreme(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind(kMax ? "max" : "min", arguments, {"value", "case_sensitive", "attribute"}, 1);
  const bool is_case_sensitive = flag(bound[1]);
  const Values path = attribute_path(runtime, bound[2]);
  const auto key_of = [&](const Value& item) {
    const Value key = follow(runtime, item, path);
    return is_case_sensitive ? key : ignore_case(runtime, key);
  };
  const auto next = runtime.iterate(bound[0]);
  Value best = next();
  if (best.is_missing()) return runtime.heap().undefined("No aggregated item, sequence was empty.");
  Value best_key = key_of(best);
  for (Value item = next(); !item.is_missing(); item = next()) {
    Value key = key_of(item);
    if (!(kMax ? less(runtime.heap(), key, best_key, ">") : less(runtime.heap(), key, best_key, "<"))) continue;
    best = std::move(item);
    best_key = std::move(key);
  }
  return best;
}

Value sum(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("sum", arguments, {"iterable", "attribute", "start"}, 1);
  const bool has_attribute = !bound[1].is_missing() && !bound[1].is_none();
  const Values path = attribute_path(runtime, bound[1]);
  Value out = bound[2].is_missing() ? Value::integer(0) : bound[2];
  if (out.is_string()) type_fault("sum() can't sum strings [use ''.join(seq) instead]");
  const auto next = runtime.iterate(bound[0]);
  for (Value item = next(); !item.is_missing(); item = next()) {
    runtime.heap().tick();
    out = add(runtime.heap(), out, has_attribute ? follow(runtime, item, path) : item);
  }
  return out;
}

// ---- slices and batches ---------------------------------------------------------------------------------------------

Values slice_parts(Runtime& runtime, const Value& value, const Value& number, const Value& filler) {
  const Values items = runtime.to_values(value);
  const std::int64_t num_slices = to_index(number);
  if (num_slices == 0) type_fault("integer division or modulo by zero");
  const auto size = static_cast<std::int64_t>(items.size());
  const std::int64_t each = num_slices > 0 ? size / num_slices : 0;
  const std::int64_t num_longer = num_slices > 0 ? size % num_slices : 0;
  Values out;
  std::int64_t at = 0;
  for (std::int64_t i = 0; i < num_slices; ++i) {
    runtime.heap().tick();
    const std::int64_t count = each + (i < num_longer ? 1 : 0);
    Values part(items.begin() + at, items.begin() + at + count);
    if (!filler.is_missing() && !filler.is_none() && i >= num_longer) part.push_back(filler);
    out.push_back(runtime.heap().list(std::move(part)));
    at += count;
  }
  return out;
}

Value slices(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("slice", arguments, {"value", "slices", "fill_with"}, 2);
  return generator(runtime,
                   [&runtime, bound] { return over(runtime, slice_parts(runtime, bound[0], bound[1], bound[2])); });
}

Values batch_parts(Runtime& runtime, const Value& value, const Value& line_count, const Value& filler) {
  Heap& heap = runtime.heap();
  Values out;
  Values part;
  // A line count that is no number equals no length: one batch, unless it must be filled.
  for (Value& item : runtime.to_values(value)) {
    heap.tick();
    if (equals(heap, Value::integer(static_cast<std::int64_t>(part.size())), line_count)) {
      out.push_back(heap.list(std::move(part)));
      part.clear();
    }
    part.push_back(std::move(item));
  }
  if (part.empty()) return out;
  const bool fills = !filler.is_missing() && !filler.is_none();
  if (fills && less(heap, Value::integer(static_cast<std::int64_t>(part.size())), line_count)) {
    const std::int64_t size = to_index(line_count);
    heap.reserve(static_cast<std::size_t>(std::min<std::int64_t>(size, std::int64_t{1} << 40)) * sizeof(Value));
    part.resize(static_cast<std::size_t>(size), filler);
  }
  out.push_back(heap.list(std::move(part)));
  return out;
}

Value batch(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("batch", arguments, {"value", "linecount", "fill_with"}, 2);
  return generator(runtime,
                   [&runtime, bound] { return over(runtime, batch_parts(runtime, bound[0], bound[1], bound[2])); });
}

// ---- map, select, reject --------------------------------------------------------------------------------------------

/// The arguments after the first, which is what the filter is applied to.
Value take_first(const char* what, Arguments& arguments) {
  if (arguments.positional.empty()) type_fault(cat(what, "() missing required argument 'value'"));
  Value out = std::move(arguments.positional[0]);
  arguments.positional.erase(arguments.positional.begin());
  return out;
}

std::function<Value()> start_map(Runtime& runtime, const Value& source, Arguments rest) {
  if (!is_true(source)) return nothing();
  if (rest.positional.empty()) {
    const Values bound = bind("map", rest, {"attribute", "default"}, 0);
    if (bound[0].is_missing()) type_fault("map requires a filter argument");
    const Value otherwise = bound[1].is_none() ? Value() : bound[1];
    return [&runtime, path = attribute_path(runtime, bound[0]), otherwise, next = runtime.iterate(source)] {
      Value item = next();
      return item.is_missing() ? item : follow(runtime, item, path, otherwise);
    };
  }
  const Value name = take_first("map", rest);
  return [&runtime, name, rest, next = runtime.iterate(source)] {
    Value item = next();
    return item.is_missing() ? item : runtime.call_filter(name, item, rest);
  };
}

Value map(Runtime& runtime, const Value&, Arguments& arguments) {
  const Value source = take_first("map", arguments);
  return generator(runtime, [&runtime, source, rest = arguments] { return start_map(runtime, source, rest); });
}

template <bool kSelects, bool kByAttribute>
std::function<Value()> start_choose(Runtime& runtime, const Value& source, Arguments rest) {
  if (!is_true(source)) return nothing();
  Values path;
  if (kByAttribute) {
    if (rest.positional.empty()) type_fault("Missing parameter for attribute name");
    path = attribute_path(runtime, take_first("selectattr", rest));
  }
  const Value test = rest.positional.empty() ? Value() : take_first("select", rest);
  return [&runtime, path, test, rest, next = runtime.iterate(source)] {
    for (Value item = next(); !item.is_missing(); item = next()) {
      runtime.heap().tick();
      const Value subject = kByAttribute ? follow(runtime, item, path) : item;
      const bool holds = test.is_missing() ? is_true(subject) : runtime.call_test(test, subject, rest);
      if (holds == kSelects) return item;
    }
    return Value();
  };
}

template <bool kSelects, bool kByAttribute>
Value choose(Runtime& runtime, const Value&, Arguments& arguments) {
  const Value source = take_first("select", arguments);
  return generator(runtime, [&runtime, source, rest = arguments] {
    return start_choose<kSelects, kByAttribute>(runtime, source, rest);
  });
}

Value default_value(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("default", arguments, {"value", "default_value", "boolean"}, 1);
  const bool is_replaced = bound[0].is_undefined() || (flag(bound[2]) && !is_true(bound[0]));
  if (!is_replaced) return bound[0];
  return bound[1].is_missing() ? runtime.string("") : bound[1];
}

Value attr(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("attr", arguments, {"obj", "name"}, 2);
  const std::string& name = to_text(bound[1], "attribute name");
  // An item is no attribute; an undefined object has none either.
  if (bound[0].is_undefined()) {
    throw Fault{bound[0].as<Undefined>().message, false};
  }
  return runtime.plain_attribute(bound[0], name);
}

constexpr Entry kFilters[] = {{"length", count},
                              {"count", count},
                              {"list", list},
                              {"first", first},
                              {"last", last},
                              {"reverse", reverse},
                              {"join", join},
                              {"items", items},
                              {"dictsort", dictsort},
                              {"sort", sort},
                              {"groupby", groupby},
                              {"unique", unique},
                              {"min", extreme<false>},
                              {"max", extreme<true>},
                              {"sum", sum},
                              {"slice", slices},
                              {"batch", batch},
                              {"map", map},
                              {"select", choose<true, false>},
                              {"reject", choose<false, false>},
                              {"selectattr", choose<true, true>},
                              {"rejectattr", choose<false, true>},
                              {"default", default_value},
                              {"d", default_value},
                              {"attr", attr}};

}  // namespace

Table sequence_filters() noexcept { return {kFilters, std::size(kFilters)}; }

}  // namespace forgelm::text::jinja
