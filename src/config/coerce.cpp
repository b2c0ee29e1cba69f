#include "coerce.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "forgelm/core/suggest.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::config {
namespace {

using Kind = Node::Kind;

/// Text without surrounding white space as Unicode knows it (the non-breaking and other blanks included).
std::string_view strip(std::string_view text) {
  static constexpr std::string_view kWide[] = {"\u0085", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003",
                                               "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a",
                                               "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};
  for (bool again = true; again;) {
    again = false;
    text = trim(text);
    for (const auto blank : kWide) {
      if (text.substr(0, blank.size()) == blank) text.remove_prefix(blank.size()), again = true;
      if (text.size() >= blank.size() && text.substr(text.size() - blank.size()) == blank)
        text.remove_suffix(blank.size()), again = true;
    }
  }
  return text;
}

/// Single underscores between characters are dropped; nothing when they stand at an end or doubled.
std::optional<std::string> without_underscores(std::string_view text) {
  if (text.empty() || text.front() == '_' || text.back() == '_' || text.find("__") != std::string_view::npos)
    return std::nullopt;
  std::string out(text);
  out.erase(std::remove(out.begin(), out.end(), '_'), out.end());
  return out;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_ascii_digit);
}

double parse_double(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    // from_chars leaves the value alone; the exponent tells an overflow from an underflow.
    const auto e = text.find_first_of("eE");
    const bool tiny = e != std::string::npos ? text.find('-', e) != std::string::npos
                                             : text.find_first_of("123456789") > text.find('.');
    const double magnitude = tiny ? 0.0 : std::numeric_limits<double>::infinity();
    return text.front() == '-' ? -magnitude : magnitude;
  }
  return value;
}

/// Digits, a point, an exponent: the decimal numbers of the reference, without sign.
bool is_decimal(std::string_view text) {
  const std::size_t e = text.find_first_of("eE");
  std::string_view mantissa = text.substr(0, e);
  if (e != std::string_view::npos) {
    std::string_view exponent = text.substr(e + 1);
    if (!exponent.empty() && (exponent.front() == '+' || exponent.front() == '-')) exponent.remove_prefix(1);
    if (!all_digits(exponent)) return false;
  }
  const std::size_t point = mantissa.find('.');
  if (point == std::string_view::npos) return all_digits(mantissa);
  const std::string_view whole = mantissa.substr(0, point), fraction = mantissa.substr(point + 1);
  return (whole.empty() || all_digits(whole)) && (fraction.empty() || all_digits(fraction)) &&
         !(whole.empty() && fraction.empty());
}

/// What a text check takes, for messages.
std::string pattern_text(std::string_view pattern) {
  if (pattern == "revision") return "a branch, a tag or a commit, without white space, at most 255 characters";
  if (pattern == "endpoint") return "http(s)://host[:port][/path]";
  if (pattern == "identifier") return "letters, digits and _, not beginning with a digit";
  if (pattern == "stage_name") return "1 to 32 of a-z, 0-9 and _";
  if (pattern == "retry_kinds") return "device, io, killed";
  return "text";
}

class Coercer {
 public:
  Coercer(const FieldInfo& field, std::vector<Mismatch>& mismatches) : field_(field), mismatches_(mismatches) {}

  std::optional<Json> value(const Node& node) {
    switch (field_.kind) {
      case FieldKind::boolean: return boolean(node);
      case FieldKind::integer: return integer(node);
      case FieldKind::real: return real(node, "");
      case FieldKind::text: return text(node, "");
      case FieldKind::choice: return choice(node);
      case FieldKind::text_list:
      case FieldKind::real_list: return list(node);
      case FieldKind::table:
      case FieldKind::real_table: return table(node);
      default: return std::nullopt;
    }
  }

 private:
  std::nullopt_t refuse(const Node& node, std::string subpath, std::string code, std::string message,
                        std::string hint = "") {
    mismatches_.push_back(
        {&node, std::move(subpath), std::move(code), std::move(message), accepts_text(field_), std::move(hint)});
    return std::nullopt;
  }
  std::nullopt_t wrong_type(const Node& node, std::string subpath, std::string_view wanted, std::string hint = "") {
    return refuse(node, std::move(subpath), "wrong_type", cat(seen(node), " where ", wanted, " is needed"),
                  std::move(hint));
  }

