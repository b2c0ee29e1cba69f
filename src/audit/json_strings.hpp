// Where the strings of a JSON line stand in its bytes. simdjson says what a row
// holds; this says where, so that a finding can be shown in its file and masked
// there with every other byte left alone. Invariant: over a line that
// JsonLineReader takes, for_each_json_string() gives the paths and texts of
// for_each_string(), in its order (tests/audit/json_strings_test.cpp and its
// fuzzer). The line must be one that was read: nothing here validates.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace forgelm::audit {

/// A string that is a value, not a key.
struct JsonString {
  std::string path;                ///< "messages[1].content"
  std::size_t begin = 0, end = 0;  ///< its bytes in the line, without the quotes
};

/// Calls `take` for every string value of `line`, in order, at all depths.
void for_each_json_string(std::string_view line, const std::function<void(const JsonString&)>& take);

/// The text of a string's bytes: escapes resolved; a lone surrogate and bytes
/// that are not UTF-8 become U+FFFD.
std::string decode_json_string(std::string_view bytes);

/// Finds bytes of a string by bytes of its text, forwards only.
class JsonStringCursor {
 public:
  explicit JsonStringCursor(std::string_view bytes) : bytes_(bytes) {}
  /// Where in `bytes` the character stands that begins at byte `text_offset` of
  /// decode_json_string(bytes); bytes.size() at the end. No call may ask for
  /// less than the one before.
  std::size_t offset_of(std::size_t text_offset);

 private:
  std::string_view bytes_;
  std::size_t at_ = 0, text_at_ = 0;
};

}  // namespace forgelm::audit
