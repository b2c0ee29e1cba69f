// MappedFile: the bytes of a file in memory without reading them first; the kernel brings pages in as they are touched
// and takes them back when memory is short. Invariant: the bytes never change, given that writers replace files
// (rename) and never write into one that is there, as all of ours do. Trap: a file that somebody cuts short while it is
// mapped, or a disk that fails, ends the process with SIGBUS; map what forgelm itself wrote, and else only model
// weights.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string_view>

namespace forgelm {

class MappedFile {
 public:
  /// Maps a whole regular file, read-only. RunError(io) when it cannot be opened or mapped.
  static MappedFile open(const std::filesystem::path& path);
  /// The same, or nothing when there is no such file.
  static std::optional<MappedFile> open_if_exists(const std::filesystem::path& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  /// Starts on a page boundary; stays valid when the object is moved and when the file is removed.
  std::string_view bytes() const noexcept { return {static_cast<const char*>(data_), size_bytes_}; }

  /// Takes this process's hold off the pages, which lowers its resident memory; they come back when touched. Any thread
  /// may call it while others read.
  void release_pages() const noexcept { release_pages(bytes()); }
  /// The same for the pages that hold `part`, which lies in bytes().
  void release_pages(std::string_view part) const noexcept;

 private:
  MappedFile(void* data, std::size_t size_bytes) noexcept : data_(data), size_bytes_(size_bytes) {}

  void* data_ = nullptr;  ///< nullptr for an empty file
  std::size_t size_bytes_ = 0;
};

}  // namespace forgelm
