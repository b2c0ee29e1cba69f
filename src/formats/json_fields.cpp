#include "json_fields.hpp"

#include <cmath>
#include <utility>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::formats {

std::optional<Json> read_json_object_if_exists(const std::filesystem::path& path) {
  const auto bytes = read_file_if_exists(path, std::uint64_t{16} << 20);
  if (!bytes) return std::nullopt;
  auto parsed = parse_json(*bytes);
  if (!parsed) throw ConfigError(cat(path.string(), ": ", parsed.error().message));
  if (parsed->kind() != Json::Kind::object)
    throw ConfigError(cat(path.string(), ": expected an object, found ", to_string(parsed->kind())));
  return std::move(parsed).value();
}

JsonFields::JsonFields(const Json& object, std::string place) : object_(object), place_(std::move(place)) {
  if (object.kind() != Json::Kind::object)
    throw ConfigError(cat(place_, ": expected an object, found ", to_string(object.kind())));
}

const Json* JsonFields::find(std::string_view key) const noexcept {
  const Json* value = object_.find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

void JsonFields::fail(std::string_view key, std::string_view what, std::string_view hint) const {
  constexpr std::size_t kShown = 80;
  const Json* value = object_.find(key);
  std::string seen;
  if (value != nullptr) {
    seen = to_valid_utf8(dump(*value));
    if (num_code_points(seen) > kShown) seen = cat(prefix_code_points(seen, kShown), "...");
    seen = cat(" is ", seen);
  }
  throw ConfigError(cat(place_, ": ", key, seen, ": ", what), std::string(hint));
}

std::int64_t JsonFields::integer(std::string_view key, std::int64_t absent, std::int64_t min, std::int64_t max) const {
  const Json* value = find(key);
  if (value == nullptr) return absent;
  if (value->kind() != Json::Kind::integer || value->integer() < min || value->integer() > max)
    fail(key, cat("expected a whole number from ", min, " to ", max));
  return value->integer();
}

double JsonFields::real(std::string_view key, double absent, std::optional<double> above) const {
  const Json* value = find(key);
  if (value == nullptr) return absent;
  if (!value->is_number() || !std::isfinite(value->real()) || (above && value->real() <= *above))
    fail(key, above ? cat("expected a number above ", *above) : "expected a number");
  return value->real();
}

bool JsonFields::boolean(std::string_view key, bool absent) const {
  const Json* value = find(key);
  if (value == nullptr) return absent;
  if (value->kind() != Json::Kind::boolean) fail(key, "expected true or false");
  return value->boolean();
}

std::string JsonFields::text(std::string_view key, std::string_view absent) const {
  const Json* value = find(key);
  if (value == nullptr) return std::string(absent);
  if (value->kind() != Json::Kind::text) fail(key, "expected a text");
  return value->text();
}

std::vector<std::string> JsonFields::texts(std::string_view key) const {
  std::vector<std::string> out;
  const Json* value = find(key);
  if (value == nullptr) return out;
  if (value->kind() != Json::Kind::array) fail(key, "expected a list of texts");
  for (const Json& item : value->items()) {
    if (item.kind() != Json::Kind::text) fail(key, "expected a list of texts");
    out.push_back(item.text());
  }
  return out;
}

const Json::Object& JsonFields::members(std::string_view key) const {
  static const Json::Object kNone;
  const Json* value = find(key);
  if (value == nullptr) return kNone;
  if (value->kind() != Json::Kind::object) fail(key, "expected an object");
  return value->members();
}

}  // namespace forgelm::formats
