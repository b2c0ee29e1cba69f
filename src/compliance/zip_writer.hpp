// ZIP archives that are the same bytes for the same files: entries in the order given, one fixed time, no attributes of
// the machine, deflate where it makes an entry smaller. PKWARE APPNOTE 6.3.10 without ZIP64: an entry and the archive
// stay below 4 GiB, entries below 65,535; beyond that a RunError(data), before anything is visible.
//   local header 04034b50, name, data | ... | central directory 02014b50 ... | end record 06054b50
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/files.hpp"

namespace forgelm::compliance {

class ZipWriter {
 public:
  explicit ZipWriter(const std::filesystem::path& path) : file_(path) {}

  /// `name`: relative, with "/", UTF-8.
  void add(std::string_view name, std::string_view bytes);
  /// Makes the archive visible at its path.
  void commit();

 private:
  struct Entry {
    std::string name;
    std::uint16_t method;
    std::uint32_t crc, size_packed, size, offset;
  };

  DurableFile file_;
  std::vector<Entry> entries_;
};

}  // namespace forgelm::compliance
