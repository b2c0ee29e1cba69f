// The members of a JSON object that somebody else wrote, read by kind and bounds. A member that is null counts as
// absent, as in the files of transformers and peft. Every failure is a ConfigError that names the file, the key, the
// value seen and what is allowed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/json.hpp"

namespace forgelm::formats {

/// The object in a JSON file. ConfigError when it is no JSON object; nothing when there is no such file.
std::optional<Json> read_json_object_if_exists(const std::filesystem::path& path);

class JsonFields {
 public:
  /// `place` stands before messages: a path, or a path and a key. `object` is kept by reference.
  JsonFields(const Json& object, std::string place);

  /// nullptr when absent or null.
  const Json* find(std::string_view key) const noexcept;
  bool has(std::string_view key) const noexcept { return find(key) != nullptr; }

  std::int64_t integer(std::string_view key, std::int64_t absent, std::int64_t min, std::int64_t max) const;
  /// Finite; above `above` when given.
  double real(std::string_view key, double absent, std::optional<double> above = std::nullopt) const;
  bool boolean(std::string_view key, bool absent) const;
  std::string text(std::string_view key, std::string_view absent) const;
  /// A list of texts; empty when absent.
  std::vector<std::string> texts(std::string_view key) const;
  /// The members of an object; empty when absent.
  const Json::Object& members(std::string_view key) const;

  /// Throws the ConfigError for the value at `key`.
  [[noreturn]] void fail(std::string_view key, std::string_view what, std::string_view hint = {}) const;
  const Json& object() const noexcept { return object_; }
  const std::string& place() const noexcept { return place_; }

 private:
  const Json& object_;
  std::string place_;
};

}  // namespace forgelm::formats
