// Named loggers on stderr, one line each: `2026-01-31 23:59:59 [WARNING] forgelm.data: message` (local time, as the
// reference writes it). Invariants: registered secrets never appear (redact.hpp; applied to the finished message, so a
// secret put together from several parts is caught too), and one call is one line: control, line-breaking and
// direction-changing characters and bytes that are not UTF-8 are escaped, so data cannot forge a line.
// The trap: this header includes neither spdlog nor fmt (torch ships its own fmt); keep it so.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "forgelm/core/choices.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm {

FORGELM_CHOICES(LogLevel, DEBUG, INFO, WARNING, ERROR)

namespace detail {
extern std::atomic<LogLevel> log_threshold;
void write_log(LogLevel level, std::string_view logger, std::string message);
}  // namespace detail

/// A name that log lines carry. Make one constant per file: `constexpr Logger logger("forgelm.data");`. The name is not
/// copied and must outlive the logger (use a literal). Logging is safe from any thread and never throws on a failing
/// stderr; below the level it costs one atomic load, and the parts (cat() of text.hpp) are not put together.
class Logger {
 public:
  constexpr explicit Logger(std::string_view name) noexcept : name_(name) {}

  template <class... Parts>
  void debug(const Parts&... parts) const {
    write(LogLevel::DEBUG, parts...);
  }
  template <class... Parts>
  void info(const Parts&... parts) const {
    write(LogLevel::INFO, parts...);
  }
  template <class... Parts>
  void warning(const Parts&... parts) const {
    write(LogLevel::WARNING, parts...);
  }
  template <class... Parts>
  void error(const Parts&... parts) const {
    write(LogLevel::ERROR, parts...);
  }

  template <class... Parts>
  void write(LogLevel level, const Parts&... parts) const {
    if (is_enabled(level)) detail::write_log(level, name_, cat(parts...));
  }
  /// For messages whose parts are costly to compute.
  static bool is_enabled(LogLevel level) noexcept {
    return level >= detail::log_threshold.load(std::memory_order_relaxed);
  }
  std::string_view name() const noexcept { return name_; }

 private:
  std::string_view name_;
};

/// Lines below `level` are dropped. INFO at start.
void set_log_level(LogLevel level) noexcept;
LogLevel log_level() noexcept;

/// Receives each finished line: redacted, escaped, without colour and line break. Called under a lock, one at a time;
/// it must not log.
using LogSink = std::function<void(LogLevel level, std::string_view line)>;

/// Sends lines to `sink` instead of stderr; an empty sink means stderr again. Returns the sink that was in place.
LogSink set_log_sink(LogSink sink);

/// `text` on one line, with what could forge or garble a line escaped: \n, \r and \t as such, other code points as
/// \u{202e}, bytes that are not UTF-8 as \xff. A backslash stays as it is.
std::string escape_for_line(std::string_view text);

}  // namespace forgelm
