// Python's operators, subscripts, slices and membership on the Jinja engine's values. Integers have 64 bits here: what
// would overflow them is a fault, where Python goes on.
#include <cmath>

#include "forgelm/core/text.hpp"
#include "jinja_builtins.hpp"
#include "jinja_runtime.hpp"
#include "jinja_text.hpp"

namespace forgelm::text::jinja {

namespace {

[[noreturn]] void overflow() { throw Fault{"an integer does not fit in 64 bits", false}; }

[[noreturn]] void unsupported(const char* symbol, const Value& a, const Value& b) {
  for (const Value* side : {&a, &b}) {
    if (side->is_undefined()) throw Fault{side->as<Undefined>().message, false};
  }
  type_fault(cat("unsupported operand type(s) for ", symbol, ": '", type_name(a), "' and '", type_name(b), "'"));
}

bool are_integral(const Value& a, const Value& b) { return a.is_integral() && b.is_integral(); }
bool are_numbers(const Value& a, const Value& b) { return a.is_number() && b.is_number(); }
bool is_markup(const Value& value) { return value.is_string() && value.as<String>().is_markup; }

Value concatenate(Heap& heap, const Value& a, const Value& b) {
  heap.reserve(a.text().size() + b.text().size());
  if (!is_markup(a) && !is_markup(b)) return heap.string(cat(a.text(), b.text()));
  return heap.string(
      cat(is_markup(a) ? a.text() : escape_html(a.text()), is_markup(b) ? b.text() : escape_html(b.text())), true);
}

}  // namespace

void type_fault(std::string message) { throw Fault{std::move(message), false}; }

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '\'': out += "&#39;"; break;
      case '"': out += "&#34;"; break;
      default: out += c;
    }
  }
  return out;
}

// ---- arithmetic -----------------------------------------------------------------------------------------------------

Value add(Heap& heap, const Value& a, const Value& b) {
  if (are_integral(a, b)) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a.as_integer(), b.as_integer(), &sum)) overflow();
    return Value::integer(sum);
  }
  if (are_numbers(a, b)) return Value::real(a.as_real() + b.as_real());
  if (a.is_string() && b.is_string()) return concatenate(heap, a, b);
  if (a.is_list_or_tuple() && a.kind() == b.kind()) {
    heap.reserve((a.items().size() + b.items().size()) * sizeof(Value));
    heap.tick_bytes((a.items().size() + b.items().size()) * sizeof(Value));
    Values items = a.items();
    items.insert(items.end(), b.items().begin(), b.items().end());
    return a.is(Kind::list) ? heap.list(std::move(items)) : heap.tuple(std::move(items));
  }
  if (!a.is_undefined() && !b.is_undefined() && (a.is_string() || a.is_list_or_tuple())) {
    type_fault(cat("can only concatenate ", type_name(a), " (not \"", type_name(b), "\") to ", type_name(a)));
  }
  unsupported("+", a, b);
}

Value subtract(Heap&, const Value& a, const Value& b) {
  if (are_integral(a, b)) {
    std::int64_t difference = 0;
    if (__builtin_sub_overflow(a.as_integer(), b.as_integer(), &difference)) overflow();
    return Value::integer(difference);
  }
  if (are_numbers(a, b)) return Value::real(a.as_real() - b.as_real());
  unsupported("-", a, b);
}

namespace {

Value repeat(Heap& heap, const Value& sequence, const Value& times) {
  const auto count = static_cast<std::size_t>(std::max<std::int64_t>(times.as_integer(), 0));
  const std::size_t size = sequence.is_string() ? sequence.text().size() : sequence.items().size() * sizeof(Value);
  std::size_t total = 0;
  if (__builtin_mul_overflow(size, count, &total)) total = SIZE_MAX / 2;
  heap.reserve(total);
  heap.tick_bytes(total);
  if (sequence.is_string()) {
    std::string out;
    out.reserve(total);
    if (size == 1) out.assign(count, sequence.text()[0]);
    else if (size != 0)
      for (std::size_t i = 0; i < count; ++i) out += sequence.text();
    return heap.string(std::move(out), sequence.as<String>().is_markup);
  }
  Values out;
  const Values& items = sequence.items();
  if (!items.empty()) {
    out.reserve(items.size() * count);
    for (std::size_t i = 0; i < count; ++i) out.insert(out.end(), items.begin(), items.end());
  }
  return sequence.is(Kind::list) ? heap.list(std::move(out)) : heap.tuple(std::move(out));
}

}  // namespace

