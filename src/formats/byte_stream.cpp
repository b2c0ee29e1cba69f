#include "byte_stream.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::formats {
namespace {

constexpr std::size_t kStartBytes = 4096;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

struct Signature {
  std::string_view bytes;
  const char* what;
  const char* hint;
};

using namespace std::string_view_literals;
constexpr const char* kRecode = "save the file as UTF-8, for example with: iconv -f UTF-16 -t UTF-8";
constexpr std::array kForeign = {
    Signature{"\xFF\xFE\0\0"sv, "is UTF-32 text", "save the file as UTF-8, for example with: iconv -f UTF-32 -t UTF-8"},
    Signature{"\xFF\xFE"sv, "is UTF-16 text", kRecode},
    Signature{"\xFE\xFF"sv, "is UTF-16 text", kRecode},
    Signature{"\x1F\x8B"sv, "is compressed (gzip)", "unpack it first: gunzip"},
    Signature{"\x28\xB5\x2F\xFD"sv, "is compressed (zstd)", "unpack it first: unzstd"},
    Signature{"\xFD"
              "7zXZ\0"sv,
              "is compressed (xz)", "unpack it first: unxz"},
    Signature{"BZh9"sv, "is compressed (bzip2)", "unpack it first: bunzip2"},
    Signature{"PK\x03\x04"sv, "is a ZIP archive (an Excel workbook is one, too)", "unpack it, or export it as CSV"},
    Signature{"PAR1"sv, "is a Parquet file", "give it a name that ends in .parquet"},
};

}  // namespace

ByteStream::ByteStream(const std::filesystem::path& path, bool with_digest)
    : name_(path.string()), with_digest_(with_digest) {
  // Not to wait for a writer, should this be a pipe.
  fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0) throw os_error("read", name_, errno);
  struct stat status {};
  const bool is_known = ::fstat(fd_, &status) == 0;
  if (!is_known || !S_ISREG(status.st_mode)) {
    const int error_number = is_known ? (S_ISDIR(status.st_mode) ? EISDIR : EINVAL) : errno;
    ::close(std::exchange(fd_, -1));
    throw os_error("read", name_, error_number, error_number == EINVAL ? "rows are read from regular files" : "");
  }
  size_bytes_ = static_cast<std::uint64_t>(status.st_size);
  ::posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
  try {
    look_at_start();
  } catch (...) {
    ::close(std::exchange(fd_, -1));
    throw;
  }
}

ByteStream::ByteStream(ByteStream&& other) noexcept
    : name_(std::move(other.name_)),
      fd_(std::exchange(other.fd_, -1)),
      size_bytes_(other.size_bytes_),
      offset_(other.offset_),
      is_at_end_(other.is_at_end_),
      start_(std::move(other.start_)),
      with_digest_(other.with_digest_),
      hash_(std::move(other.hash_)),
      digest_(std::move(other.digest_)) {}

ByteStream::~ByteStream() {
  if (fd_ >= 0) ::close(fd_);
}

std::size_t ByteStream::read_some(char* to, std::size_t size_bytes) {
  for (;;) {
    const auto got = ::read(fd_, to, size_bytes);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw os_error("read", name_, errno);
  }
}

void ByteStream::look_at_start() {
  start_.resize(kStartBytes);
  start_.resize(read_some(start_.data(), start_.size()));
  for (const auto& foreign : kForeign)
    if (start_.compare(0, foreign.bytes.size(), foreign.bytes) == 0)
      throw ConfigError(cat(name_, ":1:1: the file ", foreign.what, ", not text in UTF-8"), foreign.hint);
  // UTF-16 without a mark: every other byte of ASCII text is zero.
  if (start_.size() >= 4 && (start_[0] == 0) != (start_[1] == 0) && (start_[0] == 0) == (start_[2] == 0) &&
      (start_[1] == 0) == (start_[3] == 0))
    throw ConfigError(cat(name_, ":1:1: the file is UTF-16 text, not text in UTF-8"), kRecode);
  if (with_digest_) hash_.update(start_);
  if (std::string_view(start_).substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    start_.erase(0, kByteOrderMark.size());
    offset_ = kByteOrderMark.size();
  }
}

bool ByteStream::read(std::string& to, std::size_t size_bytes) {
  if (is_at_end_) return false;
  if (!start_.empty()) {
    to += start_;
    offset_ += start_.size();
    start_.clear();
    return true;
  }
  const std::size_t before = to.size();
  to.resize(before + size_bytes);
  const std::size_t got = read_some(to.data() + before, size_bytes);
  to.resize(before + got);
  if (got == 0) {
    is_at_end_ = true;
    if (with_digest_) digest_ = hash_.finish_hex();
    return false;
  }
  if (with_digest_) hash_.update(to.data() + before, got);
  offset_ += got;
  return true;
}

}  // namespace forgelm::formats
