#include "forgelm/core/lock.hpp"

#include <sys/file.h>

#include <algorithm>
#include <chrono>
#include <csignal>
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

/// The first bytes of a file of the system, without its line end; empty where there is none.
std::string system_text(const std::string& path) {
  const posix::Descriptor fd(posix::retry([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (fd.get() < 0) return {};
  char text[1024];
  const ssize_t size = posix::retry([&] { return ::read(fd.get(), text, sizeof text); });
  return size <= 0 ? std::string() : std::string(trim(std::string_view(text, static_cast<std::size_t>(size))));
}

std::string boot_id() { return system_text("/proc/sys/kernel/random/boot_id"); }

/// Field 22 of /proc/PID/stat; the second one, the name, may hold spaces and brackets.
std::string start_ticks(pid_t pid) {
  const std::string stat = system_text(cat("/proc/", pid, "/stat"));
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  const auto fields = split(std::string_view(stat).substr(std::min(stat.size(), name_end + 2)), ' ');
  return fields.size() > 19 ? std::string(fields[19]) : std::string();
}

/// Best effort: the lock holds without this text, which only serves messages.
void write_holder(int fd) {
  const Json holder = Json::object({{"pid", ::getpid()},
                                    {"host", environment().host_name()},
                                    {"since", iso_format(environment().utc_now())},
                                    {"boot_id", boot_id()},
                                    {"start_ticks", start_ticks(::getpid())}});
  const std::string text = dump(holder) + "\n";
  if (::ftruncate(fd, 0) == 0) static_cast<void>(!::pwrite(fd, text.data(), text.size(), 0));
}

RunError in_use(const fs::path& path) {
  RunError::Fields fields = {{"path", path.native()}};
  std::string who = "another process";
  if (const auto holder = read_lock_holder(path); holder && !has_ended(*holder)) {
    who = cat("process ", holder->pid, " on ", holder->host, " since ", holder->since);
    fields.emplace_back("pid", std::to_string(holder->pid));
    fields.emplace_back("host", holder->host);
    fields.emplace_back("since", holder->since);
  }
  return RunError(RunErrorKind::io, cat(path.native(), " is in use by ", who),
                  "wait for it to end, or stop it; the lock frees itself when its holder ends", std::move(fields));
}

}  // namespace

FileLock::FileLock(fs::path path, int fd, std::optional<LockHolder> left_by)
    : path_(std::move(path)), fd_(fd), owner_(::getpid()), left_by_(std::move(left_by)) {}

FileLock::FileLock(FileLock&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      owner_(other.owner_),
      left_by_(std::move(other.left_by_)) {}

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
  auto left_by = read_lock_holder(path);  // whoever releases a lock empties the file
  write_holder(fd.get());
  return FileLock(path, fd.release(), std::move(left_by));
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
  const auto text_of = [&](std::string_view key) {
    const Json* member = holder->find(key);
    return member == nullptr ? std::string() : member->text();
  };
  return LockHolder{static_cast<pid_t>(holder->at("pid").integer()), holder->at("host").text(),
                    holder->at("since").text(), text_of("boot_id"), text_of("start_ticks")};
} catch (const RunError&) {
  return std::nullopt;
}

bool has_ended(const LockHolder& holder) {
  if (holder.host != environment().host_name() || holder.boot_id.empty()) return false;
  if (const std::string now = boot_id(); !now.empty() && now != holder.boot_id) return true;
  if (::kill(holder.pid, 0) != 0 && errno == ESRCH) return true;
  const std::string start = start_ticks(holder.pid);
  return !start.empty() && !holder.start_ticks.empty() && start != holder.start_ticks;
}

}  // namespace forgelm
