// The one way to stderr for log lines and progress: at the bottom of a terminal stands at most one status line, and a
// log line is written above it. Every change is one write, so that lines of several threads never mix.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

namespace forgelm {

class StderrWriter {
 public:
  explicit StderrWriter(int fd) : fd_(fd) {}

  /// Writes `line` and a line break; a status line moves below it.
  void write_line(std::string_view line);
  /// Draws or redraws the status line; empty removes it. Only for a terminal.
  void set_status(std::string_view status);

 private:
  void write_all(std::string_view bytes);

  int fd_;
  std::mutex mutex_;
  std::string status_;
};

/// The writer on file descriptor 2, for the life of the process.
StderrWriter& stderr_writer();

}  // namespace forgelm
