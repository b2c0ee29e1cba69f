// O_TMPFILE where the file system has it, else a name of its own that is removed at once.
#include "forgelm/core/scratch_file.hpp"

#include <cstdlib>
#include <string>

#include "forgelm/core/text.hpp"
#include "posix_file.hpp"

namespace forgelm {

namespace fs = std::filesystem;

namespace {

int open_unnamed(const fs::path& folder) {
  const int fd = posix::retry([&] { return ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600); });
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL)) return fd;
  std::string name = (folder / "forgelm-XXXXXX").native();
  const int named = posix::retry([&] { return ::mkostemp(name.data(), O_CLOEXEC); });
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

}  // namespace

ScratchFile::ScratchFile(fs::path folder) : folder_(std::move(folder)) {
  if (folder_.empty()) {
    std::error_code error;
    folder_ = fs::temp_directory_path(error);
    if (error) throw os_error("make a temporary file in", folder_.native(), error.value(), "set TMPDIR to a folder");
  }
  fd_ = open_unnamed(folder_);
  if (fd_ < 0) throw os_error("make a temporary file in", folder_.native(), errno, "set TMPDIR to another folder");
}

ScratchFile::ScratchFile(ScratchFile&& other) noexcept
    : folder_(std::move(other.folder_)), fd_(std::exchange(other.fd_, -1)), size_bytes_(other.size_bytes_) {}

ScratchFile::~ScratchFile() {
  if (fd_ >= 0) ::close(fd_);
}

void ScratchFile::append(std::string_view bytes) {
  posix::write_all(fd_, bytes, -1, folder_, failpoint::point("scratch.write"));
  size_bytes_ += bytes.size();
}

MappedFile ScratchFile::map() const { return MappedFile::open(cat("/proc/self/fd/", fd_)); }

}  // namespace forgelm
