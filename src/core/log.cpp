// spdlog lays out the line (its formatter, not its registry: no default logger and no thread pool come to life);
// redaction, escaping and the way to stderr are ours.
#include "forgelm/core/log.hpp"

#include <spdlog/pattern_formatter.h>

#include <cstdio>
#include <mutex>
#include <utility>

#include "forgelm/core/redact.hpp"
#include "forgelm/core/terminal.hpp"
#include "stderr_writer.hpp"

namespace forgelm {
namespace detail {
std::atomic<LogLevel> log_threshold{LogLevel::INFO};
}  // namespace detail

namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::DEBUG: return spdlog::level::debug;
    case LogLevel::INFO: return spdlog::level::info;
    case LogLevel::WARNING: return spdlog::level::warn;
    case LogLevel::ERROR: return spdlog::level::err;
  }
  return spdlog::level::err;
}

/// %V: our name of the level (spdlog's own flags know only "warning" and "W").
class LevelName : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string_view name = message.level <= spdlog::level::debug  ? "DEBUG"
                                  : message.level == spdlog::level::info ? "INFO"
                                  : message.level == spdlog::level::warn ? "WARNING"
                                                                         : "ERROR";
    out.append(name.data(), name.data() + name.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<LevelName>(); }
};

std::string_view color_of(LogLevel level) {
  switch (level) {
    case LogLevel::DEBUG: return "\x1b[36m";
    case LogLevel::INFO: return "\x1b[32m";
    case LogLevel::WARNING: return "\x1b[33m";
    case LogLevel::ERROR: return "\x1b[1;31m";
  }
  return "";
}

class Backend {
 public:
  Backend() : formatter_(spdlog::pattern_time_type::local, "") {
    formatter_.add_flag<LevelName>('V');
    formatter_.set_pattern("%Y-%m-%d %H:%M:%S [%^%V%$] %n: %v");
  }

  void write(LogLevel level, std::string_view logger, std::string_view message) {
    const spdlog::details::log_msg entry(spdlog::string_view_t(logger.data(), logger.size()), to_spdlog(level),
                                         spdlog::string_view_t(message.data(), message.size()));
    const std::lock_guard lock(mutex_);
    spdlog::memory_buf_t buffer;
    formatter_.format(entry, buffer);
    const std::string_view line(buffer.data(), buffer.size());
    if (sink_) {
      sink_(level, line);
    } else if (color_enabled(2)) {
      stderr_writer().write_line(
          cat(line.substr(0, entry.color_range_start), color_of(level),
              line.substr(entry.color_range_start, entry.color_range_end - entry.color_range_start), "\x1b[0m",
              line.substr(entry.color_range_end)));
    } else {
      stderr_writer().write_line(line);
    }
  }

  LogSink exchange_sink(LogSink sink) {
    const std::lock_guard lock(mutex_);
    return std::exchange(sink_, std::move(sink));
  }

 private:
  std::mutex mutex_;
  spdlog::pattern_formatter formatter_;
  LogSink sink_;
};

Backend& backend() {
  static auto& instance = *new Backend;  // made on the first line, never destroyed: threads may log until the very end
  return instance;
}

bool is_plain_ascii(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) - 0x20U >= 0x5FU) return false;
  return true;
}

}  // namespace

void detail::write_log(LogLevel level, std::string_view logger, std::string message) {
  message = redact(message);
  if (!is_plain_ascii(message)) message = escape_for_line(message);
  backend().write(level, logger, message);
}

void set_log_level(LogLevel level) noexcept { detail::log_threshold.store(level, std::memory_order_relaxed); }
LogLevel log_level() noexcept { return detail::log_threshold.load(std::memory_order_relaxed); }
LogSink set_log_sink(LogSink sink) { return backend().exchange_sink(std::move(sink)); }

std::string escape_for_line(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint point = decode_utf8(text, at);
    const std::string_view bytes = text.substr(at, point.num_bytes);
    char escaped[16];
    if (!point.is_valid) {
      for (const char byte : bytes) {
        std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
        out += escaped;
      }
    } else if (point.value == '\n' || point.value == '\r' || point.value == '\t') {
      out += point.value == '\n' ? "\\n" : point.value == '\r' ? "\\r" : "\\t";
    } else if (is_unsafe_to_show(point.value)) {
      std::snprintf(escaped, sizeof escaped, "\\u{%x}", static_cast<unsigned>(point.value));
      out += escaped;
    } else {
      out += bytes;
    }
    at += point.num_bytes;
  }
  return out;
}

}  // namespace forgelm
