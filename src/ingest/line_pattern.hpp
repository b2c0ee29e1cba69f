// Regular expressions that people give on the command line, in the syntax of Python's `re`, run on PCRE2 over texts
// that anybody may have written. Shapes known to take exponential time are refused before they run, each attempt is
// bounded in steps and memory, and all of a text is bounded in time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "document.hpp"

namespace forgelm::ingest {

class LinePattern {
 public:
  struct Options {
    bool ignores_case = false;
    std::string_view option = "--strip-pattern";  ///< for messages
    std::uint32_t max_steps = 1'000'000;          ///< of one attempt
  };

  /// `^` and `$` match at lines. ConfigError for an empty or long pattern, one that is not valid, and for nested
  /// repetitions without bounds, "(a+)+".
  LinePattern(std::string pattern, const Options& options);
  LinePattern(LinePattern&&) noexcept;
  LinePattern& operator=(LinePattern&&) noexcept;
  ~LinePattern();

  const std::string& text() const noexcept { return text_; }

  struct Found {
    std::size_t begin = 0, end = 0;
  };
  /// The match that begins at the beginning of `line`. RunError(data) when it takes too many steps.
  std::optional<Found> match_at_start(std::string_view line) const;

  /// All matches from left to right, as re.finditer gives them. Nothing when it takes more than `budget` of processor
  /// time, or too many steps for one place.
  std::optional<std::vector<Found>> find_all(std::string_view text,
                                             std::optional<std::chrono::milliseconds> budget) const;

 private:
  struct Impl;
  std::string text_;
  std::unique_ptr<Impl> impl_;
};

/// Takes all matches of the patterns out, one pattern after the other.
struct StripResult {
  std::size_t num_taken_out = 0;
  std::vector<std::string> skipped;  ///< patterns that took too long on this text; it is as they found it
};
StripResult strip_patterns(Document& document, const std::vector<LinePattern>& patterns, bool is_limited);

}  // namespace forgelm::ingest
