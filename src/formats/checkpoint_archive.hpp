// tar.gz files of plain files: POSIX pax, gzip. Same contents, same bytes: no times, no owners.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"

namespace forgelm::formats::checkpoint {

/// Writes an archive in pieces. Nothing is visible before finish().
class TarGzWriter {
 public:
  explicit TarGzWriter(const std::filesystem::path& path);
  TarGzWriter(const TarGzWriter&) = delete;
  TarGzWriter& operator=(const TarGzWriter&) = delete;
  ~TarGzWriter();

  /// Begins a file of `size_bytes`; exactly so many bytes follow through write().
  void begin_file(const std::string& name, std::uint64_t size_bytes);
  void write(std::string_view bytes);
  /// Ends the archive, durably. Gives the lower-case hex of its SHA-256.
  std::string finish();

 private:
  struct Deflate;
  void add_header(const std::string& name, std::uint64_t size_bytes, char type);
  void pad();
  void compress(std::string_view bytes, bool is_last);

  DurableFile file_;
  Sha256 digest_;
  std::unique_ptr<Deflate> deflate_;
  std::uint64_t num_left_ = 0;  ///< bytes of the current file that are still to come
  std::uint64_t num_in_file_ = 0;
};

}  // namespace forgelm::formats::checkpoint
