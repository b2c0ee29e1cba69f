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

void move_directory(const fs::path& from, const fs::path& to) {
  const int renamed = posix::retry(point("directory.rename"), [&] { return ::rename(from.c_str(), to.c_str()); });
  if (renamed != 0) throw os_error("move the staged directory to", to.native(), errno, hint_of(errno));
}

/// False where the file system (or the kernel) knows no exchange.
bool exchange(const fs::path& a, const fs::path& b) {
  const int exchanged = posix::retry(point("directory.exchange"), [&] {
    return ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE);
  });
  if (exchanged == 0) return true;
  if (errno == EINVAL || errno == ENOSYS) return false;
  throw os_error("exchange the staged directory with", b.native(), errno);
}

}  // namespace

void commit_directory(const fs::path& staging, const fs::path& final_path) {
  const fs::path from = without_trailing_slash(staging);
  const fs::path to = without_trailing_slash(final_path);
  sync_tree(from);
  move_directory(from, to);
  posix::sync_directory(posix::parent_of(to), point("directory.sync_parent"));
  if (posix::parent_of(from) != posix::parent_of(to))
    posix::sync_directory(posix::parent_of(from), point("directory.sync_parent"));
}

fs::path replaced_path(const fs::path& final_path) {
  return fs::path(without_trailing_slash(final_path).native() + ".replaced");
}

void recover_replaced(const fs::path& final_path) {
  const fs::path to = without_trailing_slash(final_path), aside = replaced_path(to);
  if (!fs::exists(fs::symlink_status(aside))) return;
  if (fs::exists(fs::symlink_status(to))) fs::remove_all(aside);
  else move_directory(aside, to);
  posix::sync_directory(posix::parent_of(to), point("directory.sync_parent"));
}

void replace_directory(const fs::path& staging, const fs::path& final_path) {
  const fs::path from = without_trailing_slash(staging), to = without_trailing_slash(final_path);
  recover_replaced(to);
  if (!fs::exists(fs::symlink_status(to))) return commit_directory(from, to);
  sync_tree(from);
  fs::path earlier = from;  // after an exchange
  if (!exchange(from, to)) {
    earlier = replaced_path(to);
    move_directory(to, earlier);
    move_directory(from, to);
  }
  posix::sync_directory(posix::parent_of(to), point("directory.sync_parent"));
  fs::remove_all(earlier);
  posix::sync_directory(posix::parent_of(earlier), point("directory.sync_parent"));
}

}  // namespace forgelm
