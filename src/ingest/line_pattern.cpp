#include "line_pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <time.h>

#include <algorithm>
#include <cstdint>

#include "forgelm/core/error.hpp"
#include "forgelm/core/pcre2_objects.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::ingest {
namespace {

constexpr std::size_t kMaxPatternLength = 2048;  // code points
constexpr std::size_t kWindow = 64;              // places tried before the clock is looked at
constexpr std::chrono::milliseconds kBudget{2000};
// What takes more stack than compiled matching has is interpreted. A step of that can pass over all of a pattern,
// "(?:a?){920}" in 5 microseconds, so it gets fewer.
constexpr std::uint32_t kStepsOfInterpreter = 20;

std::chrono::nanoseconds thread_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

PCRE2_SPTR bytes_of(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

/// Hexadecimal digits from `at` on, exactly `count` of them.
bool are_hex(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return false;
  return text.substr(at, count).find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

/// What Python writes another way: \Z for the very end, \u and \U for code points.
std::string from_python(std::string_view pattern) {
  std::string out;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    if (c != '\\' || at + 1 == pattern.size()) {
      out += c;
      continue;
    }
    const char next = pattern[++at];
    const std::size_t num_digits = next == 'u' ? 4 : next == 'U' ? 8 : 0;
    if (next == 'Z') {
      out += "\\z";
    } else if (num_digits != 0 && are_hex(pattern, at + 1, num_digits)) {
      out += cat("\\x{", pattern.substr(at + 1, num_digits), "}");
      at += num_digits;
    } else {
      out += c;
      out += next;
    }
  }
  return out;
}

bool is_unbounded(char c) { return c == '+' || c == '*'; }

/// The end of the atom at `at`: an escape, a class, or one character.
std::size_t end_of_atom(std::string_view pattern, std::size_t at) {
  if (pattern[at] == '\\') return at + 2;
  if (pattern[at] != '[') return at + 1;
  std::size_t end = at + 1;
  while (end < pattern.size() && pattern[end] != ']') end += pattern[end] == '\\' ? 2 : 1;
  return end + 1;
}

/// "(a+)+" and its like, through any number of brackets: the last atom of a group repeats without bound, and so does
/// the group. The rule of the reference, which patterns have to pass there too.
bool has_nested_repetition(std::string_view pattern) {
  const auto char_at = [&](std::size_t at) { return at < pattern.size() ? pattern[at] : '\0'; };
  std::vector<bool> groups = {false};  // whether the last atom of each open group repeats without bound
  for (std::size_t at = 0; at < pattern.size();) {
    if (pattern[at] == '(') {
      groups.push_back(false);
      ++at;
    } else if (pattern[at] == ')') {
      const bool inner = groups.size() > 1 && groups.back();
      if (groups.size() > 1) groups.pop_back();
      const char quantifier = char_at(at + 1);
      if (inner && is_unbounded(quantifier)) return true;
      groups.back() = inner || is_unbounded(quantifier);
      at += is_unbounded(quantifier) || quantifier == '?' ? 2 : 1;
    } else {
      const std::size_t end = end_of_atom(pattern, at);
      const char quantifier = char_at(end);
      groups.back() = is_unbounded(quantifier);
      at = end;
      if (is_unbounded(quantifier) || quantifier == '?') ++at;
      if (quantifier == '{') at = std::min(pattern.find('}', end), pattern.size() - 1) + 1;
    }
  }
  return false;
}

/// A lazy ".*?" with a back reference where "." takes line breaks too: time grows with a power of the text's length.
bool is_lazy_back_reference(std::string_view pattern) {
  const std::size_t end = pattern.starts_with("(?") ? pattern.find_first_not_of("aimsux", 2) : std::string_view::npos;
  if (end == std::string_view::npos || pattern[end] != ')' ||
      pattern.substr(0, end).find('s') == std::string_view::npos)
    return false;
  if (pattern.find(".*?") == std::string_view::npos && pattern.find(".+?") == std::string_view::npos) return false;
  if (pattern.find("(?P=") != std::string_view::npos) return true;
  for (std::size_t at = pattern.find('\\'); at != std::string_view::npos; at = pattern.find('\\', at + 1))
    if (at + 1 < pattern.size() && pattern[at + 1] >= '1' && pattern[at + 1] <= '9') return true;
  return false;
}

pcre2::Workspace& workspace() {
  thread_local pcre2::Workspace mine;
  return mine;
}

}  // namespace

struct LinePattern::Impl {
  pcre2::Code code;
  std::uint32_t max_steps;

