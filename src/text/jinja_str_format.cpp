// Python's str.format, as the sandbox offers it: fields with attributes and items, conversions, format specs.
#include <cmath>

#include "forgelm/core/text.hpp"
#include "jinja_builtins.hpp"
#include "jinja_format_number.hpp"
#include "jinja_runtime.hpp"
#include "jinja_text.hpp"

namespace forgelm::text::jinja {

namespace {

constexpr std::string_view kAligns = "<>=^";

FormatSpec parse_spec(std::string_view text, const Value& value) {
  FormatSpec out;
  std::size_t at = 0;
  const auto is_align = [&](std::size_t i) {
    return i < text.size() && kAligns.find(text[i]) != std::string_view::npos;
  };
  const std::size_t fill_size = text.empty() ? 0 : sequence_size(text[0]);
  bool has_fill = false;
  if (!text.empty() && is_align(fill_size)) {
    out.fill = std::string(text.substr(0, fill_size));
    out.align = text[fill_size];
    at = fill_size + 1;
    has_fill = true;
  } else if (is_align(0)) {
    out.align = text[at++];
  }
  const auto take = [&](char c) {
    if (at >= text.size() || text[at] != c) return false;
    ++at;
    return true;
  };
  if (at < text.size() && std::string_view("+- ").find(text[at]) != std::string_view::npos) out.sign = text[at++];
  if (take('#')) out.is_alternate = true;
  if (take('0') && !has_fill) {
    out.fill = "0";
    if (out.align == '\0') out.align = '=';
  }
  const auto number = [&] {
    std::int64_t total = 0;
    while (at < text.size() && is_ascii_digit(text[at])) {
      total = total * 10 + (text[at++] - '0');
      if (total > INT32_MAX) type_fault("Too many decimal digits in format string");
    }
    return total;
  };
  out.width = number();
  if (take(',')) out.grouping = ',';
  if (take('_')) {
    if (out.grouping != '\0') type_fault("Cannot specify both ',' and '_'.");
    out.grouping = '_';
  }
  if (out.grouping == '_' && take(',')) type_fault("Cannot specify both ',' and '_'.");
  if (take('.')) {
    if (at >= text.size() || !is_ascii_digit(text[at])) type_fault("Format specifier missing precision");
    out.precision = number();
  }
  if (at + 1 < text.size()) {
    type_fault(cat("Invalid format specifier ", quote(text, 60), " for object of type '", type_name(value), "'"));
  }
  if (at < text.size()) out.type = text[at];
  return out;
}

class StrFormatter {
 public:
  StrFormatter(Runtime& runtime, const Arguments& arguments)
      : runtime_(runtime), heap_(runtime.heap()), arguments_(arguments) {}

  std::string run(std::string_view format, int depth) {
    if (depth < 0) type_fault("Max string recursion exceeded");
    std::string out;
    std::size_t at = 0;
    while (at < format.size()) {
      const char c = format[at];
      heap_.reserve(out.size());
      if (c != '{' && c != '}') {
        const std::size_t end = std::min(format.find_first_of("{}", at), format.size());
        out += format.substr(at, end - at);
        at = end;
        continue;
      }
      if (at + 1 < format.size() && format[at + 1] == c) {
        out += c;
        at += 2;
        continue;
      }
      if (c == '}') type_fault("Single '}' encountered in format string");
      const std::size_t end = field_end(format, at + 1);
      heap_.tick();
      out += field(format.substr(at + 1, end - at - 1), depth);
      at = end + 1;
    }
    return out;
  }

 private:
  static std::size_t field_end(std::string_view format, std::size_t at) {
    if (at >= format.size()) type_fault("Single '{' encountered in format string");
    int depth = 1;
    for (; at < format.size(); ++at) {
      if (format[at] == '[') {  // braces in an item's key are no braces
        const std::size_t closing = format.find(']', at);
        if (closing == std::string_view::npos) break;
        at = closing;
        continue;
      }
      if (format[at] == '{') ++depth;
      if (format[at] == '}' && --depth == 0) return at;
    }
    type_fault("expected '}' before end of string");
  }

