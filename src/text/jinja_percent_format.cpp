// Python's `text % values`.
#include <cmath>

#include "forgelm/core/text.hpp"
#include "jinja_builtins.hpp"
#include "jinja_format_number.hpp"
#include "jinja_runtime.hpp"
#include "jinja_text.hpp"

namespace forgelm::text::jinja {

namespace {

class PercentFormatter {
 public:
  PercentFormatter(Runtime& runtime, std::string_view format, const Value& arguments)
      : runtime_(runtime), heap_(runtime.heap()), format_(format), arguments_(arguments) {}

  std::string run() {
    while (at_ < format_.size()) {
      const std::size_t percent = std::min(format_.find('%', at_), format_.size());
      append(format_.substr(at_, percent - at_));
      at_ = percent;
      if (at_ < format_.size()) directive();
    }
    const bool is_used_up =
        arguments_.is(Kind::tuple) ? num_used_ >= arguments_.items().size() : num_used_ > 0 || is_mapping();
    if (!is_used_up && !has_names_) type_fault("not all arguments converted during string formatting");
    return std::move(out_);
  }

 private:
  /// What Python takes for a mapping here: all that has items by key, but texts and tuples.
  bool is_mapping() const {
    switch (arguments_.kind()) {
      case Kind::dict:
      case Kind::list:
      case Kind::range:
      case Kind::undefined: return true;
      default: return false;
    }
  }
  void append(std::string_view text) {
    heap_.reserve(out_.size() + text.size());
    heap_.tick_bytes(text.size() + 16);
    out_ += text;
  }
  char peek() const {
    if (at_ >= format_.size()) type_fault("incomplete format");
    return format_[at_];
  }
  Value next_argument() {
    if (has_names_) return named_;
    if (!arguments_.is(Kind::tuple)) {
      if (num_used_++ > 0) type_fault("not enough arguments for format string");
      return arguments_;
    }
    if (num_used_ >= arguments_.items().size()) type_fault("not enough arguments for format string");
    return arguments_.items()[num_used_++];
  }
  std::int64_t number_or_star() {
    if (at_ < format_.size() && format_[at_] == '*') {
      ++at_;
      const Value value = next_argument();
      if (!value.is_integral()) type_fault("* wants int");
      return value.as_integer();
    }
    std::int64_t out = 0;
    while (at_ < format_.size() && is_ascii_digit(format_[at_])) {
      out = out * 10 + (format_[at_++] - '0');
      if (out > INT32_MAX) type_fault("width or precision too big");
    }
    return out;
  }
  void name() {
    std::size_t depth = 1;
    const std::size_t begin = ++at_;
    while (at_ < format_.size() && depth > 0) {
      if (format_[at_] == '(') ++depth;
      else if (format_[at_] == ')') --depth;
      ++at_;
    }
    if (depth > 0) type_fault("incomplete format key");
    if (!is_mapping()) type_fault("format requires a mapping");
    const Value key = runtime_.string(std::string(format_.substr(begin, at_ - begin - 1)));
    if (arguments_.is_undefined()) throw Fault{arguments_.as<Undefined>().message, false};
    if (!arguments_.is(Kind::dict)) type_fault(cat(type_name(arguments_), " indices must be integers, not str"));
    named_ = subscript(heap_, arguments_, key);
    if (named_.is_missing()) type_fault(cat("the mapping has no key ", to_repr(heap_, key)));
    has_names_ = true;
  }

  void directive() {
    ++at_;
    if (peek() == '(') name();
    FormatSpec spec;
    bool pads_with_zeros = false;
    for (bool is_flag = true; is_flag;) {
      switch (peek()) {
        case '-': spec.align = '<'; break;
        case '+': spec.sign = '+'; break;
        case ' ':
          if (spec.sign != '+') spec.sign = ' ';
          break;
        case '#': spec.is_alternate = true; break;
        case '0': pads_with_zeros = true; break;
        default: is_flag = false;
      }
      if (is_flag) ++at_;
    }
    spec.width = number_or_star();
    if (spec.width < 0) {
      spec.align = '<';
      spec.width = -spec.width;
    }
    if (peek() == '.') {
      ++at_;
      spec.precision = std::max<std::int64_t>(number_or_star(), 0);
    }
    if (peek() == 'h' || peek() == 'l' || peek() == 'L') ++at_;
    spec.type = peek();
    const std::size_t at = at_++;
    if (spec.type == '%') return append("%");
    convert(spec, pads_with_zeros, at);
  }

