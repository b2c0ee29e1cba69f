// Construction, accounting, truth, equality, order and hashing of the Jinja engine's values.
#include "jinja_value.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "forgelm/core/text.hpp"
#include "jinja_objects.hpp"
#include "jinja_text.hpp"

namespace forgelm::text::jinja {

namespace {

constexpr std::size_t kObjectBytes = 48;

std::uint8_t nesting_over(const Values& items) {
  int deepest = 0;
  for (const Value& item : items) {
    if (item.is_object()) deepest = std::max<int>(deepest, item.object()->nesting);
  }
  if (deepest >= kMaxNesting) throw Fault{cat("a value is nested more than ", kMaxNesting, " levels deep"), false};
  return static_cast<std::uint8_t>(deepest + 1);
}

}  // namespace

// ---- objects --------------------------------------------------------------------------------------------------------

Object::Object(Heap& owner, Kind object_kind, std::size_t size_bytes)
    : heap(owner), charged_bytes(size_bytes + kObjectBytes), kind(object_kind) {
  heap.add(charged_bytes);
}
Object::~Object() { heap.remove(charged_bytes); }

String::String(Heap& heap_, std::string content, bool safe)
    : Object(heap_, Kind::string, content.size()),
      text(std::move(content)),
      is_ascii(jinja::is_ascii(text)),
      is_markup(safe) {}

std::int64_t String::length() {
  if (length_ < 0) {
    if (!is_ascii) heap.tick_bytes(2 * text.size());
    length_ = static_cast<std::int64_t>(is_ascii ? text.size() : num_code_points(text));
  }
  return length_;
}

Sequence::Sequence(Heap& heap_, Kind kind_, Values content, bool group)
    : Object(heap_, kind_, content.size() * sizeof(Value)), items(std::move(content)), is_group(group) {
  nesting = nesting_over(items);
}

Dict::Dict(Heap& heap_, std::vector<std::pair<Value, Value>> content)
    : Object(heap_, Kind::dict, content.size() * (2 * sizeof(Value) + 8)) {
  if (content.size() > 8) {
    std::size_t size = 16;
    while (size < content.size() * 2) size *= 2;
    table_.assign(size, 0);
  }
  entries.reserve(content.size());
  int deepest = 0;
  for (auto& [key, value] : content) {
    for (const Value* part : {&key, &value}) {
      if (part->is_object()) deepest = std::max<int>(deepest, part->object()->nesting);
    }
    const std::size_t key_hash = hash(key);
    if (const Value* present = find(key)) {
      *const_cast<Value*>(present) = std::move(value);  // NOLINT: still under construction
      continue;
    }
    entries.emplace_back(std::move(key), std::move(value));
    if (table_.empty()) continue;
    std::size_t slot = key_hash & (table_.size() - 1);
    while (table_[slot] != 0) slot = (slot + 1) & (table_.size() - 1);
    table_[slot] = static_cast<std::uint32_t>(entries.size());
  }
  if (deepest >= kMaxNesting) throw Fault{cat("a value is nested more than ", kMaxNesting, " levels deep"), false};
  nesting = static_cast<std::uint8_t>(deepest + 1);
}

const Value* Dict::find(const Value& key) const {
  const std::size_t key_hash = hash(key);  // before all: an unhashable key is a fault in an empty dict, too
  if (table_.empty()) {
    for (const auto& [name, value] : entries) {
      if (equals(heap, name, key)) return &value;
    }
    return nullptr;
  }
  for (std::size_t slot = key_hash & (table_.size() - 1); table_[slot] != 0; slot = (slot + 1) & (table_.size() - 1)) {
    const auto& [name, value] = entries[table_[slot] - 1];
    if (equals(heap, name, key)) return &value;
  }
  return nullptr;
}

const Value* Dict::find(std::string_view key) const {
  if (!table_.empty()) return find(heap.string(std::string(key)));
  for (const auto& [name, value] : entries) {
    if (name.is_string() && name.text() == key) return &value;
  }
  return nullptr;
}

DictView::DictView(Heap& heap_, What view, Value of)
    : Object(heap_, Kind::dict_view, 0), what(view), dict(std::move(of)) {
  nesting = dict.object()->nesting;
}
Undefined::Undefined(Heap& heap_, std::string text)
    : Object(heap_, Kind::undefined, text.size()), message(std::move(text)) {}
Range::Range(Heap& heap_, std::int64_t first, std::int64_t end, std::int64_t stride)
    : Object(heap_, Kind::range, 0), start(first), stop(end), step(stride), size(0) {
  // In 128 bits, since the ends may be far apart.
  const __int128 width = stride > 0 ? static_cast<__int128>(end) - first : static_cast<__int128>(first) - end;
  const __int128 stride_width = stride > 0 ? static_cast<__int128>(stride) : -static_cast<__int128>(stride);
  if (width <= 0) return;
  const __int128 count = (width + stride_width - 1) / stride_width;
  constexpr std::int64_t kMaxRange = 100'000;
  if (count > kMaxRange) throw Fault{cat("Range too big. The sandbox blocks ranges larger than ", kMaxRange), false};
  size = static_cast<std::int64_t>(count);
}
Iterator::Iterator(Heap& heap_, const char* type, std::function<Value()> pull)
    : Object(heap_, Kind::iterator, 64), type_name(type), next(std::move(pull)) {}
Namespace::Namespace(Heap& heap_) : Object(heap_, Kind::name_space, 64) {
  heap.keep(this, [](Object& self) { static_cast<Namespace&>(self).members.clear(); });
}
Function::Function(Heap& heap_, const char* function_name, Builtin builtin, Value of)
    : Object(heap_, Kind::function, 0), name(function_name), call(builtin), self(std::move(of)) {
  if (self.is_object()) nesting = self.object()->nesting;
}
Cycler::Cycler(Heap& heap_, Values content)
    : Object(heap_, Kind::cycler, content.size() * sizeof(Value)), items(std::move(content)) {
  nesting = nesting_over(items);
}
Joiner::Joiner(Heap& heap_, Value text) : Object(heap_, Kind::joiner, 0), separator(std::move(text)) {
  if (separator.is_object()) nesting = separator.object()->nesting;
}

const Value* Namespace::find(std::string_view name) const {
  heap.tick_bytes(members.size() * 16);
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

void Namespace::set(std::string_view name, Value value) {
  for (auto& [key, present] : members) {
    heap.tick();
    if (key == name) {
      present = std::move(value);
      return;
    }
  }
  heap.add(sizeof(Value) + 32 + name.size());
  charged_bytes += sizeof(Value) + 32 + name.size();
  members.emplace_back(name, std::move(value));
}

// ---- heap -----------------------------------------------------------------------------------------------------------

void Heap::set_limits(std::int64_t max_steps, std::size_t max_bytes) noexcept {
  num_steps_ = 0;
  max_steps_ = max_steps;
  max_bytes_ = used_bytes_ + max_bytes;
}

Heap::~Heap() {
  for (auto& [object, clear] : kept_) clear(*object);
  for (auto& [object, clear] : kept_) {
    if (--object->num_references == 0) delete object;
  }
}

void Heap::out_of_steps() const {
  throw Fault{cat("the template takes more than ", max_steps_, " steps (max_steps)"), false};
}
void Heap::tick_bytes(std::size_t num_bytes) {
  num_steps_ += static_cast<std::int64_t>(num_bytes >> 10);
  if (num_steps_ > max_steps_) out_of_steps();
}
void Heap::reserve(std::size_t num_bytes) const {
  if (num_bytes > max_bytes_ || used_bytes_ > max_bytes_ - num_bytes) {
    throw Fault{cat("the template holds more than ", max_bytes_ >> 20, " MiB of values (memory limit)"), false};
  }
}
void Heap::add(std::size_t num_bytes) {
  reserve(num_bytes);
  used_bytes_ += num_bytes;
}
void Heap::keep(Object* object, void (*clear)(Object&)) {
  kept_.emplace_back(object, clear);
  ++object->num_references;
}

Value Heap::string(std::string text, bool is_markup) {
  tick_bytes(text.size());
  return Value(new String(*this, std::move(text), is_markup));
}
Value Heap::list(Values items) { return Value(new Sequence(*this, Kind::list, std::move(items), false)); }
Value Heap::tuple(Values items) { return Value(new Sequence(*this, Kind::tuple, std::move(items), false)); }
Value Heap::dict(std::vector<std::pair<Value, Value>> entries) { return Value(new Dict(*this, std::move(entries))); }
Value Heap::undefined(std::string message) { return Value(new Undefined(*this, std::move(message))); }
Value Heap::iterator(const char* type, std::function<Value()> next) {
  return Value(new Iterator(*this, type, std::move(next)));
}

// ---- what Python says of a value ------------------------------------------------------------------------------------

const char* type_name(const Value& value) noexcept {
  switch (value.kind()) {
    case Kind::missing: return "missing";
    case Kind::none: return "NoneType";
    case Kind::boolean: return "bool";
    case Kind::integer: return "int";
    case Kind::real: return "float";
    case Kind::undefined: return "Undefined";
    case Kind::string: return value.as<String>().is_markup ? "Markup" : "str";
    case Kind::list: return "list";
    case Kind::tuple: return "tuple";
    case Kind::dict: return "dict";
    case Kind::dict_view: {
      const auto what = value.as<DictView>().what;
      return what == DictView::What::keys ? "dict_keys" : what == DictView::What::values ? "dict_values" : "dict_items";
    }
    case Kind::range: return "range";
    case Kind::iterator: return value.as<Iterator>().type_name;
    case Kind::name_space: return "Namespace";
    case Kind::macro: return "Macro";
    case Kind::loop: return "LoopContext";
    case Kind::function: return value.as<Function>().self.is_missing() ? "function" : "builtin_function_or_method";
    case Kind::cycler: return "Cycler";
    case Kind::joiner: return "Joiner";
  }
  return "object";
}

std::string object_repr(const Value& value) {
  if (value.is_none()) return "None";
  return cat(type_name(value), " object");
}

bool is_true(const Value& value) {
  switch (value.kind()) {
    case Kind::missing:
    case Kind::none:
    case Kind::undefined: return false;
    case Kind::boolean:
    case Kind::integer: return value.as_integer() != 0;
    case Kind::real: return value.as_real() != 0;
    case Kind::string: return !value.text().empty();
    case Kind::list:
    case Kind::tuple: return !value.items().empty();
    case Kind::dict: return !value.as<Dict>().entries.empty();
    case Kind::dict_view: return is_true(value.as<DictView>().dict);
    case Kind::range: return value.as<Range>().size != 0;
    default: return true;
  }
}

namespace {

/// -1, 0, 1, or 2 when one is NaN. Exact for every int and float.
int compare_numbers(const Value& a, const Value& b) {
  if (!a.is(Kind::real) && !b.is(Kind::real)) {
    return a.as_integer() < b.as_integer() ? -1 : a.as_integer() > b.as_integer() ? 1 : 0;
  }
  if (a.is(Kind::real) && b.is(Kind::real)) {
    if (std::isnan(a.as_real()) || std::isnan(b.as_real())) return 2;
    return a.as_real() < b.as_real() ? -1 : a.as_real() > b.as_real() ? 1 : 0;
  }
  if (!a.is(Kind::real)) {
    const int turned = compare_numbers(b, a);
    return turned == 2 ? 2 : -turned;
  }
  const double real = a.as_real();
  if (std::isnan(real)) return 2;
  if (real >= 9223372036854775808.0) return 1;
  if (real < -9223372036854775808.0) return -1;
  const double whole = std::floor(real);
  const auto integer = static_cast<std::int64_t>(whole);
  if (integer != b.as_integer()) return integer < b.as_integer() ? -1 : 1;
  return real > whole ? 1 : 0;
}

bool equal_dicts(Heap& heap, const Dict& a, const Dict& b) {
  if (a.entries.size() != b.entries.size()) return false;
  for (const auto& [key, value] : a.entries) {
    const Value* other = b.find(key);
    if (other == nullptr || !equals(heap, value, *other)) return false;
  }
  return true;
}

bool equal_ranges(const Range& a, const Range& b) {
  if (a.size != b.size) return false;
  return a.size == 0 || (a.start == b.start && (a.size == 1 || a.step == b.step));
}

}  // namespace

bool equals(Heap& heap, const Value& a, const Value& b) {
  heap.tick();
  if (a.is_number() && b.is_number()) return compare_numbers(a, b) == 0;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::missing:
    case Kind::none:
    case Kind::undefined: return true;
    case Kind::string:
      if (a.text().size() != b.text().size()) return false;
      heap.tick_bytes(a.text().size());
      return a.text() == b.text();
    case Kind::list:
    case Kind::tuple:
      return a.object() == b.object() ||
             std::equal(a.items().begin(), a.items().end(), b.items().begin(), b.items().end(),
                        [&heap](const Value& x, const Value& y) {
                          return (x.is_object() && y.is_object() && x.object() == y.object()) || equals(heap, x, y);
                        });
    case Kind::dict: return a.object() == b.object() || equal_dicts(heap, a.as<Dict>(), b.as<Dict>());
    case Kind::range: return equal_ranges(a.as<Range>(), b.as<Range>());
    case Kind::dict_view: {
      const auto& left = a.as<DictView>();
      const auto& right = b.as<DictView>();
      if (left.what == DictView::What::values || left.what != right.what) return a.object() == b.object();
      if (left.what == DictView::What::items) return equals(heap, left.dict, right.dict);
      const auto& keys = left.dict.as<Dict>().entries;
      return keys.size() == right.dict.as<Dict>().entries.size() &&
             std::all_of(keys.begin(), keys.end(),
                         [&](const auto& entry) { return right.dict.as<Dict>().find(entry.first) != nullptr; });
    }
    case Kind::function:
      return a.object() == b.object() ||
             (a.as<Function>().call == b.as<Function>().call && !a.as<Function>().self.is_missing() &&
              a.as<Function>().self.is_object() && b.as<Function>().self.is_object() &&
              a.as<Function>().self.object() == b.as<Function>().self.object());
    default: return a.object() == b.object();
  }
}

bool less(Heap& heap, const Value& a, const Value& b, const char* symbol) {
  heap.tick();
  const bool is_strict = symbol[1] == '\0';
  const bool is_turned = symbol[0] == '>';
  if (a.is_number() && b.is_number()) {
    const int order = compare_numbers(a, b);
    if (order == 2) return false;
    return (is_turned ? order > 0 : order < 0) || (!is_strict && order == 0);
  }
  for (const Value* side : {&a, &b}) {
    if (side->is_undefined()) throw Fault{side->as<Undefined>().message, false};
  }
  if (a.is_string() && b.is_string()) {
    heap.tick_bytes(std::min(a.text().size(), b.text().size()));
    const int order = a.text().compare(b.text());  // UTF-8 sorts as code points do
    return (is_turned ? order > 0 : order < 0) || (!is_strict && order == 0);
  }
  if (a.is_list_or_tuple() && a.kind() == b.kind()) {
    const Values& left = a.items();
    const Values& right = b.items();
    for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
      if (!equals(heap, left[i], right[i])) return less(heap, left[i], right[i], symbol);
    }
    if (left.size() == right.size()) return !is_strict;
    return is_turned ? left.size() > right.size() : left.size() < right.size();
  }
  throw Fault{cat("'", symbol, "' not supported between instances of '", type_name(a), "' and '", type_name(b), "'"),
              false};
}

