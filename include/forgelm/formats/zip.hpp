// Reading ZIP archives that anybody may have made (DOCX, EPUB): stored and deflated entries, found by the central
// directory. Refused whole: entries that overlap each other or the directory (one stream that unpacks a thousand
// times), names that stand twice, encryption, ZIP64, and what exceeds the limits. What is read is checked against its
// size and its checksum.
// Layout: local headers (30 bytes + name + extra) each before its data; central headers (46 bytes + name + extra +
// comment); end record (22 bytes + comment) in the last 64 KiB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/result.hpp"

namespace forgelm::formats {

struct ZipLimits {
  std::size_t max_entries = 10'000;
  std::uint64_t max_total_bytes = std::uint64_t{1} << 30;   ///< of all entries, unpacked
  std::uint64_t max_entry_bytes = std::uint64_t{48} << 20;  ///< of one that is read, unpacked
  std::uint64_t max_ratio = 200;                            ///< unpacked to packed size of an entry that is read ...
  std::uint64_t free_bytes = std::uint64_t{1} << 20;        ///< ... beyond this size
};

struct ZipEntry {
  std::string name;
  std::uint16_t method = 0;  ///< 0 stored, 8 deflated; others cannot be read
  bool is_encrypted = false;
  std::uint32_t crc = 0;
  std::uint32_t packed_size = 0;
  std::uint32_t size = 0;
  std::size_t data_begin = 0;  ///< offset in the archive
};

class ZipReader {
 public:
  /// `bytes` must outlive the reader. Failures say what is wrong, or name the limit.
  static Result<ZipReader> open(std::string_view bytes, const ZipLimits& limits = {});

  const std::vector<ZipEntry>& entries() const noexcept { return entries_; }
  /// The entry of exactly that name, or nullptr.
  const ZipEntry* find(std::string_view name) const noexcept;
  /// The bytes of an entry of this archive.
  Result<std::string> read(const ZipEntry& entry) const;

 private:
  std::string_view bytes_;
  ZipLimits limits_;
  std::vector<ZipEntry> entries_;  ///< by name
};

}  // namespace forgelm::formats
