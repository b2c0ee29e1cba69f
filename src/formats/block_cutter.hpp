// Cuts a file into blocks of whole rows: what RowBlocks hands out. Holds the rest behind the last whole row, and never
// more than a block and the longest row allowed: a longer one is read on to its end without being kept.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "byte_stream.hpp"
#include "forgelm/formats/row_blocks.hpp"
#include "splitter.hpp"

namespace forgelm::formats {

class BlockCutter {
 public:
  BlockCutter(ByteStream stream, std::unique_ptr<Splitter> splitter, const RowOptions& options);

  /// Fills all of the block but `syntax`; false at the end.
  bool next(RowBlock& block);
  const ByteStream& stream() const noexcept { return stream_; }

 private:
  void give(RowBlock& block, std::string bytes, std::uint64_t num_rows);
  void skip_long_row(RowBlock& block, std::string start);

  ByteStream stream_;
  std::unique_ptr<Splitter> splitter_;
  std::size_t block_bytes_;
  std::size_t max_row_bytes_;
  std::string rest_;                                              ///< scanned already, holds no end of a row
  std::optional<std::pair<std::string, std::uint64_t>> waiting_;  ///< rows behind a long one, and their number
  std::uint64_t next_row_ = 0;
  std::uint64_t next_line_ = 1;
};

}  // namespace forgelm::formats