  std::optional<Json> boolean(const Node& node) {
    if (node.kind == Kind::boolean) return Json(node.boolean);
    if (node.kind == Kind::integer && node.fits && (node.integer == 0 || node.integer == 1))
      return Json(node.integer == 1);
    if (node.kind == Kind::real && (node.real == 0.0 || node.real == 1.0)) return Json(node.real == 1.0);
    if (node.kind == Kind::text || node.kind == Kind::binary) {
      const std::string lower = ascii_lower(node.text);
      for (const auto* yes : {"1", "on", "t", "true", "y", "yes"})
        if (lower == yes) return Json(true);
      for (const auto* no : {"0", "off", "f", "false", "n", "no"})
        if (lower == no) return Json(false);
    }
    return wrong_type(node, "", "true or false");
  }

  std::optional<Json> in_bounds(const Node& node, const std::string& subpath, double number, Json value) {
    if (field_.bounds.hold(number)) return value;
    if (!std::isfinite(number) && field_.bounds.is_finite)
      return refuse(node, subpath, "not_finite", cat(seen(node), " is not a finite number"));
    if (field_.is_clamped && node.kind != Kind::boolean && field_.bounds.at_least && number < *field_.bounds.at_least)
      return value;  // the binder raises it
    return refuse(node, subpath, "out_of_range", cat(seen(node), " is outside what is allowed"));
  }

  std::optional<Json> integer(const Node& node) {
    std::optional<std::int64_t> number;
    bool too_large = node.kind == Kind::integer && !node.fits;
    if (node.kind == Kind::integer && node.fits) number = node.integer;
    if (node.kind == Kind::boolean) number = node.boolean ? 1 : 0;
    if (node.kind == Kind::real) {
      if (!std::isfinite(node.real)) return refuse(node, "", "not_finite", cat(seen(node), " is not an integer"));
      if (node.real != std::floor(node.real))
        return refuse(node, "", "wrong_type", cat(seen(node), " has a fraction where an integer is needed"));
      too_large = std::abs(node.real) >= 0x1p63;
      if (!too_large) number = static_cast<std::int64_t>(node.real);
    }
    if (node.kind == Kind::text || node.kind == Kind::binary) number = integer_from_text(node.text);
    if (too_large) return refuse(node, "", "too_large", cat(seen(node), " does not fit 64 bits"));
    if (!number) {
      const auto real = node.kind == Kind::text ? real_from_text(node.text) : std::nullopt;
      const bool whole = real && std::isfinite(*real) && *real == std::floor(*real) && std::abs(*real) < 1e15;
      return wrong_type(node, "", "an integer", whole ? cat("write it out: ", static_cast<std::int64_t>(*real)) : "");
    }
    return in_bounds(node, "", static_cast<double>(*number), Json(*number));
  }

  std::optional<Json> real(const Node& node, const std::string& subpath) {
    std::optional<double> number;
    if (node.kind == Kind::integer) number = node.fits ? static_cast<double>(node.integer) : parse_double(node.text);
    if (node.kind == Kind::boolean) number = node.boolean ? 1.0 : 0.0;
    if (node.kind == Kind::real) number = node.real;
    if (node.kind == Kind::text || node.kind == Kind::binary) number = real_from_text(node.text);
    if (!number) {
      std::string dotted = node.text;
      std::replace(dotted.begin(), dotted.end(), ',', '.');
      const bool comma = node.kind == Kind::text && dotted != node.text && real_from_text(dotted);
      const auto percent = node.kind == Kind::text && node.text.ends_with('%')
                               ? real_from_text(node.text.substr(0, node.text.size() - 1))
                               : std::nullopt;
      return wrong_type(node, subpath, "a number",
                        comma     ? cat("write the decimal comma as a point: ", dotted)
                        : percent ? cat("write ", python_float_repr(*percent / 100))
                                  : "");
    }
    return in_bounds(node, subpath, *number, Json(*number));
  }

  std::optional<Json> text(const Node& node, const std::string& subpath) {
    if (node.kind != Kind::text && node.kind != Kind::binary) {
      const bool scalar = node.kind != Kind::sequence && node.kind != Kind::mapping && node.kind != Kind::set &&
                          node.kind != Kind::null;
      return wrong_type(node, subpath, "text", scalar ? cat("put it in quotes: \"", node.text, "\"") : "");
    }
    if (!is_valid_utf8(node.text)) return refuse(node, subpath, "wrong_type", "binary data that is not UTF-8 text");
    std::string value = node.text;
    if (field_.pattern == "endpoint" || field_.pattern == "identifier") value = std::string(strip(value));
    if (field_.pattern == "identifier" && value.empty()) return Json();
    if (const auto problem = check_pattern(field_.pattern, value)) return bad_pattern(node, subpath, *problem);
    return Json(std::move(value));
  }

