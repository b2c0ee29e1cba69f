#include "pdf.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <functional>
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
constexpr std::size_t kMaxTextBytes = std::size_t{48} << 20;
constexpr std::size_t kMaxLineBytes = 256;
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

/// What the reader says, piece by piece.
class Listener {
 public:
  Listener(int fd, std::function<std::string()> reason) : fd_(fd), reason_(std::move(reason)) {}

  std::string line() {
    while (true) {
      const std::size_t end = buffer_.find('\n');
      if (end != std::string::npos) {
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return line;
      }
      if (buffer_.size() > kMaxLineBytes) fail("its reader said what cannot be understood");
      read_more();
    }
  }
  std::string bytes(std::size_t count) {
    while (buffer_.size() < count) read_more();
    std::string bytes = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return bytes;
  }

 private:
  void read_more() {
    pollfd watched{fd_, POLLIN, 0};
    const int ready = ::poll(&watched, 1, kMaxSilenceMs);
    if (ready < 0 && errno == EINTR) return;
    if (ready == 0) fail(cat("its reader said nothing for ", kMaxSilenceMs / 1000, " s"));
    char piece[65536];
    const ssize_t got = ::read(fd_, piece, sizeof piece);
    if (got < 0 && errno == EINTR) return;
    if (got <= 0) fail(reason_());
    buffer_.append(piece, static_cast<std::size_t>(got));
  }

  int fd_;
  std::function<std::string()> reason_;
  std::string buffer_;
};

/// The numbers behind a word.
std::vector<std::size_t> numbers_of(std::string_view line) {
  std::vector<std::size_t> numbers;
  const auto words = split(line, ' ');
  for (std::size_t i = 1; i < words.size(); ++i) {
    std::size_t number = 0;
    std::from_chars(words[i].data(), words[i].data() + words[i].size(), number);
    numbers.push_back(number);
  }
  numbers.resize(2);
  return numbers;
}

void check_range(const std::pair<int, int>& range, std::size_t num_pages, const std::filesystem::path& path) {
  if (static_cast<std::size_t>(range.first) > num_pages)
    throw ConfigError(cat("--page-range start (", range.first, ") exceeds PDF page count (", num_pages, ") for ",
                          quote(path.native()), "."));
}

[[noreturn]] void fail_by(std::string_view line) {
  if (line == "limit time")
    fail(cat("a page, or opening it, takes more than ", pdf_text::kMaxPageMs, " ms of processor time"));
  if (line == "limit pages") fail(cat("it has more than ", pdf_text::kMaxPages, " pages"));
  if (line == "error password")
    fail("it is encrypted with a non-empty password", "decrypt it first (qpdf --decrypt) and run ingest again");
  if (line == "error format") fail("it is no PDF, or too damaged to read");
  fail("its reader said what cannot be understood");
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

  Listener listener(output.get(), [&] { return child.reason(); });
  if (const std::string greeting = listener.line(); greeting != cat(pdf_text::kGreeting, version()))
    fail(cat(program().native(), " is not of this forgelm, ", version()), "install all files of one build together");
  PdfPages pages;
  std::size_t num_bytes = 0;
  while (true) {
    const std::string line = listener.line();
    const std::vector<std::size_t> numbers = numbers_of(line);
    if (line == "end") return pages;
    if (line == "columns") {
      pages.has_columns = true;
    } else if (line.starts_with("pages ")) {
      if (range) check_range(*range, numbers[0], path);
    } else if (line.starts_with("unreadable ")) {
      pages.unreadable.push_back(static_cast<int>(numbers[0]));
    } else if (line.starts_with("page ")) {
      num_bytes += numbers[1];
      if (num_bytes > kMaxTextBytes)
        fail(cat("it holds more than ", format_bytes(static_cast<std::int64_t>(kMaxTextBytes)), " of text"));
      pages.pages.push_back({static_cast<int>(numbers[0]), to_valid_utf8(listener.bytes(numbers[1]))});
    } else {
      fail_by(line);
    }
  }
}

}  // namespace forgelm::ingest
