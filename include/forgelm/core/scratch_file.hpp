// ScratchFile: bytes of one process that need not stay in memory. The file has no name (or loses it at once), so that
// nothing is left of it, whatever ends the process. Invariant: what was appended is what map() shows, in order. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "forgelm/core/mapped_file.hpp"

namespace forgelm {

class ScratchFile {
 public:
  /// In `folder`; the system's folder for temporary files (TMPDIR) when it is empty. RunError (io, out_of_disk) when
  /// no file can be made there.
  explicit ScratchFile(std::filesystem::path folder = {});
  ScratchFile(ScratchFile&& other) noexcept;
  ScratchFile& operator=(ScratchFile&&) = delete;
  ~ScratchFile();

  void append(std::string_view bytes);
  std::uint64_t size_bytes() const noexcept { return size_bytes_; }
  /// What was appended so far; stays valid after this object.
  MappedFile map() const;

 private:
  std::filesystem::path folder_;
  int fd_ = -1;
  std::uint64_t size_bytes_ = 0;
};

}  // namespace forgelm
