#include "temporary_files.hpp"

#include <sys/file.h>

#include <atomic>
#include <charconv>
#include <csignal>
#include <mutex>
#include <set>
#include <system_error>

#include "forgelm/core/text.hpp"
#include "posix_file.hpp"

namespace forgelm::temporary_files {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = ".forgelm-";
constexpr std::string_view kSuffix = ".tmp";

/// The temporary files that this process has open.
class Registry {
 public:
  void add(const std::string& path) {
    const std::lock_guard lock(mutex_);
    open_.insert(path);
  }
  void remove(const std::string& path) {
    const std::lock_guard lock(mutex_);
    open_.erase(path);
  }
  bool holds(const std::string& path) {
    const std::lock_guard lock(mutex_);
    return open_.count(path) > 0;
  }

 private:
  std::mutex mutex_;
  std::set<std::string> open_;
};

Registry& registry() {
  static Registry instance;
  return instance;
}

std::string prefix_of(const fs::path& path) { return cat(".", path.filename().native(), kMark); }

/// The process in the name of a temporary file of `prefix`, or 0 when the name is not one of ours.
pid_t pid_of(std::string_view name, std::string_view prefix) {
  if (name.size() <= prefix.size() + kSuffix.size() || name.substr(0, prefix.size()) != prefix) return 0;
  if (name.substr(name.size() - kSuffix.size()) != kSuffix) return 0;
  name.remove_prefix(prefix.size());
  name.remove_suffix(kSuffix.size());
  pid_t pid = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
  const bool is_ours = parsed.ec == std::errc() && parsed.ptr != name.data() + name.size() && *parsed.ptr == '-';
  return is_ours && pid > 0 ? pid : 0;
}

bool is_stale(const fs::path& file, pid_t pid) {
  if (pid == ::getpid() ? registry().holds(file.native()) : ::kill(pid, 0) == 0 || errno != ESRCH) return false;
  const posix::Descriptor fd(::open(file.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (fd.get() < 0) return false;
  return ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 || (errno != EWOULDBLOCK && errno != EINTR);
}

}  // namespace

Created create(const fs::path& path, mode_t mode) {
  static std::atomic<unsigned> counter{0};
  for (;;) {
    const fs::path file = posix::parent_of(path) / cat(prefix_of(path), ::getpid(), "-", counter++, kSuffix);
    registry().add(file.native());
    const int fd = posix::retry(failpoint::point("durable.create"), [&] {
      return ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    });
    if (fd >= 0) {
      // Without flock (some network file systems) the PID alone protects the file.
      static_cast<void>(::flock(fd, LOCK_EX | LOCK_NB));
      return {file, fd};
    }
    const int error_number = errno;
    registry().remove(file.native());
    // A name that is taken belongs to a dead process that had our PID, or to somebody who wants us to follow a link.
    if (error_number != EEXIST) throw os_error("create", file.native(), error_number);
  }
}

void forget(const fs::path& path) noexcept { registry().remove(path.native()); }

void remove_stale(const fs::path& path) noexcept try {
  const std::string prefix = prefix_of(path);
  std::error_code ignored;
  for (fs::directory_iterator entry(posix::parent_of(path), ignored), end; !ignored && entry != end;
       entry.increment(ignored)) {
    const pid_t pid = pid_of(entry->path().filename().native(), prefix);
    if (pid != 0 && is_stale(entry->path(), pid)) ::unlink(entry->path().c_str());
  }
} catch (...) {  // out of memory: leave the files for the next writer
}

}  // namespace forgelm::temporary_files
