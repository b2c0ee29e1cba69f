// FileLock: one process at a time, across processes, by flock on a small file that names its holder.
// The kernel releases the lock when the holder dies: what the file says of a holder who was killed, of an earlier boot
// of the machine, or whose process number another one has by now, keeps nobody out and is never taken for a holder. The
// file itself stays: removing it would let two holders in.
// Trap: a forked child shares the lock; only the process that took it releases it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

namespace forgelm {

/// Who holds, or last held, a lock, as it wrote into the file.
struct LockHolder {
  pid_t pid = 0;
  std::string host;
  std::string since;        ///< UTC, ISO 8601
  std::string boot_id;      ///< of the machine's boot; empty where the system has none
  std::string start_ticks;  ///< when the process began, since that boot; empty where the system does not tell
};

class FileLock {
 public:
  /// The lock, or nothing when another holder has it. The file is created when missing (its directory must exist).
  /// RunError(io) when the file cannot be opened or its file system has no locks.
  static std::optional<FileLock> try_acquire(const std::filesystem::path& path);

  /// Waits up to `timeout_ms` (0: not at all), then RunError(io) "PATH is in use by process N on HOST since TIME", with
  /// fields path, pid, host and since as far as they are known; "another process" when the file still names one that is
  /// no more.
  static FileLock acquire(const std::filesystem::path& path, int timeout_ms);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) = delete;
  ~FileLock();

  const std::filesystem::path& path() const noexcept { return path_; }
  /// The holder before, when it ended without releasing the lock.
  const std::optional<LockHolder>& left_by() const noexcept { return left_by_; }

 private:
  FileLock(std::filesystem::path path, int fd, std::optional<LockHolder> left_by);

  std::filesystem::path path_;
  int fd_;
  pid_t owner_;
  std::optional<LockHolder> left_by_;
};

/// Nothing when the file is missing, empty or not ours.
std::optional<LockHolder> read_lock_holder(const std::filesystem::path& path);

/// True only when it is certain that the process has ended: it ran on this host, and this boot has no process of its
/// number and start.
bool has_ended(const LockHolder& holder);

}  // namespace forgelm
