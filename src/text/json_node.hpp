// A place in a tokenizer file's JSON, so that every complaint names file and path: "pre_tokenizer.pretokenizers[1]".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/json.hpp"

namespace forgelm::text {

class JsonNode {
 public:
  JsonNode(const Json& value, std::string path, const std::string& file)
      : value_(&value), path_(std::move(path)), file_(&file) {}

  const Json& value() const { return *value_; }
  const std::string& path() const { return path_; }
  bool is_null() const { return value_->is_null(); }

  /// ConfigError "FILE: PATH: what".
  [[noreturn]] void fail(const std::string& what) const;

  /// Member `key`; a ConfigError when absent or null.
  JsonNode at(std::string_view key) const;
  /// Member `key`, unless absent or null.
  std::optional<JsonNode> find(std::string_view key) const;
  std::vector<JsonNode> items() const;

  const std::string& text() const;
  bool boolean() const;
  std::int64_t integer(std::int64_t least, std::int64_t most) const;
  /// A text of exactly one code point.
  char32_t character() const;
  bool boolean_or(std::string_view key, bool otherwise) const;

 private:
  const Json* value_;
  std::string path_;
  const std::string* file_;
};

/// The deepest nesting of Sequences, and how many steps they may hold together.
inline constexpr int kMaxSequenceDepth = 16;
inline constexpr std::size_t kMaxSteps = 256;

/// ConfigError when the object at `node` and what its lists called `list_key` hold are more than kMaxSteps steps.
void check_num_steps(const JsonNode& node, std::string_view list_key);

}  // namespace forgelm::text
