#include "posix_file.hpp"

#include <algorithm>

namespace forgelm::posix {

void write_all(int fd, std::string_view bytes, off_t offset, const std::filesystem::path& path,
               failpoint::Point point) {
  while (!bytes.empty()) {
    const failpoint::Hit hit = failpoint::reach(point);
    const std::size_t size = hit.is_short_write ? std::max<std::size_t>(1, bytes.size() / 2) : bytes.size();
    ssize_t written = -1;
    if (hit.error_number != 0) errno = hit.error_number;
    else written = offset < 0 ? ::write(fd, bytes.data(), size) : ::pwrite(fd, bytes.data(), size, offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw os_error("write", path.native(), written < 0 ? errno : EIO);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    if (offset >= 0) offset += written;
  }
}

void sync_file(int fd, const std::filesystem::path& path, failpoint::Point point) {
  if (retry(point, [fd] { return ::fsync(fd); }) != 0) throw os_error("sync", path.native(), errno);
}

void sync_directory(const std::filesystem::path& directory, failpoint::Point point) {
  const Descriptor fd(retry([&] { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (fd.get() < 0) throw os_error("open directory", directory.native(), errno);
  if (retry(point, [&fd] { return ::fsync(fd.get()); }) == 0) return;
  if (errno != EINVAL && errno != EOPNOTSUPP) throw os_error("sync directory", directory.native(), errno);
}

std::filesystem::path parent_of(const std::filesystem::path& path) {
  const std::filesystem::path parent = path.parent_path();
  return parent.empty() ? std::filesystem::path(".") : parent;
}

}  // namespace forgelm::posix
