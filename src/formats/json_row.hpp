// One row of JSON text -> Json, by simdjson. The values and the accept set are those of core's parse_json: whatever
// simdjson refuses, or accepts under other rules than ours in some version of it (repeated keys, surrogates), goes
// through parse_json, which decides and has the place for the message.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "forgelm/formats/rows.hpp"

namespace forgelm::formats {

/// Bytes that must be readable (with any content) behind the text.
inline constexpr std::size_t kJsonPadding = 64;

/// At memory speed, unlike core's find_invalid_utf8, which has the place.
bool is_utf8(std::string_view text) noexcept;

/// What is wrong with a row, at a place counted from the start of its text: line 0 is the first, columns from 1.
struct JsonRowProblem {
  std::uint64_t line = 0;
  std::uint64_t column = 1;
  std::string message;
  std::string hint;
};

/// Keeps its memory from row to row. One per thread.
class JsonRowParser {
 public:
  explicit JsonRowParser(const RowLimits& limits);
  JsonRowParser(JsonRowParser&&) noexcept;
  ~JsonRowParser();

  /// False with `problem` filled when the text is not one object within the limits. With `accepts_text`, a JSON text is
  /// a row as well: {"text": ...}.
  bool parse(std::string_view text, Json& row, JsonRowProblem& problem, bool accepts_text = false);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace forgelm::formats
