// The hidden folders beside checkpoints: ".checkpoint-<step>.<pid>-<token>-<n>.staging" is being filled or removed,
// "....replaced" is an old checkpoint whose successor is about to take its name (file systems that cannot exchange).
// A staging folder is stale, and is removed by the next writer, when its process is gone and nobody holds the lock on
// it (flock on the folder). A replaced one is put back when its name is free, else removed. The token tells a process
// from an earlier one of the same number, as in containers where all are process 1.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace forgelm::formats::checkpoint {

/// The step in "checkpoint-<step>"; nothing for other names, "checkpoint-007" and "checkpoint-x" among them.
std::optional<std::int64_t> step_of(std::string_view name);
std::string folder_name(std::int64_t step);

/// A name of this process beside checkpoint-<step> that is not taken. `kind` is "staging" or "replaced".
std::filesystem::path hidden_name(const std::filesystem::path& run_folder, std::int64_t step, std::string_view kind);

/// A staging folder of this process: made, locked and removed with the object.
class Staging {
 public:
  Staging(const std::filesystem::path& run_folder, std::int64_t step);
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging();

  const std::filesystem::path& path() const noexcept { return path_; }
  /// The folder has another name now: it stays when the object goes. path() is empty from here on.
  void release() noexcept;
  /// Removes what is at path() now, as the destructor would; what cannot be removed is stale.
  void discard() noexcept;

 private:
  std::filesystem::path path_;
  int fd_ = -1;
  pid_t owner_;  ///< a forked child must not remove its parent's folder
};

/// Puts replaced checkpoints back whose name is free and whose process is gone. Failures are ignored.
void recover(const std::filesystem::path& run_folder) noexcept;

/// recover(), then removes what dead writers left. Failures are ignored: the next writer tries again.
void clean(const std::filesystem::path& run_folder) noexcept;

/// Renames on one file system, never over something. os_error.
void move(const std::filesystem::path& from, const std::filesystem::path& to);

/// Renames a file over another, or to a free name. os_error.
void move_over(const std::filesystem::path& from, const std::filesystem::path& to);

/// Removes a file, a link or a folder with all that is in it; links are not followed. os_error.
void remove_tree(const std::filesystem::path& path);

/// Moves `checkpoint` to a hidden name, durably, then removes it. Only the first can fail; what stays of the second is
/// stale.
void remove_whole(const std::filesystem::path& run_folder, std::int64_t step);

}  // namespace forgelm::formats::checkpoint
