// A whole directory appears at once: contents to disk first, then the name, then the directories that hold the names.
#include <cstdio>

#include "forgelm/core/files.hpp"
#include "posix_file.hpp"

namespace forgelm {
namespace {

namespace fs = std::filesystem;
using failpoint::point;

void sync_tree(const fs::path& directory) {
  std::error_code error;
  fs::recursive_directory_iterator entry(directory, error);
  for (const fs::recursive_directory_iterator end; !error && entry != end; entry.increment(error)) {
    const fs::file_status status = entry->symlink_status(error);
    if (error) break;
    if (fs::is_directory(status)) {
      posix::sync_directory(entry->path(), point("directory.sync_directory"));
    } else if (fs::is_regular_file(status)) {
      const posix::Descriptor fd(
          posix::retry([&] { return ::open(entry->path().c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC); }));
      if (fd.get() < 0) throw os_error("sync", entry->path().native(), errno);
      posix::sync_file(fd.get(), entry->path(), point("directory.sync_file"));
    }
  }
  if (error) throw os_error("list", directory.native(), error.value());
  posix::sync_directory(directory, point("directory.sync_directory"));
}

/// "a/b/" and "a/b" name the same directory, but only the second has a parent.
fs::path without_trailing_slash(const fs::path& path) { return path.has_filename() ? path : path.parent_path(); }

std::string hint_of(int error_number) {
  if (error_number == EXDEV) return "stage the directory on the same file system as its final place";
  if (error_number == ENOTEMPTY || error_number == EEXIST) return "move the directory that is there away first";
  return "";
}

void sync_parents(const fs::path& from, const fs::path& to) {
  posix::sync_directory(posix::parent_of(to), point("directory.sync_parent"));
  if (posix::parent_of(from) != posix::parent_of(to))
    posix::sync_directory(posix::parent_of(from), point("directory.sync_parent"));
}

void move_staged(const fs::path& from, const fs::path& to) {
  const int renamed = posix::retry(point("directory.rename"), [&] { return ::rename(from.c_str(), to.c_str()); });
  if (renamed != 0) throw os_error("move the staged directory to", to.native(), errno, hint_of(errno));
}

/// False when the file system cannot.
bool exchange(const fs::path& from, const fs::path& to) {
  const int exchanged = posix::retry(point("directory.exchange"), [&] {
    return ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE);
  });
  if (exchanged == 0) return true;
  if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) return false;
  throw os_error("exchange the staged directory with", to.native(), errno, hint_of(errno));
}

}  // namespace

void commit_directory(const fs::path& staging, const fs::path& final_path) {
  const fs::path from = without_trailing_slash(staging);
  const fs::path to = without_trailing_slash(final_path);
  sync_tree(from);
  move_staged(from, to);
  sync_parents(from, to);
}

fs::path replace_directory(const fs::path& staging, const fs::path& final_path, const fs::path& aside) {
  const fs::path from = without_trailing_slash(staging);
  const fs::path to = without_trailing_slash(final_path);
  sync_tree(from);
  const bool is_exchanged = exchange(from, to);
  if (!is_exchanged) {
    const int moved = posix::retry(point("directory.move_aside"), [&] { return ::rename(to.c_str(), aside.c_str()); });
    if (moved != 0) throw os_error("move aside", to.native(), errno);
    try {
      move_staged(from, to);
    } catch (...) {
      ::rename(aside.c_str(), to.c_str());  // when this fails too, the caller finds the old one where a kill leaves it
      throw;
    }
  }
  sync_parents(from, to);
  return is_exchanged ? from : aside;
}

}  // namespace forgelm
