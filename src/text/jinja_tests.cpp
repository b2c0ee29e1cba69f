// Tests: what stands after `is`.
#include "forgelm/core/text.hpp"
#include "jinja_builtins.hpp"
#include "jinja_runtime.hpp"
#include "jinja_text.hpp"

namespace forgelm::text::jinja {

namespace {

using Check = bool (*)(const Value&);

template <Check kCheck>
Value is(Runtime&, const Value&, Arguments& arguments) {
  return Value::boolean(kCheck(bind("test", arguments, {"value"}, 1)[0]));
}

bool is_defined(const Value& value) { return !value.is_undefined(); }
bool is_undefined(const Value& value) { return value.is_undefined(); }
bool is_none(const Value& value) { return value.is_none(); }
bool is_boolean(const Value& value) { return value.is(Kind::boolean); }
bool is_true_constant(const Value& value) { return value.is(Kind::boolean) && value.as_boolean(); }
bool is_false_constant(const Value& value) { return value.is(Kind::boolean) && !value.as_boolean(); }
bool is_integer(const Value& value) { return value.is(Kind::integer); }
bool is_float(const Value& value) { return value.is(Kind::real); }
bool is_number(const Value& value) { return value.is_number(); }
bool is_string(const Value& value) { return value.is_string(); }
bool is_mapping(const Value& value) { return value.is(Kind::dict); }
bool is_escaped(const Value& value) { return value.is_string() && value.as<String>().is_markup; }
bool is_callable(const Value& value) {
  switch (value.kind()) {
    case Kind::macro:
    case Kind::loop:
    case Kind::function:
    case Kind::joiner:
    case Kind::undefined: return true;  // Python sees that Undefined has __call__, which raises
    default: return false;
  }
}
bool is_sequence(const Value& value) {
  switch (value.kind()) {
    case Kind::string:
    case Kind::list:
    case Kind::tuple:
    case Kind::dict:
    case Kind::range:
    case Kind::undefined: return true;
    default: return false;
  }
}
bool is_iterable(const Value& value) {
  switch (value.kind()) {
    case Kind::dict_view:
    case Kind::iterator:
    case Kind::loop: return true;
    default: return is_sequence(value);
  }
}

template <bool kUpper>
Value is_case(Runtime& runtime, const Value&, Arguments& arguments) {
  const std::string text = runtime.str(bind("test", arguments, {"value"}, 1)[0]);
  runtime.heap().tick_bytes(4 * text.size());
  return Value::boolean(has_case(text, kUpper));
}

Value is_filter(Runtime&, const Value&, Arguments& arguments) {
  const Values bound = bind("filter", arguments, {"value"}, 1);
  hash(bound[0]);
  return Value::boolean(bound[0].is_string() && find_filter(bound[0].text()) != nullptr);
}

Value is_test(Runtime&, const Value&, Arguments& arguments) {
  const Values bound = bind("test", arguments, {"value"}, 1);
  hash(bound[0]);
  return Value::boolean(bound[0].is_string() && find_test(bound[0].text()) != nullptr);
}

template <int kRest>
Value is_parity(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("test", arguments, {"value"}, 1);
  return Value::boolean(equals(runtime.heap(), modulo(runtime, bound[0], Value::integer(2)), Value::integer(kRest)));
}

Value is_divisible(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("divisibleby", arguments, {"value", "num"}, 2);
  return Value::boolean(equals(runtime.heap(), modulo(runtime, bound[0], bound[1]), Value::integer(0)));
}

Value is_same(Runtime&, const Value&, Arguments& arguments) {
  const Values bound = bind("sameas", arguments, {"value", "other"}, 2);
  const Value& a = bound[0];
  const Value& b = bound[1];
  if (a.kind() != b.kind()) return Value::boolean(false);
  if (a.is_object()) return Value::boolean(a.object() == b.object());
  if (a.is(Kind::real)) return Value::boolean(a.as_real() == b.as_real());
  return Value::boolean(a.is_none() || a.as_integer() == b.as_integer());
}

Value is_in(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("in", arguments, {"value", "seq"}, 2);
  return Value::boolean(contains(runtime, bound[1], bound[0]));
}

template <bool kWanted>
Value is_equal(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind_positional("eq", arguments, 2, 2);
  return Value::boolean(equals(runtime.heap(), bound[0], bound[1]) == kWanted);
}

template <char kSign, bool kOrEqual>
Value is_ordered(Runtime& runtime, const Value&, Arguments& arguments) {
  constexpr char kSymbol[] = {kSign, kOrEqual ? '=' : '\0', '\0'};
  const Values bound = bind_positional("comparison", arguments, 2, 2);
  return Value::boolean(less(runtime.heap(), bound[0], bound[1], kSymbol));
}

constexpr Entry kTests[] = {{"defined", is<is_defined>},
                            {"undefined", is<is_undefined>},
                            {"none", is<is_none>},
                            {"boolean", is<is_boolean>},
                            {"true", is<is_true_constant>},
                            {"false", is<is_false_constant>},
                            {"integer", is<is_integer>},
                            {"float", is<is_float>},
                            {"number", is<is_number>},
                            {"string", is<is_string>},
                            {"mapping", is<is_mapping>},
                            {"sequence", is<is_sequence>},
                            {"iterable", is<is_iterable>},
                            {"callable", is<is_callable>},
                            {"escaped", is<is_escaped>},
                            {"lower", is_case<false>},
                            {"upper", is_case<true>},
                            {"filter", is_filter},
                            {"test", is_test},
                            {"odd", is_parity<1>},
                            {"even", is_parity<0>},
                            {"divisibleby", is_divisible},
                            {"sameas", is_same},
                            {"in", is_in},
                            {"==", is_equal<true>},
                            {"eq", is_equal<true>},
                            {"equalto", is_equal<true>},
                            {"!=", is_equal<false>},
                            {"ne", is_equal<false>},
                            {">", is_ordered<'>', false>},
                            {"gt", is_ordered<'>', false>},
                            {"greaterthan", is_ordered<'>', false>},
                            {">=", is_ordered<'>', true>},
                            {"ge", is_ordered<'>', true>},
                            {"<", is_ordered<'<', false>},
                            {"lt", is_ordered<'<', false>},
                            {"lessthan", is_ordered<'<', false>},
                            {"<=", is_ordered<'<', true>},
                            {"le", is_ordered<'<', true>}};

}  // namespace

Builtin find_test(std::string_view name) noexcept {
  const Entry* entry = Table{kTests, std::size(kTests)}.find(name);
  return entry != nullptr ? entry->call : nullptr;
}

std::string suggest_test(std::string_view name) {
  std::vector<std::string> names;
  for (const Entry& entry : kTests) names.emplace_back(entry.name);
  const std::string near = near_name(name, names);
  return near.empty() ? "" : cat("; did you mean '", near, "'?");
}

}  // namespace forgelm::text::jinja
