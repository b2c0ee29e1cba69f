#include "pdf.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

#include "forgelm/core/error.hpp"
#include "forgelm/core/library_folder.hpp"
#include "forgelm/core/progress.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"
#include "forgelm/ingest/ingest.hpp"
#include "forgelm/pdf_text/protocol.hpp"

namespace forgelm::ingest {
namespace {

constexpr int kMaxSilenceMs = 30'000;  // of the clock on the wall: a watch over the watch
constexpr long kNearlyAllMemoryKb = static_cast<long>(pdf_text::kMaxMemoryBytes >> 10) / 2;

[[noreturn]] void fail(const std::string& message, std::string hint = {}) {
  throw RunError(RunErrorKind::data, message, std::move(hint));
}

std::filesystem::path program() { return library_folder() / pdf_text::kProgram; }

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  int get() const noexcept { return fd_; }
  void close() noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

/// The reader at work; killed when it is not waited for.
class Child {
 public:
  Child(int document, int output, const std::optional<std::pair<int, int>>& range) {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, document, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::string path = program().native();
    std::string first = std::to_string(range ? range->first : 0), last = std::to_string(range ? range->second : 0);
    char* arguments[] = {path.data(), first.data(), last.data(), nullptr};
    char* environment[] = {nullptr};
    const int error = ::posix_spawn(&pid_, path.c_str(), &actions, nullptr, arguments, environment);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) fail(cat("the reader of PDFs cannot be started: ", std::generic_category().message(error)));
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    wait();
  }

  /// Why it ended before it said so.
  std::string reason() {
    const auto [status, usage] = wait();
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) return "the document made its reader do what it may not";
    if (usage.ru_maxrss > kNearlyAllMemoryKb)
      return cat("it needs more than ", format_bytes(static_cast<std::int64_t>(pdf_text::kMaxMemoryBytes)),
                 " of memory");
    if (WIFSIGNALED(status)) return cat("its reader ended by signal ", WTERMSIG(status), ": the document is damaged");
    return cat("its reader ended with ", WEXITSTATUS(status));
  }

 private:
  std::pair<int, rusage> wait() {
    int status = 0;
    rusage usage{};
    while (::wait4(pid_, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return {status, usage};
  }
  pid_t pid_ = -1;
};

/// What comes next of the report.
void read_more(int fd, Child& child, std::string& buffer) {
  while (true) {
    pollfd watched{fd, POLLIN, 0};
    const int ready = ::poll(&watched, 1, kMaxSilenceMs);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) fail(cat("its reader said nothing for ", kMaxSilenceMs / 1000, " s"));
    char piece[65536];
    const ssize_t got = ::read(fd, piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail(child.reason());
    buffer.append(piece, static_cast<std::size_t>(got));
    return;
  }
}

}  // namespace

bool reads_pdf() noexcept { return FORGELM_HAS_PDF != 0; }

std::string pdf_problem() {
  if (!reads_pdf()) return "this build of forgelm reads no PDFs; configure with -DFORGELM_PDF=ON and build again";
  std::error_code error;
  if (!std::filesystem::exists(program(), error))
    return cat("the reader of PDFs is missing: there is no ", program().native());
  return "";
}

PdfPages read_pdf(const std::filesystem::path& path, const std::optional<std::pair<int, int>>& range) {
  if (const std::string problem = pdf_problem(); !problem.empty()) fail(problem);
  const Descriptor document(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (document.get() < 0)
    throw RunError(RunErrorKind::io,
                   cat("cannot open ", quote(path.native()), ": ", std::generic_category().message(errno)));
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) fail(cat("no pipe: ", std::generic_category().message(errno)));
  const Descriptor output(ends[0]);
  Descriptor input(ends[1]);
  Child child(document.get(), input.get(), range);
  input.close();

  return read_report([&](std::string& buffer) { read_more(output.get(), child, buffer); }, range, path.native());
}

}  // namespace forgelm::ingest
