// The resolvers are matched by hand: the patterns of YAML 1.1 are small, and a regular expression engine would recurse
// over the length of a scalar. The trap: Python's '$' also matches before a final line break, which matters for quoted
// text under the tag "!".
#include "yaml_resolve.hpp"

#include <array>
#include <charconv>
#include <cstdio>

#include "forgelm/core/text.hpp"
#include "yaml_number.hpp"
#include "yaml_text.hpp"

namespace forgelm::config::yaml {
namespace {

using std::string_view;

/// Reads through a text by character classes.
class Matcher {
 public:
  explicit Matcher(string_view text) : rest_(text) {}

  /// Passes as many characters of the class as there are, up to `most`; returns how many.
  template <class Class>
  std::size_t many(Class in_class, std::size_t most = string_view::npos) {
    std::size_t count = 0;
    while (count < rest_.size() && count < most && in_class(rest_[count])) ++count;
    rest_.remove_prefix(count);
    return count;
  }
  bool one(string_view set) {
    if (rest_.empty() || set.find(rest_.front()) == string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool word(string_view text) {
    if (rest_.substr(0, text.size()) != text) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  bool at_end() const { return rest_.empty() || rest_ == "\n"; }
  string_view rest() const { return rest_; }

 private:
  string_view rest_;
};

bool digit(char c) { return is_ascii_digit(c); }
bool digit_or_underscore(char c) { return digit(c) || c == '_'; }

bool is_any_of(string_view text, std::initializer_list<string_view> words) {
  for (const string_view word : words)
    if (text == word || (text.size() == word.size() + 1 && text.back() == '\n' && text.substr(0, word.size()) == word))
      return true;
  return false;
}

bool is_bool(string_view text) {
  return is_any_of(text, {"yes", "Yes", "YES", "no", "No", "NO", "true", "True", "TRUE", "false", "False", "FALSE",
                          "on", "On", "ON", "off", "Off", "OFF"});
}

/// One or more ":59" or ":9", the digits of base 60.
bool pass_base_60(Matcher& match) {
  bool any = false;
  while (match.one(":")) {
    const bool begins_low = !match.rest().empty() && match.rest().front() <= '5';
    if (match.many(digit, begins_low ? 2 : 1) == 0) return false;
    any = true;
  }
  return any;
}

bool pass_exponent(Matcher& match) {
  if (!match.one("eE")) return true;
  return match.one("+-") && match.many(digit) > 0;
}

bool is_float(string_view text) {
  Matcher match(text);
  const bool has_sign = match.one("+-");
  if (match.one(".")) {
    if (is_any_of(match.rest(), {"inf", "Inf", "INF"})) return true;
    if (has_sign) return false;
    if (is_any_of(match.rest(), {"nan", "NaN", "NAN"})) return true;
    if (match.many(digit, 1) == 0) return false;
    match.many(digit_or_underscore);
    return pass_exponent(match) && match.at_end();
  }
  if (match.many(digit, 1) == 0) return false;
  match.many(digit_or_underscore);
  const bool is_base_60 = !match.rest().empty() && match.rest().front() == ':';
  if (is_base_60 && !pass_base_60(match)) return false;
  if (!match.one(".")) return false;
  match.many(digit_or_underscore);
  return (is_base_60 || pass_exponent(match)) && match.at_end();
}

bool is_int(string_view text) {
  Matcher match(text);
  match.one("+-");
  if (match.word("0")) {
    if (match.at_end()) return true;
    if (match.word("b"))
      return match.many([](char c) { return c == '0' || c == '1' || c == '_'; }) > 0 && match.at_end();
    if (match.word("x"))
      return match.many([](char c) { return c == '_' || hex_value(static_cast<unsigned char>(c)) >= 0; }) > 0 &&
             match.at_end();
    return match.many([](char c) { return c == '_' || (c >= '0' && c <= '7'); }) > 0 && match.at_end();
  }
  if (match.many(digit, 1) == 0) return false;
  match.many(digit_or_underscore);
  return match.at_end() || (pass_base_60(match) && match.at_end());
}

// Timestamps.

struct Timestamp {
  int year = 0, month = 0, day = 0;
  bool has_long_date = false;  ///< month and day have two digits
  bool has_time = false;
  int hour = 0, minute = 0, second = 0, microsecond = 0;
  bool has_zone = false;
  int zone_minutes = 0;
};

bool pass_number(Matcher& match, std::size_t least, std::size_t most, int& value) {
  const string_view before = match.rest();
  const std::size_t count = match.many(digit, most);
  value = 0;
  for (const char c : before.substr(0, count)) value = value * 10 + (c - '0');
  return count >= least;
}

bool pass_zone(Matcher& match, Timestamp& out) {
  match.many([](char c) { return c == ' ' || c == '\t'; });
  if (match.word("Z")) return out.has_zone = true;
  const bool is_negative = !match.rest().empty() && match.rest().front() == '-';
  int hours = 0;
  int minutes = 0;
  if (!match.one("+-") || !pass_number(match, 1, 2, hours)) return false;
  if (match.one(":") && !pass_number(match, 2, 2, minutes)) return false;
  out.has_zone = true;
  out.zone_minutes = (is_negative ? -1 : 1) * (hours * 60 + minutes);
  return true;
}

bool pass_time(Matcher& match, Timestamp& out) {
  if (!match.one("Tt") && match.many([](char c) { return c == ' ' || c == '\t'; }) == 0) return false;
  if (!pass_number(match, 1, 2, out.hour) || !match.one(":")) return false;
  if (!pass_number(match, 2, 2, out.minute) || !match.one(":")) return false;
  if (!pass_number(match, 2, 2, out.second)) return false;
  if (match.one(".")) {
    const string_view fraction = match.rest();
    const std::size_t count = match.many(digit);
    for (std::size_t i = 0; i < 6; ++i) out.microsecond = out.microsecond * 10 + (i < count ? fraction[i] - '0' : 0);
  }
  out.has_time = true;
  return match.at_end() || pass_zone(match, out);
}

/// The parts of a timestamp's text; whether they name a day and a time is for is_possible to say.
std::optional<Timestamp> parse_timestamp(string_view text) {
  Matcher match(text);
  Timestamp out;
  if (!pass_number(match, 4, 4, out.year) || !match.one("-")) return std::nullopt;
  const std::size_t month_at = match.rest().size();
  if (!pass_number(match, 1, 2, out.month)) return std::nullopt;
  const bool has_long_month = month_at - match.rest().size() == 2;
  if (!match.one("-")) return std::nullopt;
  const std::size_t day_at = match.rest().size();
  if (!pass_number(match, 1, 2, out.day)) return std::nullopt;
  out.has_long_date = has_long_month && day_at - match.rest().size() == 2;
  if (!match.at_end() && !pass_time(match, out)) return std::nullopt;
  if (!match.at_end()) return std::nullopt;
  return out;
}

int days_in_month(int year, int month) {
  static constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && is_leap ? 1 : 0);
}

bool is_possible(const Timestamp& t) {
  if (t.year < 1 || t.month < 1 || t.month > 12 || t.day < 1 || t.day > days_in_month(t.year, t.month)) return false;
  const bool zone_fits = t.zone_minutes > -24 * 60 && t.zone_minutes < 24 * 60;
  return t.hour < 24 && t.minute < 60 && t.second < 60 && zone_fits;
}

std::string isoformat(const Timestamp& t) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02d", t.year, t.month, t.day);
  std::string out = buffer;
  if (!t.has_time) return out;
  std::snprintf(buffer, sizeof buffer, "T%02d:%02d:%02d", t.hour, t.minute, t.second);
  out += buffer;
  if (t.microsecond != 0) {
    std::snprintf(buffer, sizeof buffer, ".%06d", t.microsecond);
    out += buffer;
  }
  if (t.has_zone) {
    const int minutes = t.zone_minutes < 0 ? -t.zone_minutes : t.zone_minutes;
    std::snprintf(buffer, sizeof buffer, "%c%02d:%02d", t.zone_minutes < 0 ? '-' : '+', minutes / 60, minutes % 60);
    out += buffer;
  }
  return out;
}

bool is_timestamp(string_view text) {
  const auto t = parse_timestamp(text);
  return t && (t->has_time || t->has_long_date);
}

// Values.

std::optional<BadScalar> set_bool(Node& node) {
  const std::string lower = ascii_lower(node.text);
  const bool is_true = lower == "yes" || lower == "true" || lower == "on";
  if (!is_true && lower != "no" && lower != "false" && lower != "off")
    return BadScalar{excerpt(node.text) + " is not a boolean", "true, false, yes, no, on, off"};
  node.kind = Node::Kind::boolean;
  node.boolean = is_true;
  return std::nullopt;
}

std::optional<BadScalar> set_int(Node& node) {
  const auto value = yaml_integer(node.text);
  if (!value)
    return BadScalar{
        excerpt(node.text) + " is not an integer",
        "digits (at most " + std::to_string(kMaxDigits) + "), 0x..., 0b..., 0... (octal), base 60 with ':'",
        "put it in quotes if it is meant as text"};
  const std::string digits = (value->is_negative ? "-" : "") + value->magnitude.digits();
  node.kind = Node::Kind::integer;
  std::int64_t integer = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), integer);
  node.fits = parsed.ec == std::errc{};
  if (node.fits) node.integer = integer;
  else node.text = digits;
  return std::nullopt;
}

std::optional<BadScalar> set_float(Node& node) {
  const auto value = yaml_real(node.text);
  if (!value)
    return BadScalar{excerpt(node.text) + " is not a number", "1.5, 1.0e+3, .inf, .nan",
                     "put it in quotes if it is meant as text"};
  node.kind = Node::Kind::real;
  node.real = *value;
  return std::nullopt;
}

std::optional<BadScalar> set_timestamp(Node& node) {
  const auto value = parse_timestamp(node.text);
  if (!value || !is_possible(*value))
    return BadScalar{excerpt(node.text) + (value ? " is not a day and time of the calendar" : " is not a date"),
                     "2024-01-31, 2024-01-31T23:59:59Z", "put it in quotes if it is meant as text"};
  node.kind = Node::Kind::timestamp;
  node.iso = isoformat(*value);
  return std::nullopt;
}

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/// Python's lenient base64: what is not of its alphabet is skipped, a complete padding ends the data.
std::optional<BadScalar> set_binary(Node& node) {
  for (const char c : node.text)
    if (static_cast<unsigned char>(c) >= 0x80)
      return BadScalar{"binary data has a character that is not ASCII", "base64"};
  std::string out;
  unsigned bits = 0;
  int position = 0;
  int num_pads = 0;
  for (const char c : node.text) {
    if (c == '=') {
      if (position >= 2 && position + ++num_pads >= 4) {
        position = 0;
        break;
      }
      continue;
    }
    const int value = base64_value(c);
    if (value < 0) continue;
    num_pads = 0;
    bits = ((bits << 6) | static_cast<unsigned>(value)) & 0xFFFu;
    if (position > 0) out += static_cast<char>(static_cast<unsigned char>((bits >> (6 - 2 * position)) & 0xFFu));
    position = (position + 1) % 4;
  }
  if (position != 0)
    return BadScalar{"binary data ends within a group of four base64 characters", "base64, padded with '='"};
  node.kind = Node::Kind::binary;
  node.text = std::move(out);
  return std::nullopt;
}

}  // namespace