  std::string field(std::string_view text, int depth) {
    std::size_t name_end = 0;
    while (name_end < text.size() && text[name_end] != ':' && text[name_end] != '!') {
      if (text[name_end] == '{') type_fault("unexpected '{' in field name");
      if (text[name_end] == '[') name_end = std::min(text.find(']', name_end), text.size() - 1);
      ++name_end;
    }
    std::string_view rest = text.substr(name_end);
    char conversion = '\0';
    if (!rest.empty() && rest[0] == '!') {
      if (rest.size() < 2) type_fault("end of string while looking for conversion specifier");
      conversion = rest[1];
      if (rest.size() > 2 && rest[2] != ':') type_fault("expected ':' after conversion specifier");
      rest.remove_prefix(2);
    }
    if (!rest.empty()) rest.remove_prefix(1);
    Value value = look_up(text.substr(0, name_end));
    if (conversion == 'r') value = runtime_.string(to_repr(heap_, value));
    else if (conversion == 's') value = runtime_.string(runtime_.str(value));
    else if (conversion != '\0') type_fault(cat("Unknown conversion specifier ", quote(cat(conversion))));
    const std::string spec = run(rest, depth - 1);
    return format_value(value, spec);
  }

  /// "name.attribute[item]".
  Value look_up(std::string_view name) {
    const std::size_t first_end = std::min(name.find_first_of(".["), name.size());
    if (first_end == 0 && !name.empty()) type_fault("a field must start with a name or a number before '.' or '['");
    Value out = first(name.substr(0, first_end));
    name.remove_prefix(first_end);
    while (!name.empty()) {
      heap_.tick();
      if (name[0] == '.') {
        const std::size_t end = std::min(name.find_first_of(".[", 1), name.size());
        const std::string_view attribute = name.substr(1, end - 1);
        if (attribute.empty()) type_fault("Empty attribute in format string");
        out = runtime_.attribute(out, attribute);
        name.remove_prefix(end);
        continue;
      }
      if (name[0] != '[') type_fault("Only '.' or '[' may follow ']' in format field specifier");
      const std::size_t end = name.find(']');
      if (end == std::string_view::npos) type_fault("Missing ']' in format string");
      const std::string_view key = name.substr(1, end - 1);
      if (key.empty()) type_fault("Empty attribute in format string");
      std::int64_t index = 0;
      out = runtime_.item(out, is_number(key, index) ? Value::integer(index) : runtime_.string(std::string(key)));
      name.remove_prefix(end + 1);
    }
    return out;
  }
  static bool is_number(std::string_view text, std::int64_t& out) {
    if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string_view::npos)
      return false;
    out = std::stoll(std::string(text));
    return true;
  }
  Value first(std::string_view name) {
    std::int64_t index = 0;
    if (name.empty()) {
      if (numbering_ == Numbering::by_hand) {
        type_fault("cannot switch from manual field specification to automatic field numbering");
      }
      numbering_ = Numbering::automatic;
      index = num_automatic_++;
    } else if (is_number(name, index)) {
      if (numbering_ == Numbering::automatic) {
        type_fault("cannot switch from automatic field numbering to manual field specification");
      }
      numbering_ = Numbering::by_hand;
    } else {
      for (const auto& [key, value] : arguments_.named) {
        heap_.tick();
        if (key == name) return value;
      }
      type_fault(cat("format() has no argument named ", quote(name, 40)));
    }
    if (static_cast<std::size_t>(index) >= arguments_.positional.size()) {
      type_fault(cat("Replacement index ", index, " out of range for positional args tuple"));
    }
    return arguments_.positional[static_cast<std::size_t>(index)];
  }

