// The lines of a file or of standard input in blocks, for work on lines in parallel. Invariants: a block
// ends at the end of a line; memory is one block and the longest line; a last line without a line break is a line like
// any other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace forgelm {

struct LineBlock {
  std::string text;              ///< whole lines, with their line breaks
  std::uint64_t first_line = 1;  ///< number of the first, from 1
  /// The lines without "\n" or "\r\n"; they point into `text`.
  std::vector<std::string_view> lines() const;
};

class LineBlocks {
 public:
  /// Nothing or "-": standard input. RunError(io) when it cannot be opened or read; ConfigError for a line over 64 MiB.
  explicit LineBlocks(const std::optional<std::filesystem::path>& path);
  ~LineBlocks();
  LineBlocks(const LineBlocks&) = delete;
  LineBlocks& operator=(const LineBlocks&) = delete;

  /// The next block, or nothing at the end.
  std::optional<LineBlock> next();
  /// What messages call it: the path, or "standard input".
  const std::string& name() const noexcept { return name_; }
  std::uint64_t bytes_read() const noexcept { return bytes_read_; }

 private:
  std::string name_;
  int fd_ = -1;
  bool is_at_end_ = false;
  std::string rest_;  // the beginning of a line whose end is not read yet
  std::uint64_t next_line_ = 1;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace forgelm
