// Files: bounded reading, and writing that survives a kill or a power cut at any instant. Every write that matters goes
// through here: temporary file in the same directory, full write, fsync, rename, fsync of the directory.
// Invariant: whoever looks sees the old file or the new one, whole. All failures are RunErrors (io, or out_of_disk for
// ENOSPC and EDQUOT) with fields path, errno and operation; after one, a second try works once its cause is gone.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace forgelm {

inline constexpr std::uint64_t kDefaultMaxFileBytes = std::uint64_t{1} << 30;

/// The bytes of a file. RunError(io) when it cannot be read or is a directory, RunError(data) when it holds more than
/// `max_bytes`.
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes = kDefaultMaxFileBytes);

/// The same, or nothing when there is no such file.
std::optional<std::string> read_file_if_exists(const std::filesystem::path& path,
                                               std::uint64_t max_bytes = kDefaultMaxFileBytes);

/// Puts `bytes` at `path`, durably. A new file gets `mode` less the umask; an existing one keeps its permissions. A
/// symbolic link at `path` is replaced, not followed. The directory must exist.
void write_file_durably(const std::filesystem::path& path, std::string_view bytes, mode_t mode = 0644);

/// write_file_durably in pieces. Until commit() nothing is visible at the path; destroyed without it, nothing was ever
/// there. Temporary files of writers that died are removed by the next writer of the same path. Not thread-safe.
class DurableFile {
 public:
  explicit DurableFile(std::filesystem::path path, mode_t mode = 0644);
  DurableFile(DurableFile&& other) noexcept;
  DurableFile& operator=(DurableFile&& other) = delete;
  ~DurableFile();

  /// Appends at the end. After a failure of this or of commit() the file is abandoned and the object done with.
  void write(std::string_view bytes);
  /// Overwrites bytes written before (a header whose fields are known last); does not move the end.
  void write_at(std::uint64_t offset, std::string_view bytes);
  /// Bytes written by write() so far.
  std::uint64_t size_bytes() const noexcept { return size_bytes_; }
  /// Makes the file visible at its path. When only the last step fails (syncing the directory) the error says so and
  /// the new file is in place.
  void commit();
  const std::filesystem::path& path() const noexcept { return path_; }
  const std::filesystem::path& temporary_path() const noexcept { return temporary_path_; }

 private:
  void abandon() noexcept;

  std::filesystem::path path_;
  std::filesystem::path temporary_path_;
  int fd_ = -1;
  pid_t owner_ = 0;  ///< a forked child must not remove its parent's file
  std::uint64_t size_bytes_ = 0;
};

/// Makes the directory `staging` appear at `final_path` whole or not at all: every file and directory in it is synced,
/// then it is renamed, then the parents are synced. `final_path` may be missing or an empty directory; both must be on
/// one file system. Symbolic links inside are kept and not followed.
void commit_directory(const std::filesystem::path& staging, const std::filesystem::path& final_path);

/// commit_directory where `final_path` is a directory that holds something: the two change places in one step, so that
/// at no moment neither is there. Gives where the old directory is then: at `staging`, or, on a file system that cannot
/// exchange, at `aside` (a free name beside `final_path`); there, a kill between two renames can leave nothing at
/// `final_path`, and the caller finds the old one at `aside`. When only the last step fails (syncing the parents), the
/// error says so and the new directory is in place.
std::filesystem::path replace_directory(const std::filesystem::path& staging, const std::filesystem::path& final_path,
                                        const std::filesystem::path& aside);

/// Makes what was created, renamed or removed in `directory` durable. File systems that cannot sync a directory pass.
void sync_directory(const std::filesystem::path& directory);

/// A file that only grows, for logs. The caller holds a lock that keeps other writers out (forgelm/core/lock.hpp).
class AppendFile {
 public:
  /// Opens or creates; a symbolic link is refused. Creating is durable at once.
  explicit AppendFile(const std::filesystem::path& path, mode_t mode = 0644);
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&& other) = delete;
  ~AppendFile();

  /// Appends all of `bytes` and syncs. On failure the file is cut back to its length before, so that a full disk leaves
  /// no torn record; a kill can (the writer's format has to find that).
  void append(std::string_view bytes);
  /// append() without the sync: cheap, and not safe from a power cut before sync(). A failure leaves no torn record.
  void write(std::string_view bytes);
  void sync();
  /// Cuts the file to its first `size_bytes` bytes, durably.
  void cut(std::uint64_t size_bytes);
  /// Waits for the exclusive lock (flock) on the file itself, held until this object ends: for formats whose other
  /// writers lock the file and no lock file beside it. RunError(io) where the file system has no locks.
  void lock();
  /// The bytes from `offset` on, `size_bytes` of them or fewer at the end of the file.
  std::string read(std::uint64_t offset, std::size_t size_bytes) const;
  std::uint64_t size_bytes() const;
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  void take_back(std::uint64_t size_bytes) noexcept;

  std::filesystem::path path_;
  int fd_ = -1;
  bool is_locked_ = false;
};

}  // namespace forgelm