Value multiply(Heap& heap, const Value& a, const Value& b) {
  if (are_integral(a, b)) {
    std::int64_t product = 0;
    if (__builtin_mul_overflow(a.as_integer(), b.as_integer(), &product)) overflow();
    return Value::integer(product);
  }
  if (are_numbers(a, b)) return Value::real(a.as_real() * b.as_real());
  if (b.is_integral() && (a.is_string() || a.is_list_or_tuple())) return repeat(heap, a, b);
  if (a.is_integral() && (b.is_string() || b.is_list_or_tuple())) return repeat(heap, b, a);
  if (!a.is_undefined() && !b.is_undefined()) {
    if (a.is_string() || a.is_list_or_tuple()) {
      type_fault(cat("can't multiply sequence by non-int of type '", type_name(b), "'"));
    }
    if (b.is_string() || b.is_list_or_tuple()) {
      type_fault(cat("can't multiply sequence by non-int of type '", type_name(a), "'"));
    }
  }
  unsupported("*", a, b);
}

Value divide(Heap&, const Value& a, const Value& b) {
  if (!are_numbers(a, b)) unsupported("/", a, b);
  if (b.as_real() == 0) type_fault(b.is_integral() && a.is_integral() ? "division by zero" : "float division by zero");
  if (are_integral(a, b)) {
    return Value::real(
        static_cast<double>(static_cast<long double>(a.as_integer()) / static_cast<long double>(b.as_integer())));
  }
  return Value::real(a.as_real() / b.as_real());
}

namespace {

/// Python's float divmod: the remainder has the divisor's sign.
double floor_mod(double a, double b, double* quotient) {
  double mod = std::fmod(a, b);
  double div = (a - mod) / b;
  if (mod != 0) {
    if ((b < 0) != (mod < 0)) {
      mod += b;
      div -= 1;
    }
  } else {
    mod = std::copysign(0.0, b);
  }
  if (div != 0) {
    double floored = std::floor(div);
    if (div - floored > 0.5) floored += 1;
    div = floored;
  } else {
    div = std::copysign(0.0, a / b);
  }
  if (quotient != nullptr) *quotient = div;
  return mod;
}

}  // namespace

Value floor_divide(Heap&, const Value& a, const Value& b) {
  if (!are_numbers(a, b)) unsupported("//", a, b);
  if (b.as_real() == 0) {
    type_fault(are_integral(a, b) ? "integer division or modulo by zero" : "float floor division by zero");
  }
  if (!are_integral(a, b)) {
    double quotient = 0;
    floor_mod(a.as_real(), b.as_real(), &quotient);
    return Value::real(quotient);
  }
  const std::int64_t x = a.as_integer();
  const std::int64_t y = b.as_integer();
  if (y == -1) {
    std::int64_t out = 0;
    if (__builtin_sub_overflow(std::int64_t{0}, x, &out)) overflow();
    return Value::integer(out);
  }
  const std::int64_t quotient = x / y;
  return Value::integer(x % y != 0 && ((x < 0) != (y < 0)) ? quotient - 1 : quotient);
}

Value modulo(Runtime& runtime, const Value& a, const Value& b) {
  if (a.is_string()) return runtime.heap().string(percent_format(runtime, a.text(), b), is_markup(a));
  if (!are_numbers(a, b)) unsupported("%", a, b);
  if (b.as_real() == 0) type_fault(are_integral(a, b) ? "integer division or modulo by zero" : "float modulo");
  if (!are_integral(a, b)) return Value::real(floor_mod(a.as_real(), b.as_real(), nullptr));
  const std::int64_t y = b.as_integer();
  if (y == -1) return Value::integer(0);
  const std::int64_t remainder = a.as_integer() % y;
  return Value::integer(remainder != 0 && ((remainder < 0) != (y < 0)) ? remainder + y : remainder);
}

Value power(Heap& heap, const Value& a, const Value& b) {
  if (!are_numbers(a, b)) unsupported("** or pow()", a, b);
  if (are_integral(a, b) && b.as_integer() >= 0) {
    std::int64_t base = a.as_integer();
    std::int64_t out = 1;
    if (base == 0 || base == 1) return Value::integer(b.as_integer() == 0 ? 1 : base);
    if (base == -1) return Value::integer(b.as_integer() % 2 == 0 ? 1 : -1);
    for (std::int64_t i = 0; i < b.as_integer(); ++i) {
      heap.tick();
      if (__builtin_mul_overflow(out, base, &out)) overflow();
    }
    return Value::integer(out);
  }
  const double base = a.as_real();
  const double exponent = b.as_real();
  if (base == 0 && exponent < 0) type_fault("0.0 cannot be raised to a negative power");
  if (base < 0 && std::isfinite(exponent) && std::floor(exponent) != exponent) {
    type_fault("complex numbers are not supported");
  }
  const double out = std::pow(base, exponent);
  if (std::isinf(out) && std::isfinite(base) && std::isfinite(exponent)) type_fault("Numerical result out of range");
  return Value::real(out);
}

