// Marks: how it is found out where a template puts the contents of messages. Each content gets two characters of
// private use, one before its first and one after its last character that is not white space; what the template does
// with the text carries them along, and they are taken out of what it gives. Only an answer that is the same without
// the marks counts: a template may look at what it is given (think blocks, tags), so the marks have several places to
// stand at. Trap: offsets are bytes of the text without marks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forgelm/core/json.hpp"

namespace forgelm::text {

/// Which pair of marks: the index of a message, or one of the two below.
using MarkId = std::uint32_t;
inline constexpr MarkId kMaxMarkedMessages = 32'000;
inline constexpr MarkId kAnswerMark = 32'001;  ///< around the content of an assistant's turn put in as a probe
inline constexpr MarkId kUserMark = 32'002;    ///< around the content of a user's turn put in as a probe

/// Where the marks stand: `edges` of the content; `inside` of a think block or of tags at its ends.
enum class MarkPlaces { edges, after_thinking, inside_tags };
inline constexpr MarkPlaces kAllMarkPlaces[] = {MarkPlaces::edges, MarkPlaces::after_thinking, MarkPlaces::inside_tags};

/// The 65,534 characters that marks are taken from: plane 15 or 16. A text that uses both cannot be marked.
class MarkAlphabet {
 public:
  /// The plane that `text` does not use, or nothing.
  static std::optional<MarkAlphabet> unused_in(std::string_view text);
  std::string begin(MarkId id) const { return encode(id * 2); }
  std::string end(MarkId id) const { return encode(id * 2 + 1); }
  /// The mark that starts at `text[at]` (4 bytes), or nothing.
  std::optional<std::uint32_t> decode(std::string_view text, std::size_t at) const noexcept;

 private:
  explicit MarkAlphabet(std::uint32_t first) : first_(first) {}
  std::string encode(std::uint32_t code) const;
  std::uint32_t first_;
};

/// Where the white space at the end of `text` begins (what Python's str.rstrip() takes away).
std::size_t trimmed_size(std::string_view text) noexcept;

/// Bytes of a content: what is not white space at its ends, and in it what the marks stand around.
struct MarkedPart {
  std::size_t begin = 0, marked_begin = 0, marked_end = 0, end = 0;
  bool is_empty() const noexcept { return begin == end; }
};
MarkedPart part_to_mark(std::string_view content, MarkPlaces places, bool is_assistant) noexcept;

/// `content` with its marks; unchanged when it is white space only.
std::string mark_content(const MarkAlphabet& alphabet, MarkId id, const std::string& content, MarkPlaces places,
                         bool is_assistant);
/// All messages with marked contents (of a list of parts: each part's text, with the same marks).
Json::Array mark_messages(const MarkAlphabet& alphabet, const Json::Array& messages, MarkPlaces places);

/// A rendered text without its marks, and where they stood.
class MarkedText {
 public:
  /// Nothing to take out.
  explicit MarkedText(std::string text) : text_(std::move(text)) {}
  MarkedText(const MarkAlphabet& alphabet, std::string_view rendered);

  const std::string& text() const noexcept { return text_; }
  /// The last place of a message's first or last character, or nothing. All places, in order.
  std::optional<std::size_t> last_begin(MarkId id) const noexcept { return last(id * 2); }
  std::optional<std::size_t> last_end(MarkId id) const noexcept { return last(id * 2 + 1); }
  std::vector<std::size_t> begins(MarkId id) const { return all(id * 2); }
  std::vector<std::size_t> ends(MarkId id) const { return all(id * 2 + 1); }

 private:
  std::optional<std::size_t> last(std::uint32_t code) const noexcept;
  std::vector<std::size_t> all(std::uint32_t code) const;

  struct Mark {
    std::uint32_t code;
    std::size_t at;
  };
  std::string text_;
  std::vector<Mark> marks_;  ///< by code, then by place
};

}  // namespace forgelm::text
