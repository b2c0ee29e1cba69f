// The rows of a split as JSON lines in blocks, whatever the file's format: what
// every pass over the data reads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "forgelm/core/hash.hpp"
#include "forgelm/core/line_blocks.hpp"
#include "forgelm/formats/row_blocks.hpp"

namespace forgelm::audit {

/// Whether the audit reads this file line by line as JSON; JSON, CSV, text and
/// Parquet come by rows.
bool is_json_lines(const std::filesystem::path& path);

struct SplitBlock {
  bool is_lines = false;  ///< `lines` holds it, else `rows`
  LineBlock lines;
  formats::RowBlock rows;
  std::uint64_t end_byte = 0;
};

/// The blocks of a file: lines as they are for JSONL, rows of the other
/// formats.
class SplitBlocks {
 public:
  /// As LineBlocks and RowBlocks.
  explicit SplitBlocks(const std::filesystem::path& path);
  std::optional<SplitBlock> next();
  /// SHA-256 of the file as it was read, behind the last block.
  std::string digest_hex();

 private:
  std::filesystem::path path_;
  Sha256 hash_;
  std::optional<LineBlocks> lines_;
  std::optional<formats::RowBlocks> rows_;
};

/// Calls `take(line, num_readable, number)` for each line of the block: its
/// bytes without the line break and without the file's byte order mark, how
/// many bytes may be read from its begin on, and its number in the file (0
/// where lines mean nothing). Rows of other formats come as one line of JSON
/// each; `take_unreadable(number)` for those that the file's reader refused.
template <class Take, class TakeUnreadable>
void for_each_line(SplitBlock block, const Take& take, const TakeUnreadable& take_unreadable);

namespace detail {
std::string line_of(const formats::ParsedRow& row);
}

template <class Take, class TakeUnreadable>
void for_each_line(SplitBlock block, const Take& take, const TakeUnreadable& take_unreadable) {
  if (block.is_lines) {
    std::uint64_t number = block.lines.first_line;
    const char* const end = block.lines.text.data() + block.lines.text.size();
    for (const std::string_view line : block.lines.lines())
      take(line, static_cast<std::size_t>(end - line.data()), number++);
    return;
  }
  for (const formats::ParsedRow& row : formats::parse_block(std::move(block.rows))) {
    if (!row.ok()) {
      take_unreadable(row.row.line);
      continue;
    }
    const std::string line = detail::line_of(row);
    take(std::string_view(line), line.size(), row.row.line);
  }
}

}  // namespace forgelm::audit