Value negate(Heap&, const Value& a, bool is_plus) {
  if (a.is_undefined()) throw Fault{a.as<Undefined>().message, false};
  if (!a.is_number()) type_fault(cat("bad operand type for unary ", is_plus ? "+" : "-", ": '", type_name(a), "'"));
  if (a.is(Kind::real)) return Value::real(is_plus ? a.as_real() : -a.as_real());
  if (is_plus) return Value::integer(a.as_integer());
  std::int64_t out = 0;
  if (__builtin_sub_overflow(std::int64_t{0}, a.as_integer(), &out)) overflow();
  return Value::integer(out);
}

// ---- membership -----------------------------------------------------------------------------------------------------

namespace {

bool is_same(const Value& a, const Value& b) { return a.is_object() && b.is_object() && a.object() == b.object(); }

bool any_equals(Runtime& runtime, const Value& container, const Value& item) {
  const auto next = runtime.iterate(container);
  for (Value other = next(); !other.is_missing(); other = next()) {
    if (is_same(other, item) || equals(runtime.heap(), other, item)) return true;
  }
  return false;
}

}  // namespace

bool contains(Runtime& runtime, const Value& container, const Value& item) {
  Heap& heap = runtime.heap();
  switch (container.kind()) {
    case Kind::string:
      if (!item.is_string()) {
        type_fault(cat("'in <string>' requires string as left operand, not ", type_name(item)));
      }
      heap.tick_bytes(container.text().size());
      return find_text(container.text(), item.text(), 0) != std::string::npos;
    case Kind::dict: return container.as<Dict>().find(item) != nullptr;
    case Kind::dict_view: {
      const auto& view = container.as<DictView>();
      const auto& dict = view.dict.as<Dict>();
      if (view.what == DictView::What::keys) return dict.find(item) != nullptr;
      if (view.what == DictView::What::values) return any_equals(runtime, container, item);
      if (!item.is(Kind::tuple) || item.items().size() != 2) return false;
      const Value* value = dict.find(item.items()[0]);
      return value != nullptr && equals(heap, *value, item.items()[1]);
    }
    case Kind::list:
    case Kind::tuple:
    case Kind::undefined:
    case Kind::range:
    case Kind::iterator: return any_equals(runtime, container, item);
    default: type_fault(cat("argument of type '", type_name(container), "' is not iterable"));
  }
}

// ---- subscripts and slices ------------------------------------------------------------------------------------------

bool has_length(const Value& value) noexcept {
  switch (value.kind()) {
    case Kind::string:
    case Kind::list:
    case Kind::tuple:
    case Kind::dict:
    case Kind::dict_view:
    case Kind::range:
    case Kind::loop:
    case Kind::undefined: return true;
    default: return false;
  }
}

std::int64_t length(const Value& value) {
  switch (value.kind()) {
    case Kind::string: return value.as<String>().length();
    case Kind::list:
    case Kind::tuple: return static_cast<std::int64_t>(value.items().size());
    case Kind::dict: return static_cast<std::int64_t>(value.as<Dict>().entries.size());
    case Kind::dict_view: return length(value.as<DictView>().dict);
    case Kind::range: return value.as<Range>().size;
    case Kind::loop: return value.as<Loop>().length();
    case Kind::undefined: return 0;
    default: type_fault(cat("object of type '", type_name(value), "' has no len()"));
  }
}

Value subscript(Heap& heap, const Value& container, const Value& key) {
  if (container.is(Kind::dict)) {
    try {
      const Value* found = container.as<Dict>().find(key);
      return found != nullptr ? *found : Value();
    } catch (const Fault&) {
      if (key.is(Kind::list) || key.is(Kind::dict) || key.is(Kind::tuple)) return Value();  // unhashable: no such item
      throw;
    }
  }
  if (!key.is_integral()) return Value();
  if (!container.is_string() && !container.is_list_or_tuple() && !container.is(Kind::range)) return Value();
  const std::int64_t size = length(container);
  std::int64_t index = key.as_integer();
  if (index < 0) index += size;
  if (index < 0 || index >= size) return Value();
  if (container.is(Kind::range)) return container.as<Range>().at(index);
  if (!container.is_string()) return container.items()[static_cast<std::size_t>(index)];
  const std::string& text = container.text();
  const bool is_ascii = container.as<String>().is_ascii;
  if (!is_ascii) heap.tick_bytes(2 * text.size());
  const std::size_t begin = byte_offset(text, is_ascii, static_cast<std::size_t>(index));
  return heap.string(text.substr(begin, sequence_size(text[begin])), is_markup(container));
}

