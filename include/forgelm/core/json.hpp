// Json: a small JSON value with insertion-ordered objects, and the exact text that Python's json.dumps writes for it.
// The audit log and every digest of ours depend on that text (separators, escapes, float repr), which is why the writer
// is our own; reading goes through nlohmann's SAX parser with limits on depth and size.
#pragma once

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
  enum class Kind { null, boolean, integer, real, text, array, object };

  Json() = default;
  Json(std::nullptr_t) {}                                  // NOLINT(google-explicit-constructor)
  Json(bool value) : value_(value) {}                      // NOLINT(google-explicit-constructor)
  Json(int value) : value_(std::int64_t{value}) {}         // NOLINT(google-explicit-constructor)
  Json(std::int64_t value) : value_(value) {}              // NOLINT(google-explicit-constructor)
  Json(std::size_t value);                                 // NOLINT(google-explicit-constructor)
  Json(double value) : value_(value) {}                    // NOLINT(google-explicit-constructor)
  Json(const char* value) : value_(std::string(value)) {}  // NOLINT(google-explicit-constructor)
  Json(std::string value) : value_(std::move(value)) {}    // NOLINT(google-explicit-constructor)
  Json(std::string_view value) : value_(std::string(value)) {}  // NOLINT(google-explicit-constructor)
  Json(Array value) : value_(std::move(value)) {}          // NOLINT(google-explicit-constructor)
  Json(Object value) : value_(std::move(value)) {}         // NOLINT(google-explicit-constructor)

  static Json array(std::initializer_list<Json> items = {}) { return Json(Array(items)); }
  static Json object(std::initializer_list<Member> members = {}) { return Json(Object(members)); }
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
  /// Sets or replaces member `key`, keeping its place. A null Json becomes an object.
  Json& set(std::string key, Json value);
  /// Appends to an array. A null Json becomes an array.
  Json& push(Json value);

  bool operator==(const Json& other) const = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

/// How json.dumps would be called. Defaults are Python's.
struct JsonStyle {
  int indent = -1;               ///< -1: one line; n: that many spaces a level, as indent=n
  bool sort_keys = false;        ///< by code point, as Python sorts str
  bool ensure_ascii = true;      ///< escape everything above U+007E as \uXXXX, surrogate pairs, lower-case hex
  bool compact = false;          ///< separators=(",", ":")
};

/// The text json.dumps(value) gives. Floats as Python's repr; non-finite floats become the strings "nan", "inf", "-inf".
/// Oracle: CPython 3.11 json (tests/golden/json).
std::string dump(const Json& value, const JsonStyle& style = {});

/// Python's repr(float): shortest digits that round-trip, exponent form below 1e-4 and from 1e16.
std::string python_float_repr(double value);

struct JsonLimits {
  std::size_t max_bytes = 64u << 20;
  int max_depth = 64;
};

/// Reads one JSON document (UTF-8, RFC 8259; duplicate keys are a failure). Failures name line and column.
/// Integers beyond int64 become reals.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

}  // namespace forgelm
