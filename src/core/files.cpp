// Reading, and the durable replacement of one file. The order of the steps is the whole point: see commit().
#include "forgelm/core/files.hpp"

#include <sys/stat.h>

#include "forgelm/core/text.hpp"
#include "posix_file.hpp"
#include "temporary_files.hpp"

namespace forgelm {
namespace {

namespace fs = std::filesystem;
using failpoint::point;

std::string read_all(int fd, const fs::path& path, std::uint64_t max_bytes) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) throw os_error("read", path.native(), errno);
  if (S_ISDIR(info.st_mode)) throw os_error("read", path.native(), EISDIR);
  const auto too_large = [&] {
    return RunError(RunErrorKind::data,
                    cat(path.native(), " holds more than the ", max_bytes, " bytes that are read of it"), "",
                    {{"path", path.native()}});
  };
  if (S_ISREG(info.st_mode) && static_cast<std::uint64_t>(info.st_size) > max_bytes) throw too_large();
  // The size is a hint only: files of /proc and pipes say 0, and a file may grow.
  std::string bytes;
  std::size_t num_read = 0;
  for (;;) {
    const std::size_t room = static_cast<std::size_t>(info.st_size) + 1;
    if (num_read == bytes.size()) bytes.resize(num_read < room ? room : num_read + num_read / 2 + 4096);
    const ssize_t got = posix::retry([&] { return ::read(fd, bytes.data() + num_read, bytes.size() - num_read); });
    if (got < 0) throw os_error("read", path.native(), errno);
    if (got == 0) break;
    num_read += static_cast<std::size_t>(got);
    if (num_read > max_bytes) throw too_large();
  }
  bytes.resize(num_read);
  return bytes;
}

}  // namespace

std::optional<std::string> read_file_if_exists(const fs::path& path, std::uint64_t max_bytes) {
  const posix::Descriptor fd(posix::retry([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (fd.get() < 0 && errno == ENOENT) return std::nullopt;
  if (fd.get() < 0) throw os_error("read", path.native(), errno);
  return read_all(fd.get(), path, max_bytes);
}

std::string read_file(const fs::path& path, std::uint64_t max_bytes) {
  if (auto bytes = read_file_if_exists(path, max_bytes)) return *std::move(bytes);
  throw os_error("read", path.native(), ENOENT);
}

void write_file_durably(const fs::path& path, std::string_view bytes, mode_t mode) {
  DurableFile file(path, mode);
  file.write(bytes);
  file.commit();
}

DurableFile::DurableFile(fs::path path, mode_t mode) : path_(std::move(path)), owner_(::getpid()) {
  if (path_.filename().empty()) throw os_error("write", path_.native(), EISDIR);
  temporary_files::remove_stale(path_);
  struct stat existing {};
  const bool exists = ::lstat(path_.c_str(), &existing) == 0 && S_ISREG(existing.st_mode);
  // Never wider than the file it replaces, not even for a moment.
  auto created = temporary_files::create(path_, exists ? 0600 : mode);
  temporary_path_ = std::move(created.path);
  fd_ = created.fd;
  if (exists && ::fchmod(fd_, existing.st_mode & 07777) != 0) {
    const int error_number = errno;
    abandon();
    throw os_error("set the permissions of", temporary_path_.native(), error_number);
  }
}

DurableFile::DurableFile(DurableFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_path_(std::move(other.temporary_path_)),
      fd_(std::exchange(other.fd_, -1)),
      owner_(other.owner_),
      size_bytes_(other.size_bytes_) {}

DurableFile::~DurableFile() { abandon(); }

void DurableFile::abandon() noexcept {
  if (fd_ < 0) return;
  if (owner_ == ::getpid()) {
    ::unlink(temporary_path_.c_str());
    temporary_files::forget(temporary_path_);
  }
  ::close(std::exchange(fd_, -1));
}

void DurableFile::write(std::string_view bytes) try {
  if (fd_ < 0)
    throw RunError(RunErrorKind::internal, cat(path_.native(), " was committed or abandoned before this write"));
  posix::write_all(fd_, bytes, -1, path_, point("durable.write"));
  size_bytes_ += bytes.size();
} catch (...) {
  abandon();
  throw;
}

void DurableFile::write_at(std::uint64_t offset, std::string_view bytes) try {
  if (fd_ < 0 || offset > size_bytes_ || bytes.size() > size_bytes_ - offset)
    throw RunError(RunErrorKind::internal,
                   cat("bytes ", offset, " and on of ", path_.native(), " were not written yet"));
  posix::write_all(fd_, bytes, static_cast<off_t>(offset), path_, point("durable.write"));
} catch (...) {
  abandon();
  throw;
}

void DurableFile::commit() try {
  if (fd_ < 0) throw RunError(RunErrorKind::internal, cat(path_.native(), " was committed or abandoned before"));
  // The bytes must be on disk before the name points to them, or a power cut leaves a name with nothing behind it.
  posix::sync_file(fd_, path_, point("durable.sync"));
  const int renamed =
      posix::retry(point("durable.rename"), [this] { return ::rename(temporary_path_.c_str(), path_.c_str()); });
  if (renamed != 0) throw os_error("replace", path_.native(), errno);
  temporary_files::forget(temporary_path_);
  // Closing reports write errors on some network file systems, but fsync did so before.
  ::close(std::exchange(fd_, -1));
  posix::sync_directory(posix::parent_of(path_), point("durable.sync_directory"));
  static_cast<void>(FORGELM_FAILPOINT("durable.done"));
} catch (...) {
  abandon();
  throw;
}

void sync_directory(const fs::path& directory) { posix::sync_directory(directory, point("directory.sync_directory")); }

}  // namespace forgelm
