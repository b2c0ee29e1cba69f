// SHA-256, HMAC-SHA256, hex. OpenSSL does the work and stays out of this header.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace forgelm {

using Sha256Digest = std::array<std::uint8_t, 32>;

/// SHA-256 of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  Sha256& update(std::string_view bytes);
  Sha256& update(const void* data, std::size_t size_bytes);
  /// The digest of all bytes so far; then starts anew.
  Sha256Digest finish();
  std::string finish_hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Lower-case hex of the digest of `bytes`.
std::string sha256_hex(std::string_view bytes);

/// Lower-case hex of the digest of a file, read in pieces. RunError(io) when it cannot be read.
std::string sha256_file(const std::filesystem::path& path);

/// What a file held when it was read.
struct FileDigest {
  std::string sha256;  ///< lower-case hex
  std::uint64_t size_bytes = 0;
};

/// The digest of a regular file. A symbolic link at `path` is not followed, and a pipe, socket or device is neither
/// waited for nor read: RunError(data) for all of these, RunError(io) when the file cannot be read.
FileDigest digest_regular_file(const std::filesystem::path& path);

Sha256Digest sha256(std::string_view bytes);
Sha256Digest hmac_sha256(std::string_view key, std::string_view message);

/// Equality that takes the same time wherever the difference is; only the sizes may be learnt from it.
bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

/// The digest as bytes of text, to hash on or to use as a key.
inline std::string_view bytes_of(const Sha256Digest& digest) noexcept {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// Lower-case hex.
std::string hex_encode(std::string_view bytes);
/// Either case; nothing for an odd length or another character.
std::optional<std::string> hex_decode(std::string_view hex);

}  // namespace forgelm
