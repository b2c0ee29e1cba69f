#include "forgelm/core/lock.hpp"

#include <sys/file.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "forgelm/core/env.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"
#include "posix_file.hpp"

namespace forgelm {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxHolderBytes = 4096;

/// Best effort: the lock holds without this text, which only serves messages.
void write_holder(int fd) {
  const Json holder = Json::object(
      {{"pid", ::getpid()}, {"host", environment().host_name()}, {"since", iso_format(environment().utc_now())}});
  const std::string text = dump(holder) + "\n";
  if (::ftruncate(fd, 0) == 0) static_cast<void>(!::pwrite(fd, text.data(), text.size(), 0));
}

RunError in_use(const fs::path& path) {
  RunError::Fields fields = {{"path", path.native()}};
  std::string who = "another process";
  if (const auto holder = read_lock_holder(path)) {
    who = cat("process ", holder->pid, " on ", holder->host, " since ", holder->since);
    fields.emplace_back("pid", std::to_string(holder->pid));
    fields.emplace_back("host", holder->host);
    fields.emplace_back("since", holder->since);
  }
  return RunError(RunErrorKind::io, cat(path.native(), " is in use by ", who),
                  "wait for it to end, or stop it; the lock frees itself when its holder ends", std::move(fields));
}

}  // namespace

FileLock::FileLock(fs::path path, int fd) : path_(std::move(path)), fd_(fd), owner_(::getpid()) {}

FileLock::FileLock(FileLock&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), owner_(other.owner_) {}

FileLock::~FileLock() {
  if (fd_ < 0) return;
  // A child forked meanwhile may still have the descriptor: closing alone would leave the lock with it.
  if (owner_ == ::getpid()) {
    static_cast<void>(!::ftruncate(fd_, 0));
    static_cast<void>(::flock(fd_, LOCK_UN));
  }
  ::close(fd_);
}

std::optional<FileLock> FileLock::try_acquire(const fs::path& path) {
  posix::Descriptor fd(
      posix::retry([&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644); }));
  if (fd.get() < 0) throw os_error("open the lock file", path.native(), errno);
  if (posix::retry([&] { return ::flock(fd.get(), LOCK_EX | LOCK_NB); }) != 0) {
    if (errno == EWOULDBLOCK) return std::nullopt;
    throw os_error("lock", path.native(), errno,
                   "the file system must support flock; choose a directory on a local one");
  }
  write_holder(fd.get());
  return FileLock(path, fd.release());
}

FileLock FileLock::acquire(const fs::path& path, int timeout_ms) {
  // Real waiting, hence the real clock and not the environment's.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  for (std::chrono::milliseconds pause(2);; pause = std::min(pause * 2, std::chrono::milliseconds(100))) {
    if (auto lock = try_acquire(path)) return *std::move(lock);
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) throw in_use(path);
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(pause, deadline - now));
  }
}

std::optional<LockHolder> read_lock_holder(const fs::path& path) try {
  const auto text = read_file_if_exists(path, kMaxHolderBytes);
  if (!text) return std::nullopt;
  const auto holder = parse_json(*text);
  if (!holder) return std::nullopt;
  return LockHolder{static_cast<pid_t>(holder->at("pid").integer()), holder->at("host").text(),
                    holder->at("since").text()};
} catch (const RunError&) {
  return std::nullopt;
}

}  // namespace forgelm
