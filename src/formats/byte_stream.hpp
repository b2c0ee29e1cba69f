// The bytes of a file of text from start to end, hashed on the way where that is asked for. Opening looks at the
// first bytes: what is plainly no UTF-8 text (UTF-16, a compressed file) is refused there with words that help. Trap: a
// byte order mark is skipped for the reader but is part of the digest and of offset().
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "forgelm/core/hash.hpp"

namespace forgelm::formats {

class ByteStream {
 public:
  /// RunError(io) when there is no such file, it is no regular file or cannot be opened; ConfigError as above.
  explicit ByteStream(const std::filesystem::path& path, bool with_digest = false);
  ByteStream(ByteStream&& other) noexcept;
  ByteStream& operator=(ByteStream&&) = delete;
  ~ByteStream();

  /// Appends up to `size_bytes` bytes; false when there are no more. RunError(io).
  bool read(std::string& to, std::size_t size_bytes);
  /// Bytes given so far, a byte order mark counted.
  std::uint64_t offset() const noexcept { return offset_; }
  std::uint64_t size_bytes() const noexcept { return size_bytes_; }
  bool is_at_end() const noexcept { return is_at_end_; }
  const std::string& name() const noexcept { return name_; }
  /// Of all bytes, once read() has returned false; "" before, and without `with_digest`.
  const std::string& digest_hex() const noexcept { return digest_; }

 private:
  std::size_t read_some(char* to, std::size_t size_bytes);
  void look_at_start();

  std::string name_;
  int fd_ = -1;
  std::uint64_t size_bytes_ = 0;
  std::uint64_t offset_ = 0;
  bool is_at_end_ = false;
  std::string start_;  ///< read to be looked at, not yet given
  bool with_digest_ = false;
  Sha256 hash_;
  std::string digest_;
};

}  // namespace forgelm::formats