  void convert(FormatSpec& spec, bool pads_with_zeros, std::size_t at) {
    const Value value = next_argument();
    const char type = spec.type;
    if (type == 's' || type == 'r' || type == 'a') {
      if (type == 'a') type_fault("the format %a is not supported");
      std::string text = type == 's' ? runtime_.str(value) : to_repr(heap_, value);
      if (spec.precision >= 0) text = std::string(prefix_code_points(text, static_cast<std::size_t>(spec.precision)));
      return append(pad_number(heap_, "", "", std::move(text), spec, '>'));
    }
    if (type == 'c') return append(pad_number(heap_, "", "", character(value), spec, '>'));
    const bool is_real = std::string_view("eEfFgG").find(type) != std::string_view::npos;
    const bool is_integer = std::string_view("diuoxX").find(type) != std::string_view::npos;
    if (!is_real && !is_integer) {
      type_fault(cat("unsupported format character ", quote(format_.substr(at, sequence_size(format_[at]))),
                     " at index ", num_code_points(format_.substr(0, at))));
    }
    if (pads_with_zeros && spec.align == '\0') {
      spec.fill = "0";
      spec.align = '=';
    }
    if (is_real) return real(value, spec);
    integer(value, spec);
  }

  std::string character(const Value& value) {
    std::string out;
    if (value.is_integral()) {
      if (value.as_integer() < 0 || value.as_integer() > 0x10FFFF) type_fault("%c arg not in range(0x110000)");
      append_utf8(out, static_cast<char32_t>(value.as_integer()));
      return out;
    }
    if (!value.is_string() || length(value) != 1) type_fault("%c requires int or char");
    return value.text();
  }

  void real(const Value& value, const FormatSpec& spec) {
    if (value.is_undefined()) throw Fault{value.as<Undefined>().message, false};
    if (!value.is_number()) type_fault(cat("must be real number, not ", type_name(value)));
    const double number = value.as_real();
    const bool is_negative = std::signbit(number) && !std::isnan(number);
    FormatSpec padded = spec;
    if (!std::isfinite(number) && spec.fill == "0") padded.fill = "0";
    append(pad_number(heap_, sign_of(is_negative, spec), "", real_digits(heap_, number, spec), padded, '>'));
  }

  void integer(const Value& value, const FormatSpec& spec) {
    if (value.is_undefined()) throw Fault{value.as<Undefined>().message, false};
    std::int64_t number = 0;
    const bool is_decimal = spec.type == 'd' || spec.type == 'i' || spec.type == 'u';
    if (value.is_integral()) {
      number = value.as_integer();
    } else if (value.is(Kind::real) && is_decimal) {
      if (!std::isfinite(value.as_real())) type_fault("cannot convert float infinity or NaN to integer");
      if (std::abs(value.as_real()) >= 9.2e18) type_fault("an integer does not fit in 64 bits");
      number = static_cast<std::int64_t>(value.as_real());
    } else {
      type_fault(cat("%", spec.type, " format: ", is_decimal ? "a real number" : "an integer", " is required, not ",
                     type_name(value)));
    }
    FormatSpec rules = spec;
    rules.grouping = '\0';
    std::string digits = integer_digits(number, is_decimal ? 'd' : spec.type);
    if (spec.precision > static_cast<std::int64_t>(digits.size())) {
      heap_.reserve(static_cast<std::size_t>(spec.precision));
      digits.insert(0, static_cast<std::size_t>(spec.precision) - digits.size(), '0');
    }
    std::string_view prefix;
    if (spec.is_alternate && spec.type == 'o') prefix = "0o";
    if (spec.is_alternate && spec.type == 'x') prefix = "0x";
    if (spec.is_alternate && spec.type == 'X') prefix = "0X";
    append(pad_number(heap_, sign_of(number < 0, spec), prefix, std::move(digits), rules, '>'));
  }

  static std::string_view sign_of(bool is_negative, const FormatSpec& spec) {
    return is_negative ? "-" : spec.sign == '+' ? "+" : spec.sign == ' ' ? " " : "";
  }

  Runtime& runtime_;
  Heap& heap_;
  std::string_view format_;
  const Value& arguments_;
  std::size_t at_ = 0;
  std::size_t num_used_ = 0;
  bool has_names_ = false;
  Value named_;
  std::string out_;
};

}  // namespace

std::string percent_format(Runtime& runtime, std::string_view format, const Value& arguments) {
  return PercentFormatter(runtime, format, arguments).run();
}

}  // namespace forgelm::text::jinja