const std::string& resolve_tag(string_view text) {
  if (text.empty() || is_any_of(text, {"~", "null", "Null", "NULL"})) return kNullTag;
  if (is_bool(text)) return kBoolTag;
  if (is_float(text)) return kFloatTag;
  if (is_int(text)) return kIntTag;
  if (is_timestamp(text)) return kTimestampTag;
  if (is_any_of(text, {"<<"})) return kMergeTag;
  if (is_any_of(text, {"="})) return kValueTag;
  if (is_any_of(text, {"!", "&", "*"})) return kYamlTag;
  return kStrTag;
}

std::optional<BadScalar> set_scalar(Node& node, const std::string& tag) {
  if (tag == kBoolTag) return set_bool(node);
  if (tag == kIntTag) return set_int(node);
  if (tag == kFloatTag) return set_float(node);
  if (tag == kTimestampTag) return set_timestamp(node);
  if (tag == kBinaryTag) return set_binary(node);
  node.kind = tag == kNullTag ? Node::Kind::null : Node::Kind::text;
  return std::nullopt;
}

std::string timestamp_identity(string_view text) {
  const auto t = parse_timestamp(text);
  if (!t) return std::string(text);
  if (!t->has_zone) return isoformat(*t);
  // Days before the year by the Gregorian rule, which Python extends to the year 1.
  long long days = 365LL * (t->year - 1) + (t->year - 1) / 4 - (t->year - 1) / 100 + (t->year - 1) / 400 + t->day;
  for (int month = 1; month < t->month; ++month) days += days_in_month(t->year, month);
  const long long minutes = (days * 24 + t->hour) * 60 + t->minute - t->zone_minutes;
  return "utc" + std::to_string((minutes * 60 + t->second) * 1'000'000 + t->microsecond);
}

}  // namespace forgelm::config::yaml