namespace {

struct Bounds {
  std::int64_t start, stop, step, count;
};

std::int64_t slice_index(const Value& value) {
  if (value.is_integral()) return value.as_integer();
  if (value.is_undefined()) throw Fault{value.as<Undefined>().message, false};
  type_fault("slice indices must be integers or None or have an __index__ method");
}

Bounds bounds_of(std::int64_t size, const Value& start, const Value& stop, const Value& step) {
  const auto is_given = [](const Value& value) { return !value.is_missing() && !value.is_none(); };
  Bounds out{0, size, is_given(step) ? slice_index(step) : 1, 0};
  if (out.step == 0) type_fault("slice step cannot be zero");
  const bool is_backward = out.step < 0;
  const auto clip = [&](const Value& value, std::int64_t otherwise) {
    if (!is_given(value)) return otherwise;
    std::int64_t index = slice_index(value);
    if (index < 0) index += size;
    if (index < 0) return std::int64_t{is_backward ? -1 : 0};
    return index >= size ? (is_backward ? size - 1 : size) : index;
  };
  out.start = clip(start, is_backward ? size - 1 : 0);
  out.stop = clip(stop, is_backward ? -1 : size);
  const std::int64_t width = is_backward ? out.start - out.stop : out.stop - out.start;
  // -(step + 1) cannot overflow, -step can.
  const std::int64_t stride_less_1 = is_backward ? -(out.step + 1) : out.step - 1;
  if (width > 0) out.count = stride_less_1 >= width ? 1 : (width - 1) / (stride_less_1 + 1) + 1;
  return out;
}

std::string slice_text(const String& text, const Bounds& bounds) {
  if (bounds.step == 1) {
    const std::size_t begin = byte_offset(text.text, text.is_ascii, static_cast<std::size_t>(bounds.start));
    const std::string_view rest = std::string_view(text.text).substr(begin);
    return std::string(rest.substr(0, byte_offset(rest, text.is_ascii, static_cast<std::size_t>(bounds.count))));
  }
  const std::u32string all = to_code_points(text.text);
  std::string out;
  for (std::int64_t i = 0; i < bounds.count; ++i) {
    append_utf8(out, all[static_cast<std::size_t>(bounds.start + i * bounds.step)]);
  }
  return out;
}

}  // namespace

Value slice(Heap& heap, const Value& container, const Value& start, const Value& stop, const Value& step) {
  if (container.is_undefined()) throw Fault{container.as<Undefined>().message, false};
  if (container.is(Kind::dict)) type_fault("unhashable type: 'slice'");
  if (!container.is_string() && !container.is_list_or_tuple() && !container.is(Kind::range)) {
    type_fault(cat("'", type_name(container), "' object is not subscriptable"));
  }
  const Bounds bounds = bounds_of(length(container), start, stop, step);
  if (container.is_string()) {
    const auto& text = container.as<String>();
    heap.tick_bytes(text.is_ascii && bounds.step == 1 ? 0 : 4 * text.text.size());
    if (bounds.step != 1) heap.reserve(5 * text.text.size());
    return heap.string(slice_text(text, bounds), text.is_markup);
  }
  if (container.is(Kind::range)) {
    const auto& range = container.as<Range>();
    const std::int64_t first = range.start + bounds.start * range.step;
    const std::int64_t stride = bounds.count > 1 ? range.step * bounds.step : range.step;
    return Value(new Range(heap, first, bounds.count == 0 ? first : first + bounds.count * stride, stride));
  }
  heap.reserve(static_cast<std::size_t>(bounds.count) * sizeof(Value));
  heap.tick_bytes(static_cast<std::size_t>(bounds.count) * sizeof(Value));
  Values items;
  items.reserve(static_cast<std::size_t>(bounds.count));
  for (std::int64_t i = 0; i < bounds.count; ++i) {
    items.push_back(container.items()[static_cast<std::size_t>(bounds.start + i * bounds.step)]);
  }
  return container.is(Kind::list) ? heap.list(std::move(items)) : heap.tuple(std::move(items));
}

}  // namespace forgelm::text::jinja