  std::nullopt_t bad_pattern(const Node& node, const std::string& subpath, const std::string& problem) {
    const bool dollar = field_.pattern == "identifier" && (node.text.front() == '$' || node.text.starts_with("env:"));
    mismatches_.push_back({&node, subpath, "bad_pattern",
                           cat(field_.is_secret ? "the value" : quote(node.text, 60), " ", problem),
                           pattern_text(field_.pattern), dollar ? "write the bare name of the variable" : ""});
    return std::nullopt;
  }

  std::optional<Json> choice(const Node& node) {
    // `true` and `on` are booleans to YAML; where "true" is a choice they mean it.
    const std::string text = node.kind == Kind::boolean ? (node.boolean ? "true" : "false") : node.text;
    const auto& names = field_.choices;
    const bool named = std::find(names.begin(), names.end(), text) != names.end();
    if (named && (node.kind == Kind::text || node.kind == Kind::boolean)) return Json(text);
    for (const auto& [given, meant] : field_.value_aliases)
      if (node.kind == Kind::text && given == text) return Json(meant);
    const std::string close = node.kind == Kind::text ? nearest(text, names) : "";
    return refuse(node, "", "unknown_choice", cat(seen(node), " is not one of the choices"),
                  close.empty() ? "" : cat("did you mean ", close, "?"));
  }

  std::optional<Json> list(const Node& node) {
    if (node.kind == Kind::text && !field_.presets.empty()) return preset(node);
    if (node.kind != Kind::sequence && node.kind != Kind::set)
      return wrong_type(node, "", "a list", node.kind == Kind::text ? cat("write [", node.text, "]") : "");
    if (field_.is_non_empty && node.items.empty())
      return refuse(node, "", "empty", "an empty list where at least one entry is needed");
    Json out = Json::array();
    bool good = true;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const std::string subpath = cat("[", i, "]");
      auto item = field_.kind == FieldKind::real_list ? real(node.items[i], subpath) : text(node.items[i], subpath);
      if (item) out.push(std::move(*item));
      else good = false;
    }
    if (!good) return std::nullopt;
    return out;
  }

  std::optional<Json> preset(const Node& node) {
    const auto& names = field_.presets;
    if (std::find(names.begin(), names.end(), node.text) != names.end())
      return Json::array_of(preset_modules(node.text));
    const std::string close = nearest(node.text, names);
    return refuse(
        node, "", "unknown_choice", cat(seen(node), " is no list and no preset"),
        close.empty() ? cat("write [", node.text, "] for a single module") : cat("did you mean ", close, "?"));
  }

  static std::vector<std::string> preset_modules(const std::string& name) {
    if (name == "all-linear") return {name};  // the engine knows the model's linear layers
    std::vector<std::string> modules = {"q_proj", "v_proj"};
    if (name == "attention" || name == "full") modules = {"q_proj", "k_proj", "v_proj", "o_proj"};
    if (name == "full") modules.insert(modules.end(), {"gate_proj", "up_proj", "down_proj"});
    return modules;
  }

  std::optional<Json> table(const Node& node) {
    if (node.kind != Kind::mapping) return wrong_type(node, "", "a mapping");
    Json out = Json::object();
    bool good = true;
    for (const auto& [key, entry] : node.entries) {
      if (key.kind != Kind::text) {
        good = false;
        refuse(key, "", "wrong_type", cat(seen(key), " as a key where text is needed"),
               cat("put it in quotes: \"", key.text, "\""));
        continue;
      }
      auto item = field_.kind == FieldKind::real_table ? real(entry, "." + key.text) : std::optional(json_from(entry));
      if (item) out.set(key.text, std::move(*item));
      else good = false;
    }
    if (!good) return std::nullopt;
    return out;
  }

  const FieldInfo& field_;
  std::vector<Mismatch>& mismatches_;
};

bool is_name_char(char c, bool first) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (!first && is_ascii_digit(c));
}

std::optional<std::string> check_revision(std::string_view text) {
  if (text.empty()) return "is empty";
  if (text.front() == '-') return "begins with a hyphen";
  if (num_code_points(text) > 255) return "is longer than 255 characters";
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "holds a control character";
  if (strip(text).size() != text.size()) return "holds white space";
  for (std::size_t i = 0; i < text.size(); ++i)
    if (strip(text.substr(i)).size() != text.size() - i) return "holds white space";
  return std::nullopt;
}

/// A port as Python's urlsplit takes it: nothing, or ASCII digits up to 65535.
bool is_port(std::string_view text) {
  if (text.empty()) return true;
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return all_digits(text) && error == std::errc() && port <= 65535;
}

