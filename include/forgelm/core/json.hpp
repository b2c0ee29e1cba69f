// Json: a small JSON value with insertion-ordered objects, and the exact text that Python's json.dumps writes for it.
// The audit log and every digest of ours depend on that text (separators, escapes, float repr), which is why the writer
// is our own; reading goes through nlohmann's SAX parser with limits on depth and size.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "forgelm/core/result.hpp"

namespace forgelm {

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;  ///< in insertion order; keys are unique
  struct Entry;                        ///< a member for object(), which takes its value out of it
  enum class Kind { null, boolean, integer, real, text, array, object };

  Json() noexcept = default;
  // Defined in json.cpp: inlined moves of the variant cost code size and trip g++ 12's -Wmaybe-uninitialized.
  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json();
  Json(std::nullptr_t) {}  // NOLINT(google-explicit-constructor)
  // Templates, so that a pointer never turns into a boolean by itself.
  template <std::same_as<bool> T>
  Json(T value) : value_(value) {}  // NOLINT(google-explicit-constructor)
  /// Unsigned values beyond int64 become reals.
  template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>) Json(T value)
      : value_(std::int64_t{0}) {  // NOLINT(google-explicit-constructor)
    if (std::in_range<std::int64_t>(value)) value_ = static_cast<std::int64_t>(value);
    else value_ = static_cast<double>(value);
  }
  template <std::floating_point T>
  Json(T value) : value_(static_cast<double>(value)) {}         // NOLINT(google-explicit-constructor)
  Json(const char* value) : value_(std::string(value)) {}       // NOLINT(google-explicit-constructor)
  Json(std::string value) : value_(std::move(value)) {}         // NOLINT(google-explicit-constructor)
  Json(std::string_view value) : value_(std::string(value)) {}  // NOLINT(google-explicit-constructor)
  Json(Array value) : value_(std::move(value)) {}               // NOLINT(google-explicit-constructor)
  /// The keys must be unique; set() and object() see to that.
  Json(Object value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)

  static Json array(std::initializer_list<Json> items = {}) { return Json(Array(items)); }
  /// A repeated key keeps its first place and its last value, as a Python dict literal.
  static Json object(std::initializer_list<Entry> entries = {});
  template <class Range>
  static Json array_of(const Range& range) {
    Array items;
    for (const auto& item : range) items.emplace_back(item);
    return Json(std::move(items));
  }

  Kind kind() const noexcept { return static_cast<Kind>(value_.index()); }
  bool is_null() const noexcept { return kind() == Kind::null; }
  bool is_number() const noexcept { return kind() == Kind::integer || kind() == Kind::real; }

  /// The held value; a RunError(data) that names both kinds when it is of another kind.
  bool boolean() const;
  std::int64_t integer() const;
  double real() const;  ///< integers convert
  const std::string& text() const;
  const Array& items() const;
  Array& items();
  const Object& members() const;
  Object& members();

  /// Member `key` of an object: nullptr when absent (or when this is not an object).
  const Json* find(std::string_view key) const noexcept;
  Json* find(std::string_view key) noexcept;
  /// Member `key`; a RunError(data) that lists the keys present when there is none. Linear in the number of members.
  const Json& at(std::string_view key) const;
  /// Sets or replaces member `key`, keeping its place. A null Json becomes an object; any other kind is a
  /// RunError(data). Returns this object, for chaining.
  Json& set(std::string key, Json value);
  /// Appends to an array. A null Json becomes an array; any other kind is a RunError(data). Returns this array.
  Json& push(Json value);

  bool operator==(const Json& other) const = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

/// What an initializer_list holds is const, and would be copied, with all that is in it, at every level of a document.
struct Json::Entry {
  std::string key;
  mutable Json value;
};

/// "null", "boolean", "integer", "real", "text", "array" or "object".
const char* to_string(Json::Kind kind) noexcept;

/// How json.dumps would be called. Defaults are Python's.
struct JsonStyle {
  int indent = -1;           ///< -1: one line; n >= 0: one member a line, n spaces a level, as indent=n
  bool sort_keys = false;    ///< by code point, as Python sorts str
  bool ensure_ascii = true;  ///< escape all above U+007E as \uXXXX, surrogate pairs, lower-case hex
  bool compact = false;      ///< separators=(",", ":")
};

/// The text json.dumps(value) gives. Floats as Python's repr; non-finite floats become the strings "nan", "inf",
/// "-inf". Text that is not UTF-8 is written with U+FFFD for each maximal bad part, as bytes.decode("utf-8", "replace")
/// has it. Oracle: CPython 3.11 json (tests/golden/json). Recursion is as deep as the value.
std::string dump(const Json& value, const JsonStyle& style = {});

/// Python's repr(float): shortest digits that round-trip, exponent form below 1e-4 and from 1e16.
std::string python_float_repr(double value);

struct JsonLimits {
  std::size_t max_bytes = std::size_t{64} << 20;
  int max_depth = 64;  ///< open arrays and objects at once
};

/// Reads one JSON document (UTF-8, RFC 8259, a byte order mark is skipped; duplicate keys are a failure). Failures
/// start with "line L, column C: ", columns in code points. Integers beyond int64 become reals; a real beyond double
/// and a lone surrogate are failures. Memory is about 80 bytes a value; nothing recurses while reading.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

}  // namespace forgelm
