// FileLock: one process at a time, across processes, by flock on a small file that names its holder.
// The kernel releases the lock when the holder dies. The file itself stays: removing it would let two holders in.
// Trap: a forked child shares the lock; only the process that took it releases it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

namespace forgelm {

class FileLock {
 public:
  /// The lock, or nothing when another holder has it. The file is created when missing (its directory must exist).
  /// RunError(io) when the file cannot be opened or its file system has no locks.
  static std::optional<FileLock> try_acquire(const std::filesystem::path& path);

  /// Waits up to `timeout_ms` (0: not at all), then RunError(io) "PATH is in use by process N on HOST since TIME", with
  /// fields path, pid, host and since as far as they are known.
  static FileLock acquire(const std::filesystem::path& path, int timeout_ms);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) = delete;
  ~FileLock();

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  FileLock(std::filesystem::path path, int fd);

  std::filesystem::path path_;
  int fd_;
  pid_t owner_;
};

/// Who holds, or last held, a lock, as it wrote into the file.
struct LockHolder {
  pid_t pid = 0;
  std::string host;
  std::string since;  ///< UTC, ISO 8601
};

/// Nothing when the file is missing, empty or not ours.
std::optional<LockHolder> read_lock_holder(const std::filesystem::path& path);

}  // namespace forgelm