std::optional<std::string> check_endpoint(std::string_view text) {
  static const std::string kProblem = "is not an address";
  if (text.empty()) return std::nullopt;
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= 32 || c == 127 || c == '\\') return kProblem;
  const std::string lower = ascii_lower(text);
  const std::size_t scheme = lower.rfind("http://", 0) == 0 ? 7 : lower.rfind("https://", 0) == 0 ? 8 : 0;
  if (scheme == 0) return kProblem;
  std::string_view authority = text.substr(scheme);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  const std::size_t user = authority.rfind('@');
  if (user != std::string_view::npos) authority.remove_prefix(user + 1);
  const std::size_t bracket = authority.rfind(']');
  const bool is_ipv6 = !authority.empty() && authority.front() == '[';
  if (is_ipv6 != (bracket != std::string_view::npos)) return kProblem;
  const std::size_t colon = authority.find(':', is_ipv6 ? bracket : 0);
  const std::string_view host = authority.substr(0, colon);
  if (host.empty() || host == "[]") return kProblem;
  if (colon != std::string_view::npos && !is_port(authority.substr(colon + 1))) return kProblem;
  return std::nullopt;
}

}  // namespace

std::optional<Json> coerce(const Node& node, const FieldInfo& field, std::vector<Mismatch>& mismatches) {
  return Coercer(field, mismatches).value(node);
}

std::optional<std::int64_t> integer_from_text(std::string_view text) {
  text = strip(text);
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  if (point != std::string_view::npos) {
    const std::string_view zeros = text.substr(point + 1);
    if (zeros.empty() || zeros.find_first_not_of('0') != std::string_view::npos) return std::nullopt;
    text = text.substr(0, point);
  }
  const auto digits = without_underscores(text);
  if (!digits || !all_digits(*digits)) return std::nullopt;
  const std::string signed_digits = (negative ? "-" : "") + *digits;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(signed_digits.data(), signed_digits.data() + signed_digits.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

std::optional<double> real_from_text(std::string_view text) {
  const auto stripped = without_underscores(strip(text));
  if (!stripped) return std::nullopt;
  std::string number = *stripped;
  const bool negative = number.front() == '-';
  if (number.front() == '-' || number.front() == '+') number.erase(0, 1);
  const std::string lower = ascii_lower(number);
  if (lower == "inf" || lower == "infinity") return negative ? -HUGE_VAL : HUGE_VAL;
  if (lower == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (!is_decimal(number)) return std::nullopt;
  return parse_double(negative ? "-" + number : number);
}

std::optional<std::string> check_pattern(std::string_view pattern, std::string_view text) {
  if (pattern == "revision") return check_revision(text);
  if (pattern == "endpoint") return check_endpoint(text);
  if (pattern == "stage_name") {
    const bool good = !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
      return c == '_' || (c >= 'a' && c <= 'z') || is_ascii_digit(c);
    });
    if (!good) return "is not a stage name";
  }
  if (pattern == "identifier") {
    for (std::size_t i = 0; i < text.size(); ++i)
      if (!is_name_char(text[i], i == 0)) return "is not the name of an environment variable";
  }
  if (pattern == "retry_kinds" && text != "device" && text != "io" && text != "killed")
    return "is not a kind of failure";
  return std::nullopt;
}

std::string seen(const Node& node) {
  switch (node.kind) {
    case Kind::null: return "null";
    case Kind::text: return cat("text ", quote(node.text, 60));
    case Kind::boolean: return cat("boolean ", node.text);
    case Kind::integer: return cat("integer ", node.text);
    case Kind::real: return cat("number ", node.text);
    case Kind::timestamp: return cat("date ", node.text);
    case Kind::sequence: return "a list";
    case Kind::mapping: return "a mapping";
    default: return cat("a value of kind ", kind_name(node.kind));
  }
}

Json json_from(const Node& node) {
  switch (node.kind) {
    case Kind::boolean: return Json(node.boolean);
    case Kind::integer: return node.fits ? Json(node.integer) : Json(parse_double(node.text));
    case Kind::real: return Json(node.real);
    case Kind::sequence:
    case Kind::set: {
      Json out = Json::array();
      for (const auto& item : node.items) out.push(json_from(item));
      return out;
    }
    case Kind::mapping: {
      Json out = Json::object();
      for (const auto& [key, value] : node.entries) out.set(key.text, json_from(value));
      return out;
    }
    case Kind::null: return Json();
    default: return Json(node.text);
  }
}

}  // namespace forgelm::config