std::size_t hash(const Value& value) {
  switch (value.kind()) {
    case Kind::missing:
    case Kind::none: return 0x9e3779b97f4a7c15u;
    case Kind::undefined: return 0x5bd1e995u;
    case Kind::boolean:
    case Kind::integer: return std::hash<std::int64_t>()(value.as_integer()) * 0x9e3779b97f4a7c15u >> 7;
    case Kind::real: {
      const double real = value.as_real();
      if (real >= -9223372036854775808.0 && real < 9223372036854775808.0 && std::floor(real) == real) {
        return hash(Value::integer(static_cast<std::int64_t>(real)));
      }
      return std::hash<double>()(real);
    }
    case Kind::string:
      value.object()->heap.tick_bytes(value.text().size());
      return std::hash<std::string_view>()(value.text());
    case Kind::tuple: {
      std::size_t sum = 0x345678;
      for (const Value& item : value.items()) {
        value.object()->heap.tick();
        sum = (sum ^ hash(item)) * 0x9e3779b97f4a7c15u;
      }
      return sum;
    }
    case Kind::list:
    case Kind::dict: throw Fault{cat("unhashable type: '", type_name(value), "'"), false};
    case Kind::dict_view:
      if (value.as<DictView>().what != DictView::What::values) {
        throw Fault{cat("unhashable type: '", type_name(value), "'"), false};
      }
      return std::hash<const void*>()(value.object());
    case Kind::range: return static_cast<std::size_t>(value.as<Range>().size);
    default: return std::hash<const void*>()(value.object());
  }
}

}  // namespace forgelm::text::jinja
