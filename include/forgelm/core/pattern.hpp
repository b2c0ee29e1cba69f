// Regular expressions on PCRE2, with limits on steps and memory, since patterns
// and texts may be anybody's. Unicode classes as Python's `re` has them. Shared
// between threads freely. The trap: a pattern can be a personal identifier, so
// no message here repeats it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace forgelm {

/// Bytes [begin, end) of a text.
struct PatternSpan {
  std::size_t begin = 0, end = 0;
  bool operator==(const PatternSpan&) const = default;
};

class Pattern {
 public:
  enum class Classes { unicode, ascii };  ///< what \w, \d and \b mean
  struct Options {
    Classes classes = Classes::unicode;
    bool dot_is_all = false;
    bool is_ours = false;  ///< part of the program: made for the machine where
                           ///< it can be, which pays from megabytes on
  };

  /// ConfigError with the offset of the fault, and without the pattern.
  Pattern(std::string_view pattern, const Options& options);
  explicit Pattern(std::string_view pattern);
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  /// The first match from byte `start` on. Bytes that are not UTF-8 match
  /// nothing. RunError(data) when it would take too many steps.
  std::optional<PatternSpan> find(std::string_view text, std::size_t start = 0) const;
  /// The same among matches that are begun at byte `last_start` at the latest. Only of patterns that are ours.
  std::optional<PatternSpan> find(std::string_view text, std::size_t start, std::size_t last_start) const;

  /// A match has this many characters at least; a bound, not always the least.
  std::size_t min_characters() const noexcept;

 private:
  struct Impl;
  std::optional<PatternSpan> match(std::string_view text, std::size_t start, std::size_t last_start) const;

  std::unique_ptr<Impl> impl_;
};

}  // namespace forgelm
