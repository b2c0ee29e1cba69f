#include <sys/file.h>
#include <sys/stat.h>

#include "forgelm/core/files.hpp"
#include "posix_file.hpp"

namespace forgelm {

using failpoint::point;

AppendFile::AppendFile(const std::filesystem::path& path, mode_t mode) : path_(path) {
  constexpr int kFlags = O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
  fd_ = posix::retry([&] { return ::open(path_.c_str(), kFlags); });
  if (fd_ >= 0) return;
  if (errno != ENOENT) throw os_error("open", path_.native(), errno);
  posix::Descriptor created(
      posix::retry(point("append.create"), [&] { return ::open(path_.c_str(), kFlags | O_CREAT, mode); }));
  if (created.get() < 0) throw os_error("create", path_.native(), errno);
  posix::sync_directory(posix::parent_of(path_), point("append.sync_directory"));
  fd_ = created.release();
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      is_locked_(std::exchange(other.is_locked_, false)) {}

AppendFile::~AppendFile() {
  if (fd_ < 0) return;
  // A child forked meanwhile may still have the descriptor: closing alone would leave the lock with it.
  if (is_locked_) static_cast<void>(::flock(fd_, LOCK_UN));
  ::close(fd_);
}

void AppendFile::lock() {
  if (posix::retry([this] { return ::flock(fd_, LOCK_EX); }) != 0)
    throw os_error("lock", path_.native(), errno,
                   "the file system must support flock; choose a directory on a local one");
  is_locked_ = true;
}

std::string AppendFile::read(std::uint64_t offset, std::size_t size_bytes) const {
  std::string bytes(size_bytes, '\0');
  std::size_t num_read = 0;
  while (num_read < size_bytes) {
    const ssize_t got = posix::retry([&] {
      return ::pread(fd_, bytes.data() + num_read, size_bytes - num_read, static_cast<off_t>(offset + num_read));
    });
    if (got < 0) throw os_error("read", path_.native(), errno);
    if (got == 0) break;
    num_read += static_cast<std::size_t>(got);
  }
  bytes.resize(num_read);
  return bytes;
}

std::uint64_t AppendFile::size_bytes() const {
  struct stat info {};
  if (::fstat(fd_, &info) != 0) throw os_error("read", path_.native(), errno);
  return static_cast<std::uint64_t>(info.st_size);
}

void AppendFile::append(std::string_view bytes) {
  const std::uint64_t before = size_bytes();
  try {
    posix::write_all(fd_, bytes, -1, path_, point("append.write"));
    sync();
  } catch (...) {
    take_back(before);
    throw;
  }
}

void AppendFile::write(std::string_view bytes) {
  const std::uint64_t before = size_bytes();
  try {
    posix::write_all(fd_, bytes, -1, path_, point("append.write"));
  } catch (...) {
    take_back(before);
    throw;
  }
}

void AppendFile::sync() { posix::sync_file(fd_, path_, point("append.sync")); }

void AppendFile::cut(std::uint64_t size_bytes) {
  const auto cut_off = [&] { return ::ftruncate(fd_, static_cast<off_t>(size_bytes)); };
  if (posix::retry(point("append.cut"), cut_off) != 0) throw os_error("cut", path_.native(), errno);
  sync();
}

void AppendFile::take_back(std::uint64_t size_bytes) noexcept {
  // Cutting needs no space. Should even this fail, the torn tail is there for the reader to find.
  static_cast<void>(posix::retry([&] { return ::ftruncate(fd_, static_cast<off_t>(size_bytes)); }));
}

}  // namespace forgelm
