// The system calls under files.hpp: retried on EINTR, complete, with failpoints before each, failing as os_error.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <utility>

#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/os_error.hpp"

namespace forgelm::posix {

/// An open file descriptor, closed at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// `call()` repeated while it is interrupted. With a failpoint, a hit stands for the call's failure.
template <class Call>
auto retry(failpoint::Point point, Call call) -> decltype(call()) {
  for (;;) {
    const failpoint::Hit hit = failpoint::reach(point);
    if (hit.error_number == 0) {
      const auto result = call();
      if (result != -1 || errno != EINTR) return result;
    } else if (hit.error_number != EINTR) {
      errno = hit.error_number;
      return -1;
    }
  }
}

template <class Call>
auto retry(Call call) -> decltype(call()) {
  for (;;) {
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

/// Writes all bytes: at the end (or the append position) when `offset` is negative, else at that place.
void write_all(int fd, std::string_view bytes, off_t offset, const std::filesystem::path& path, failpoint::Point point);

/// fsync of a file.
void sync_file(int fd, const std::filesystem::path& path, failpoint::Point point);

/// fsync of a directory; EINVAL and EOPNOTSUPP (file systems that cannot) pass.
void sync_directory(const std::filesystem::path& directory, failpoint::Point point);

/// The directory that holds `path`, "." for a bare name.
std::filesystem::path parent_of(const std::filesystem::path& path);

}  // namespace forgelm::posix