  std::string format_value(const Value& value, const std::string& text) {
    if (text.empty()) return runtime_.str(value);
    if (value.is_string()) return format_text(value, text);
    if (!value.is_number()) {
      type_fault(cat("unsupported format string passed to ", type_name(value), ".__format__"));
    }
    FormatSpec spec = parse_spec(text, value);
    const bool wants_real = spec.type != '\0' && std::string_view("eEfFgG%").find(spec.type) != std::string_view::npos;
    if (value.is(Kind::real) || wants_real) return format_real(value, spec, wants_real);
    return format_integer(value, spec);
  }

  std::string format_text(const Value& value, const std::string& text) {
    const FormatSpec spec = parse_spec(text, value);
    if (spec.type != '\0' && spec.type != 's') unknown_code(spec.type, value);
    if (spec.sign != '-' || spec.is_alternate || spec.align == '=' || spec.grouping != '\0') {
      if (!(spec.align == '=' && spec.fill == "0" && text[0] == '0')) {
        type_fault("this format specifier is not allowed for a string");
      }
    }
    FormatSpec rules = spec;
    if (rules.align == '=') rules.align = '<';
    std::string shown = value.text();
    if (spec.precision >= 0) shown = std::string(prefix_code_points(shown, static_cast<std::size_t>(spec.precision)));
    return pad_number(heap_, "", "", std::move(shown), rules, '<');
  }

  std::string format_real(const Value& value, const FormatSpec& spec, bool has_type) {
    if (spec.type != '\0' && !has_type && spec.type != 'n') unknown_code(spec.type, value);
    FormatSpec rules = spec;
    if (rules.type == 'n') rules.type = 'g';
    const double number = value.as_real();
    const bool is_negative = std::signbit(number) && !std::isnan(number);
    return pad_number(heap_, sign_of(is_negative, spec), "", real_digits(heap_, number, rules), rules, '>');
  }

  std::string format_integer(const Value& value, FormatSpec spec) {
    if (spec.precision >= 0) type_fault("Precision not allowed in integer format specifier");
    if (value.is(Kind::boolean) && spec.type == '\0') spec.type = 'd';
    const std::int64_t number = value.as_integer();
    if (spec.type == 'c') {
      if (number < 0 || number > 0x10FFFF) type_fault("%c arg not in range(0x110000)");
      std::string out;
      append_utf8(out, static_cast<char32_t>(number));
      return pad_number(heap_, "", "", std::move(out), spec, '<');
    }
    if (spec.type == '\0' || spec.type == 'n') spec.type = 'd';
    if (std::string_view("bdoxX").find(spec.type) == std::string_view::npos) unknown_code(spec.type, value);
    if (spec.grouping == ',' && spec.type != 'd') type_fault(cat("Cannot specify ',' with '", spec.type, "'."));
    std::string prefix;
    if (spec.is_alternate && spec.type != 'd') prefix = cat('0', spec.type);
    return pad_number(heap_, sign_of(number < 0, spec), prefix, integer_digits(number, spec.type), spec, '>');
  }

  static std::string_view sign_of(bool is_negative, const FormatSpec& spec) {
    return is_negative ? "-" : spec.sign == '+' ? "+" : spec.sign == ' ' ? " " : "";
  }
  [[noreturn]] static void unknown_code(char type, const Value& value) {
    type_fault(cat("Unknown format code ", quote(cat(type)), " for object of type '", type_name(value), "'"));
  }

  enum class Numbering { unknown, automatic, by_hand };
  Runtime& runtime_;
  Heap& heap_;
  const Arguments& arguments_;
  Numbering numbering_ = Numbering::unknown;
  std::int64_t num_automatic_ = 0;
};

}  // namespace

std::string str_format(Runtime& runtime, std::string_view format, const Arguments& arguments) {
  return StrFormatter(runtime, arguments).run(format, 2);
}

}  // namespace forgelm::text::jinja
