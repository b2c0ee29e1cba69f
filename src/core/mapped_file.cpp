#include "forgelm/core/mapped_file.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

#include "posix_file.hpp"

namespace forgelm {

namespace fs = std::filesystem;

std::optional<MappedFile> MappedFile::open_if_exists(const fs::path& path) {
  const posix::Descriptor fd(posix::retry([&] { return ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC); }));
  if (fd.get() < 0 && errno == ENOENT) return std::nullopt;
  if (fd.get() < 0) throw os_error("read", path.native(), errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) throw os_error("read", path.native(), errno);
  if (!S_ISREG(info.st_mode)) throw os_error("map", path.native(), S_ISDIR(info.st_mode) ? EISDIR : EINVAL);
  const auto size_bytes = static_cast<std::size_t>(info.st_size);
  if (size_bytes == 0) return MappedFile(nullptr, 0);
  void* data = ::mmap(nullptr, size_bytes, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (data == MAP_FAILED) throw os_error("map", path.native(), errno);
  return MappedFile(data, size_bytes);
}

MappedFile MappedFile::open(const fs::path& path) {
  if (auto file = open_if_exists(path)) return *std::move(file);
  throw os_error("read", path.native(), ENOENT);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_bytes_(std::exchange(other.size_bytes_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_bytes_);
}

void MappedFile::release_pages(std::string_view part) const noexcept {
  if (part.empty()) return;
  static const auto page_bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto offset = static_cast<std::size_t>(part.data() - bytes().data());
  const std::size_t before = offset % page_bytes;
  static_cast<void>(::madvise(static_cast<char*>(data_) + (offset - before), part.size() + before, MADV_DONTNEED));
}

}  // namespace forgelm
