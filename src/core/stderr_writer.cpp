#include "stderr_writer.hpp"

#include <unistd.h>

#include <cerrno>

namespace forgelm {
namespace {
constexpr std::string_view kClearLine = "\r\x1b[2K";
}  // namespace

void StderrWriter::write_line(std::string_view line) {
  const std::lock_guard lock(mutex_);
  std::string bytes;
  if (!status_.empty()) bytes += kClearLine;
  bytes += line;
  bytes += '\n';
  bytes += status_;
  write_all(bytes);
}

void StderrWriter::set_status(std::string_view status) {
  const std::lock_guard lock(mutex_);
  if (status.empty() && status_.empty()) return;
  write_all(std::string(kClearLine).append(status));
  status_ = status;
}

void StderrWriter::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // a log that cannot be written must not stop the work
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

StderrWriter& stderr_writer() {
  static auto& writer = *new StderrWriter(STDERR_FILENO);  // never destroyed: threads may log until the very end
  return writer;
}

}  // namespace forgelm
