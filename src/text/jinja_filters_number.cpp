// Filters over numbers, and the look-up of all filters.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "forgelm/core/text.hpp"
#include "jinja_builtins.hpp"
#include "jinja_runtime.hpp"
#include "jinja_text.hpp"

namespace forgelm::text::jinja {

namespace {

/// The text without white space around it and without single underscores between digits; "" when it cannot be a number.
std::string number_text(std::string_view text) {
  text = strip_right(strip_left(text));
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto is_part = [&](std::size_t k) {
      return k < text.size() &&
             (is_ascii_digit(text[k]) || (ascii_lower(text[k]) >= 'a' && ascii_lower(text[k]) <= 'z'));
    };
    if (text[i] != '_') {
      out += text[i];
    } else if (i == 0 || !is_part(i - 1) || !is_part(i + 1)) {
      return {};
    }
  }
  return out;
}

/// Python's int(text, base): false when it is none.
bool parse_int(std::string_view text, std::int64_t base, std::int64_t& out) {
  if (base != 0 && (base < 2 || base > 36)) type_fault("int() base must be >= 2 and <= 36, or 0");
  const std::string cleaned = number_text(text);
  std::string_view digits = cleaned;
  bool is_negative = false;
  if (!digits.empty() && (digits[0] == '+' || digits[0] == '-')) {
    is_negative = digits[0] == '-';
    digits.remove_prefix(1);
  }
  if (digits.size() > 2 && digits[0] == '0') {
    const char mark = ascii_lower(digits[1]);
    const int marked = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 0;
    if (marked != 0 && (base == 0 || base == marked)) {
      digits.remove_prefix(2);
      base = marked;
    }
  }
  if (base == 0) {
    if (digits.size() > 1 && digits[0] == '0' && digits.find_first_not_of('0') != std::string_view::npos) return false;
    base = 10;
  }
  if (digits.empty() || digits[0] == '-' || digits[0] == '+') return false;
  const std::string all = cat(is_negative ? "-" : "", digits);
  const auto [end, status] = std::from_chars(all.data(), all.data() + all.size(), out, static_cast<int>(base));
  if (end != all.data() + all.size()) return false;
  if (status == std::errc::result_out_of_range) throw Fault{"an integer does not fit in 64 bits", false};
  return status == std::errc();
}

/// Python's float(text): false when it is none.
bool parse_float(std::string_view text, double& out) {
  const std::string cleaned = number_text(text);
  std::string_view rest = cleaned;
  if (!rest.empty() && (rest[0] == '+' || rest[0] == '-')) rest.remove_prefix(1);
  const std::string word = ascii_lower(rest);
  if (word == "inf" || word == "infinity" || word == "nan") {
    out = word == "nan" ? std::nan("") : HUGE_VAL;
    if (cleaned[0] == '-') out = -out;
    return true;
  }
  if (rest.empty() || (!is_ascii_digit(rest[0]) && rest[0] != '.')) return false;
  if (rest.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return false;
  char* end = nullptr;
  out = std::strtod(cleaned.c_str(), &end);
  return end == cleaned.c_str() + cleaned.size();
}

bool truncate_real(double value, std::int64_t& out) {
  if (!std::isfinite(value)) return false;
  if (std::abs(value) >= 9223372036854775808.0) throw Fault{"an integer does not fit in 64 bits", false};
  out = static_cast<std::int64_t>(value);
  return true;
}

Value to_int(Runtime&, const Value&, Arguments& arguments) {
  const Values bound = bind("int", arguments, {"value", "default", "base"}, 1);
  const Value& value = bound[0];
  const Value otherwise = bound[1].is_missing() ? Value::integer(0) : bound[1];
  std::int64_t out = 0;
  if (value.is_undefined()) throw Fault{value.as<Undefined>().message, false};
  if (value.is_integral()) return Value::integer(value.as_integer());
  if (value.is(Kind::real)) {
    if (std::isinf(value.as_real())) type_fault("cannot convert float infinity to integer");
    return truncate_real(value.as_real(), out) ? Value::integer(out) : otherwise;
  }
  if (!value.is_string()) return otherwise;
  std::int64_t base = index_or(bound[2], 10);
  if (base != 0 && (base < 2 || base > 36)) base = -1;
  if (base >= 0 && parse_int(value.text(), base, out)) return Value::integer(out);
  double real = 0;
  if (!parse_float(value.text(), real) || !truncate_real(real, out)) return otherwise;
  return Value::integer(out);
}

Value to_float(Runtime&, const Value&, Arguments& arguments) {
  const Values bound = bind("float", arguments, {"value", "default"}, 1);
  const Value& value = bound[0];
  double out = 0;
  if (value.is_undefined()) throw Fault{value.as<Undefined>().message, false};
  if (value.is_number()) return Value::real(value.as_real());
  if (value.is_string() && parse_float(value.text(), out)) return Value::real(out);
  return bound[1].is_missing() ? Value::real(0) : bound[1];
}

Value abs_value(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind_positional("abs", arguments, 1, 1);
  const Value& value = bound[0];
  if (!value.is_number()) type_fault(cat("bad operand type for abs(): '", type_name(value), "'"));
  if (value.is(Kind::real)) return Value::real(std::abs(value.as_real()));
  return value.as_integer() < 0 ? negate(runtime.heap(), value, false) : Value::integer(value.as_integer());
}

/// round(value, digits) of a float: by its shortest correct decimal form, as Python does.
double round_real(double value, std::int64_t digits) {
  if (!std::isfinite(value) || digits > 323) return value;
  if (digits < -308) return std::copysign(0.0, value);
  if (digits >= 0) {
    char buffer[700];
    std::snprintf(buffer, sizeof buffer, "%.*f", static_cast<int>(digits), value);
    return std::strtod(buffer, nullptr);
  }
  const double scale = std::pow(10.0, static_cast<double>(-digits));
  const double scaled = value / scale;
  double out = std::round(scaled);
  if (std::abs(scaled - out) == 0.5) out = 2.0 * std::round(scaled / 2.0);
  return out * scale;
}

/// round(value, -digits) of an int: to even at the half.
std::int64_t round_int(std::int64_t value, std::int64_t digits) {
  if (digits >= 0) return value;
  if (digits < -19) return 0;
  __int128 scale = 1;
  for (std::int64_t i = 0; i < -digits; ++i) scale *= 10;
  __int128 quotient = value / scale;
  const __int128 rest = value % scale;
  const __int128 twice = 2 * (rest < 0 ? -rest : rest);
  if (twice > scale || (twice == scale && quotient % 2 != 0)) quotient += value < 0 ? -1 : 1;
  const __int128 out = quotient * scale;
  if (out > INT64_MAX || out < INT64_MIN) throw Fault{"an integer does not fit in 64 bits", false};
  return static_cast<std::int64_t>(out);
}

Value round_value(Runtime&, const Value&, Arguments& arguments) {
  const Values bound = bind("round", arguments, {"value", "precision", "method"}, 1);
  const std::string method = bound[2].is_missing() ? "common" : bound[2].is_string() ? bound[2].text() : "";
  if (method != "common" && method != "ceil" && method != "floor") type_fault("method must be common, ceil or floor");
  const Value& value = bound[0];
  if (value.is_undefined()) throw Fault{value.as<Undefined>().message, false};
  if (!value.is_number()) type_fault(cat("type ", type_name(value), " doesn't define __round__ method"));
  if (method == "common") {
    if (bound[1].is_none()) {
      if (value.is_integral()) return Value::integer(value.as_integer());
      std::int64_t out = 0;
      if (!truncate_real(std::nearbyint(value.as_real()), out)) type_fault("cannot convert float to integer");
      return Value::integer(out);
    }
    const std::int64_t digits = index_or(bound[1], 0);
    if (value.is_integral()) return Value::integer(round_int(value.as_integer(), digits));
    return Value::real(round_real(value.as_real(), digits));
  }
  if (!bound[1].is_missing() && !bound[1].is_number()) {
    type_fault(cat("unsupported operand type(s) for ** or pow(): 'int' and '", type_name(bound[1]), "'"));
  }
  const double digits = bound[1].is_missing() ? 0 : bound[1].as_real();
  const double scale = std::pow(10.0, digits);
  const double scaled = value.as_real() * scale;
  if (!std::isfinite(scaled)) type_fault("cannot convert float infinity or NaN to integer");
  return Value::real((method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / scale);
}

constexpr Entry kFilters[] = {{"int", to_int}, {"float", to_float}, {"abs", abs_value}, {"round", round_value}};

template <class... Tables>
std::vector<std::string> names_of(const Tables&... tables) {
  std::vector<std::string> out;
  const auto add = [&out](const Table& table) {
    for (std::size_t i = 0; i < table.size; ++i) out.emplace_back(table.begin[i].name);
  };
  (add(tables), ...);
  return out;
}

}  // namespace

double python_float(Runtime&, const Value& value) {
  if (value.is_undefined()) throw Fault{value.as<Undefined>().message, false};
  if (value.is_number()) return value.as_real();
  double out = 0;
  if (value.is_string() && parse_float(value.text(), out)) return out;
  if (value.is_string()) type_fault(cat("could not convert string to float: ", quote(value.text(), 40)));
  type_fault(cat("float() argument must be a string or a real number, not '", type_name(value), "'"));
}

Table number_filters() noexcept { return {kFilters, std::size(kFilters)}; }

Builtin find_filter(std::string_view name) noexcept {
  for (const Table& table : {text_filters(), sequence_filters(), number_filters()}) {
    if (const Entry* entry = table.find(name)) return entry->call;
  }
  return nullptr;
}

std::string suggest_filter(std::string_view name) {
  const std::string near = near_name(name, names_of(text_filters(), sequence_filters(), number_filters()));
  return near.empty() ? "" : cat("; did you mean '", near, "'?");
}

}  // namespace forgelm::text::jinja