  /// A match that begins between `start` and `last_start`.
  int match(std::string_view subject, std::size_t start, std::size_t last_start) const {
    pcre2::Workspace& mine = workspace();
    pcre2_set_offset_limit(mine.context.get(), last_start);
    const auto attempt = [&](std::uint32_t options, std::uint32_t steps) {
      pcre2_set_match_limit(mine.context.get(), steps);
      return pcre2_match(code.get(), bytes_of(subject), subject.size(), start, PCRE2_NO_UTF_CHECK | options,
                         mine.data.get(), mine.context.get());
    };
    const int result = attempt(0, max_steps);
    return result == PCRE2_ERROR_JIT_STACKLIMIT ? attempt(PCRE2_NO_JIT, max_steps / kStepsOfInterpreter) : result;
  }
  /// \K in a look-around can put the begin behind the end.
  static Found found() {
    const std::size_t* const ends = pcre2_get_ovector_pointer(workspace().data.get());
    return ends[0] <= ends[1] ? Found{ends[0], ends[1]} : Found{ends[1], ends[0]};
  }
};

LinePattern::LinePattern(std::string pattern, const Options& options)
    : text_(std::move(pattern)), impl_(std::make_unique<Impl>()) {
  const std::string_view option = options.option;
  if (text_.empty()) throw ConfigError(cat(option, " must be a non-empty regex."));
  const std::size_t length = num_code_points(text_);
  if (length > kMaxPatternLength)
    throw ConfigError(cat(option, " is too long (", length, " chars; max ", kMaxPatternLength, ")"),
                      "split it across several options");
  const pcre2::CompileContext context = pcre2::make_compile_context();
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  std::uint32_t flags = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT |
                        PCRE2_ALT_CIRCUMFLEX;  // ^ behind the last line break too, as in Python
  if (options.ignores_case) flags |= PCRE2_CASELESS;
  const std::string translated = from_python(text_);
  int error = 0;
  std::size_t place = 0;
  impl_->max_steps = options.max_steps;
  impl_->code.reset(pcre2_compile(bytes_of(translated), translated.size(), flags, &error, &place, context.get()));
  if (!impl_->code)
    throw ConfigError(cat(option, " ", quote(text_), " is not a valid regular expression: ", pcre2::message_of(error),
                          ", at byte ", place));
  if (has_nested_repetition(text_))
    throw ConfigError(cat(option, " ", quote(text_),
                          " contains a nested unbounded quantifier (e.g. `(a+)+`, `(\\w+)+`), which can "
                          "take exponential time"),
                      "write it with bounds (`a{1,100}`), or as several narrower patterns");
  if (is_lazy_back_reference(text_))
    throw ConfigError(cat(option, " ", quote(text_),
                          " combines a lazy `.*?` / `.+?` with a back-reference under DOTALL, which takes time in a "
                          "power of the text's length"),
                      "split it into several patterns");
  std::uint32_t has_jit = 0;
  if (pcre2_config(PCRE2_CONFIG_JIT, &has_jit) == 0 && has_jit != 0)
    pcre2_jit_compile(impl_->code.get(), PCRE2_JIT_COMPLETE);
}

LinePattern::LinePattern(LinePattern&&) noexcept = default;
LinePattern& LinePattern::operator=(LinePattern&&) noexcept = default;
LinePattern::~LinePattern() = default;

std::optional<LinePattern::Found> LinePattern::match_at_start(std::string_view line) const {
  const int result = impl_->match(line, 0, 0);
  if (result == PCRE2_ERROR_NOMATCH) return std::nullopt;
  if (result < 0)
    throw RunError(RunErrorKind::data, cat("the pattern ", quote(text_), " takes too many steps"),
                   "write it with bounds, or as a plain text");
  return Impl::found();
}

std::optional<std::vector<LinePattern::Found>> LinePattern::find_all(
    std::string_view text, std::optional<std::chrono::milliseconds> budget) const {
  std::vector<Found> all;
  const auto deadline = thread_time() + budget.value_or(std::chrono::milliseconds(0));
  const auto next_place = [&](std::size_t at) {
    return at < text.size() ? at + decode_utf8(text, at).num_bytes : at + 1;
  };
  for (std::size_t start = 0; start <= text.size();) {
    if (budget && thread_time() > deadline) return std::nullopt;
    std::size_t last = std::min(start + kWindow, text.size());
    const int result = impl_->match(text, start, last);
    if (result == PCRE2_ERROR_NOMATCH) {
      // The next place to try is the character behind the window.
      do ++last;
      while (last < text.size() && !begins_character(text[last]));
      start = last;
      continue;
    }
    if (result < 0) return std::nullopt;
    const Found found = Impl::found();
    all.push_back(found);
    start = found.end > found.begin ? found.end : next_place(found.end);
  }
  return all;
}

StripResult strip_patterns(Document& document, const std::vector<LinePattern>& patterns, bool is_limited) {
  StripResult result;
  for (const LinePattern& pattern : patterns) {
    if (document.text.empty()) break;
    const auto found = pattern.find_all(
        document.text, is_limited ? std::optional(kBudget) : std::optional<std::chrono::milliseconds>());
    if (!found) {
      result.skipped.push_back(pattern.text());
      continue;
    }
    std::vector<Edit> edits;
    for (const auto& place : *found)
      if (place.begin < place.end) edits.push_back({place.begin, place.end, {}});
    apply_edits(document, edits);
    result.num_taken_out += found->size();
  }
  return result;
}

}  // namespace forgelm::ingest
