// Names and lifetimes of the temporary files beside the files they will become: ".NAME.forgelm-PID-N.tmp".
// A writer holds flock on its temporary file. A temporary file is stale, and is removed by the next writer of the same
// name, when its process is gone (or is this one, which knows its own) and nobody holds the lock. The lock protects
// writers in other PID namespaces, and the PID those between creating the file and locking it.
#pragma once

#include <filesystem>

namespace forgelm::temporary_files {

/// Creates (O_EXCL, mode 0600 or narrower than `mode`), registers and locks a temporary file for `path`. Throws
/// os_error.
struct Created {
  std::filesystem::path path;
  int fd;
};
Created create(const std::filesystem::path& path, mode_t mode);

/// This process no longer uses the temporary file `path`; does not remove it.
void forget(const std::filesystem::path& path) noexcept;

/// Removes what dead writers of `path` left behind. Failures are ignored: this is housekeeping.
void remove_stale(const std::filesystem::path& path) noexcept;

}  // namespace forgelm::temporary_files
