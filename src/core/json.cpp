// The JSON value and its writer. The reader is json_parse.cpp, the only file here that pays for nlohmann's headers.
#include "forgelm/core/json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "forgelm/core/text.hpp"

namespace forgelm {
namespace {

[[noreturn]] void fail_kind(Json::Kind wanted, Json::Kind found) {
  throw RunError(RunErrorKind::data, cat("JSON: expected ", to_string(wanted), ", found ", to_string(found)));
}

class Writer {
 public:
  explicit Writer(const JsonStyle& style) : style_(style) {
    colon_ = style.compact ? ":" : ": ";
    comma_ = style.compact || style.indent >= 0 ? "," : ", ";
  }

  void write(const Json& value, int level) {
    switch (value.kind()) {
      case Json::Kind::null: out_ += "null"; break;
      case Json::Kind::boolean: out_ += value.boolean() ? "true" : "false"; break;
      case Json::Kind::integer: detail::append_signed(out_, value.integer()); break;
      case Json::Kind::real: write_real(value.real()); break;
      case Json::Kind::text: write_text(value.text()); break;
      case Json::Kind::array: write_array(value.items(), level); break;
      case Json::Kind::object: write_object(value.members(), level); break;
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void write_real(double value) {
    if (std::isfinite(value)) out_ += python_float_repr(value);
    else write_text(python_float_repr(value));
  }

  void break_line(int level) {
    if (style_.indent < 0) return;
    out_ += '\n';
    out_.append(static_cast<std::size_t>(style_.indent) * static_cast<std::size_t>(level), ' ');
  }

  void write_array(const Json::Array& items, int level) {
    if (items.empty()) {
      out_ += "[]";
      return;
    }
    out_ += '[';
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_ += comma_;
      break_line(level + 1);
      write(items[i], level + 1);
    }
    break_line(level);
    out_ += ']';
  }

  void write_member(const Json::Member& member, bool is_first, int level) {
    if (!is_first) out_ += comma_;
    break_line(level);
    write_text(member.first);
    out_ += colon_;
    write(member.second, level);
  }

  void write_object(const Json::Object& members, int level) {
    if (members.empty()) {
      out_ += "{}";
      return;
    }
    out_ += '{';
    if (style_.sort_keys) {
      std::vector<const Json::Member*> sorted;
      sorted.reserve(members.size());
      for (const auto& member : members) sorted.push_back(&member);
      // Bytes of UTF-8 compare as their code points do (char_traits<char> compares unsigned).
      std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
      for (const auto* member : sorted) write_member(*member, member == sorted.front(), level + 1);
    } else {
      for (const auto& member : members) write_member(member, &member == &members.front(), level + 1);
    }
    break_line(level);
    out_ += '}';
  }

  void write_unit(unsigned unit) {
    static constexpr char kHex[] = "0123456789abcdef";
    out_ += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out_ += kHex[(unit >> shift) & 0xFu];
  }

  void write_escaped(char32_t c) {
    if (c < 0x10000) return write_unit(static_cast<unsigned>(c));
    const auto above = static_cast<unsigned>(c) - 0x10000u;
    write_unit(0xD800u | (above >> 10));
    write_unit(0xDC00u | (above & 0x3FFu));
  }

  static bool is_written_as_it_is(char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }

  /// The one-letter escape of `c`, or 0.
  static char short_escape(char c) {
    switch (c) {
      case '"': return '"';
      case '\\': return '\\';
      case '\n': return 'n';
      case '\r': return 'r';
      case '\t': return 't';
      case '\f': return 'f';
      case '\b': return 'b';
      default: return 0;
    }
  }

  void write_text(std::string_view text) {
    out_ += '"';
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t begin = at;
      while (at < text.size() && is_written_as_it_is(text[at])) ++at;
      out_.append(text, begin, at - begin);
      if (at == text.size()) break;
      const char c = text[at];
      const DecodedCodePoint point = decode_utf8(text, at);
      if (const char letter = short_escape(c)) {
        out_ += '\\';
        out_ += letter;
      } else if (point.value < 0x20 || style_.ensure_ascii) {
        write_escaped(point.value);
      } else {
        append_utf8(out_, point.value);
      }
      at += point.num_bytes;
    }
    out_ += '"';
  }

