#include "forgelm/cli/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <new>

#include "forgelm/core/error.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/redact.hpp"
#include "forgelm/core/terminal.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
namespace {

constexpr std::size_t kPiece = 64 * 1024;

/// A pipe that another process set to non-blocking may be full for a while.
void wait_until_writable(int fd) noexcept {
  pollfd waiting{fd, POLLOUT, 0};
  (void)::poll(&waiting, 1, -1);
}

/// For stderr, where a failure has nowhere to be told.
void write_to_stderr(std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      wait_until_writable(STDERR_FILENO);
      continue;
    }
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

bool Output::has_color() const { return color_enabled(STDOUT_FILENO); }
int Output::width() const { return is_terminal(STDOUT_FILENO) ? terminal_width(STDOUT_FILENO) : 80; }

void Output::print(std::string_view text) {
  if (is_json()) return;
  pending_ += text;
  if (pending_.size() >= kPiece) flush();
}

void Output::set_document(Json document) {
  if (is_json()) document_ = std::move(document);
}

void Output::note(std::string_view line) {
  if (is_quiet_ || is_json()) return;
  write_to_stderr(redact(std::string(line) + "\n"));
}

void Output::report(const std::vector<Diagnostic>& diagnostics) {
  if (is_json() || diagnostics.empty()) return;
  const auto style = format_ == OutputFormat::github ? DiagnosticStyle::github : DiagnosticStyle::text;
  flush();  // so that both streams come in order where they meet
  write_to_stderr(redact(render(diagnostics, style, color_enabled(STDERR_FILENO))));
}

void Output::complain(std::string_view message, std::string_view hint) noexcept {
  try {
    // Names of files may hold anything; here they cannot steer the terminal.
    const std::string tail = hint.empty() ? "" : cat("  hint: ", escape_for_line(redact(hint)), "\n");
    write_to_stderr(cat("forgelm: error: ", escape_for_line(redact(message)), "\n", tail));
  } catch (const std::bad_alloc&) {
    write_to_stderr("forgelm: error: out of memory\n");
  }
}

void Output::flush() {
  const std::string text = redact(pending_);
  pending_.clear();
  std::string_view rest = text;
  while (!rest.empty() && !is_reader_gone_) {
    const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      is_reader_gone_ = true;
    } else if (errno == EAGAIN) {
      wait_until_writable(STDOUT_FILENO);
    } else if (errno != EINTR) {
      const int error = errno;
      is_finished_ = true;
      throw os_error("write", "standard output", error, "what was written before is not whole: do not use it");
    }
  }
}

void Output::finish(bool is_success) {
  if (is_finished_) return;
  if (is_json()) pending_ = dump(document_.value_or(Json::object({{"success", is_success}})), {.indent = 2}) + "\n";
  is_finished_ = true;
  flush();
}

Json to_json(const Diagnostic& diagnostic) {
  const auto text = [](const std::string& value) { return value.empty() ? Json() : Json(value); };
  const auto number = [](int value) { return value == 0 ? Json() : Json(value); };
  return Json::object({{"severity", diagnostic.severity == Severity::error ? "error" : "warning"},
                       {"code", diagnostic.code},
                       {"path", text(diagnostic.path)},
                       {"file", text(diagnostic.spot.file)},
                       {"line", number(diagnostic.spot.line)},
                       {"column", number(diagnostic.spot.column)},
                       {"message", diagnostic.message},
                       {"allowed", text(diagnostic.allowed)},
                       {"hint", text(diagnostic.hint)}});
}

Json to_json(const std::vector<Diagnostic>& diagnostics) {
  Json list = Json::array();
  for (const auto& diagnostic : diagnostics) list.push(to_json(diagnostic));
  return list;
}

}  // namespace forgelm::cli
