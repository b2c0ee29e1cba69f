// Tables of what templates may call: filters, tests, global functions, and methods by type. Each is found by name once,
// when the template is parsed (filters, tests) or when it is used (methods).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jinja_objects.hpp"

namespace forgelm::text::jinja {

struct Entry {
  const char* name;
  Builtin call;
};

struct Table {
  const Entry* begin;
  std::size_t size;
  const Entry* find(std::string_view name) const noexcept {
    for (const Entry* entry = begin; entry != begin + size; ++entry) {
      if (name == entry->name) return entry;
    }
    return nullptr;
  }
};

/// nullptr when there is none of that name. A filter's or test's first argument is what stands before it.
Builtin find_filter(std::string_view name) noexcept;
Builtin find_test(std::string_view name) noexcept;
/// ", did you mean 'x'?", or "".
std::string suggest_filter(std::string_view name);
std::string suggest_test(std::string_view name);

Table text_filters() noexcept;
Table sequence_filters() noexcept;
Table number_filters() noexcept;
Table global_functions() noexcept;
Table string_methods() noexcept;
Table sequence_methods() noexcept;  ///< count and index, of lists and tuples
Table range_methods() noexcept;
Table dict_methods() noexcept;
Table loop_methods() noexcept;
Table cycler_methods() noexcept;

/// What a call gave for each of `names`, missing where it gave nothing. Fault when there are too many, or an unknown or
/// repeated name, or fewer than `num_required`. `what` names the callee in messages.
Values bind(const char* what, const Arguments& arguments, const std::vector<const char*>& names,
            std::size_t num_required);
/// As bind(), for callees whose arguments have no names.
Values bind_positional(const char* what, const Arguments& arguments, std::size_t num_required, std::size_t num_allowed);

/// `value` as an int (Python's __index__). Fault names the type seen.
std::int64_t to_index(const Value& value);
std::int64_t index_or(const Value& value, std::int64_t otherwise);  ///< `otherwise` when missing
/// The text of a str; a Fault that names `what` and the type seen otherwise.
const std::string& to_text(const Value& value, const char* what);
[[noreturn]] void type_fault(std::string message);
/// nearest(), but nothing is near to a word too long to be a name: it takes time in proportion.
std::string near_name(std::string_view word, const std::vector<std::string>& candidates);

/// printf-style formatting (jinja_percent_format.cpp) and str.format (jinja_str_format.cpp).
std::string percent_format(Runtime& runtime, std::string_view format, const Value& arguments);
std::string str_format(Runtime& runtime, std::string_view format, const Arguments& arguments);
/// datetime.strftime of a naive local time (jinja_strftime.cpp).
std::string strftime(std::string_view format, std::int64_t time);
/// json.dumps (jinja_tojson.cpp).
Value tojson(Runtime& runtime, const Value& self, Arguments& arguments);

/// Binary operators, subscripts and membership (jinja_operators.cpp).
Value add(Heap& heap, const Value& a, const Value& b);
Value subtract(Heap& heap, const Value& a, const Value& b);
Value multiply(Heap& heap, const Value& a, const Value& b);
Value divide(Heap& heap, const Value& a, const Value& b);
Value floor_divide(Heap& heap, const Value& a, const Value& b);
Value modulo(Runtime& runtime, const Value& a, const Value& b);
Value power(Heap& heap, const Value& a, const Value& b);
Value negate(Heap& heap, const Value& a, bool is_plus);
bool contains(Runtime& runtime, const Value& container, const Value& item);
/// container[start:stop:step]; missing parts are left out.
Value slice(Heap& heap, const Value& container, const Value& start, const Value& stop, const Value& step);
/// container[key] as Python has it; missing when there is no such item or the type has none.
Value subscript(Heap& heap, const Value& container, const Value& key);
/// len(); Fault for what has none.
std::int64_t length(const Value& value);
bool has_length(const Value& value) noexcept;
/// Python's float(value), with the faults that it has.
double python_float(Runtime& runtime, const Value& value);
/// textwrap.wrap, with white space and tabs kept as they are.
struct WrapRules {
  std::int64_t width = 79;
  bool breaks_long_words = true, breaks_on_hyphens = true;
};
std::vector<std::string> wrap_words(std::string_view text, const WrapRules& rules);
/// str.replace; a negative count replaces all.
std::string replace_text(Heap& heap, std::string_view text, std::string_view old, std::string_view fresh,
                         std::int64_t max_count);
/// str.isupper, str.islower.
bool has_case(std::string_view text, bool wants_upper);
/// HTML escapes of &, <, >, ' and ".
std::string escape_html(std::string_view text);

}  // namespace forgelm::text::jinja