  const JsonStyle& style_;
  std::string_view colon_;
  std::string_view comma_;
  std::string out_;
};

template <class Value, class Variant>
auto& require(Variant& value, Json::Kind wanted, Json::Kind found) {
  auto* held = std::get_if<Value>(&value);
  if (held == nullptr) fail_kind(wanted, found);
  return *held;
}

}  // namespace

const char* to_string(Json::Kind kind) noexcept {
  switch (kind) {
    case Json::Kind::null: return "null";
    case Json::Kind::boolean: return "boolean";
    case Json::Kind::integer: return "integer";
    case Json::Kind::real: return "real";
    case Json::Kind::text: return "text";
    case Json::Kind::array: return "array";
    case Json::Kind::object: return "object";
  }
  return "null";
}

Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;

Json Json::object(std::initializer_list<Entry> entries) {
  Json result{Object()};
  result.members().reserve(entries.size());
  for (const Entry& entry : entries) result.set(entry.key, std::move(entry.value));
  return result;
}

bool Json::boolean() const { return require<bool>(value_, Kind::boolean, kind()); }
std::int64_t Json::integer() const { return require<std::int64_t>(value_, Kind::integer, kind()); }
double Json::real() const {
  if (const auto* whole = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*whole);
  return require<double>(value_, Kind::real, kind());
}
const std::string& Json::text() const { return require<std::string>(value_, Kind::text, kind()); }
const Json::Array& Json::items() const { return require<Array>(value_, Kind::array, kind()); }
Json::Array& Json::items() { return require<Array>(value_, Kind::array, kind()); }
const Json::Object& Json::members() const { return require<Object>(value_, Kind::object, kind()); }
Json::Object& Json::members() { return require<Object>(value_, Kind::object, kind()); }

const Json* Json::find(std::string_view key) const noexcept {
  const auto* members = std::get_if<Object>(&value_);
  if (members == nullptr) return nullptr;
  for (const auto& member : *members)
    if (member.first == key) return &member.second;
  return nullptr;
}

Json* Json::find(std::string_view key) noexcept { return const_cast<Json*>(std::as_const(*this).find(key)); }

const Json& Json::at(std::string_view key) const {
  if (const Json* found = find(key)) return *found;
  std::vector<std::string> present;
  for (const auto& member : members()) present.push_back(quote(member.first, 40));
  constexpr std::size_t kShown = 20;
  const std::size_t num_keys = present.size();
  present.resize(std::min(num_keys, kShown));
  throw RunError(RunErrorKind::data, cat("JSON: no member ", quote(key), "; present: ", join(present, ", "),
                                         num_keys > kShown ? cat(" and ", num_keys - kShown, " more") : ""));
}

Json& Json::set(std::string key, Json value) {
  if (is_null()) value_ = Object();
  Object& all = members();
  if (Json* found = find(key)) *found = std::move(value);
  else all.emplace_back(std::move(key), std::move(value));
  return *this;
}

Json& Json::push(Json value) {
  if (is_null()) value_ = Array();
  items().push_back(std::move(value));
  return *this;
}

std::string dump(const Json& value, const JsonStyle& style) {
  Writer writer(style);
  writer.write(value, 0);
  return writer.take();
}

std::string python_float_repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  // "-d.ddde-XXX": the shortest digits that round-trip, nearest to the value among those, as Python's.
  std::array<char, 40> buffer;
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr;
  std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));

  std::string out;
  if (text.front() == '-') {
    out = "-";
    text.remove_prefix(1);
  }
  const std::size_t e = text.find('e');
  const int exponent = std::atoi(std::string(text.substr(e + 1)).c_str());
  std::string digits(1, text.front());
  if (e > 2) digits += text.substr(2, e - 2);

  if (exponent < -4 || exponent >= 16) {
    out += digits[0];
    if (digits.size() > 1) out.append(1, '.').append(digits, 1);
    const int magnitude = std::abs(exponent);
    return out += cat(exponent < 0 ? "e-" : "e+", magnitude < 10 ? "0" : "", magnitude);
  }
  if (exponent < 0) return out += "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  const auto num_whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= num_whole) return out += digits + std::string(num_whole - digits.size(), '0') + ".0";
  return out += digits.substr(0, num_whole) + "." + digits.substr(num_whole);
}

}  // namespace forgelm
