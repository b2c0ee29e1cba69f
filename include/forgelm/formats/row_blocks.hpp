// Rows in blocks, for readers with several threads: one thread cuts the file into blocks of whole rows, which costs
// little, and any number of threads turn blocks into rows. Each row keeps its number and line, so putting the blocks'
// results one after the other gives what RowReader gives, unreadable rows at their places. Files whose rows cannot be
// told apart without reading them (a JSON array, Parquet) come in blocks of rows already read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "forgelm/formats/rows.hpp"

namespace forgelm::formats {

/// A row, or why it cannot be read.
struct ParsedRow {
  Row row;              ///< number and line hold for an unreadable row as well
  std::string problem;  ///< "file:line:column: what is wrong"; empty for a row that is whole
  std::string hint;

  bool ok() const noexcept { return problem.empty(); }
};

struct RowSyntax;

/// Whole rows of a file, not looked into. Moves cheaply; does not refer to the RowBlocks it came from.
struct RowBlock {
  std::uint64_t first_row = 0;   ///< number of its first row
  std::uint64_t num_rows = 0;    ///< rows in it, unreadable ones counted
  std::uint64_t first_line = 1;  ///< line of its first byte
  std::uint64_t end_byte = 0;    ///< where it ends in the file
  std::shared_ptr<const RowSyntax> syntax;
  std::string bytes;              ///< raw: whole rows
  bool is_too_long = false;       ///< raw: stands for one row that is beyond the limit and was not kept
  std::vector<ParsedRow> parsed;  ///< already read; `bytes` is empty then
};

class RowBlocks {
 public:
  /// As open_rows().
  explicit RowBlocks(const std::filesystem::path& path, const RowOptions& options = {});
  ~RowBlocks();
  RowBlocks(RowBlocks&&) noexcept;
  RowBlocks& operator=(RowBlocks&&) noexcept;

  /// False at the end. RunError(io) when the file cannot be read.
  bool next(RowBlock& block);
  std::uint64_t bytes_read() const noexcept;
  std::uint64_t size_bytes() const noexcept;
  /// Lower-case hex of the SHA-256 of the whole file, once next() has returned false; "" before, and
  /// without RowOptions::with_digest.
  std::string digest_hex();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The rows of a block in order. Thread-safe.
std::vector<ParsedRow> parse_block(RowBlock block);

}  // namespace forgelm::formats
