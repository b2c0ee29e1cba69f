// What readers and blocks have in common: a source of rows in which an unreadable row is a value, not an exception.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "block_cutter.hpp"
#include "forgelm/formats/row_blocks.hpp"
#include "json_row.hpp"

namespace forgelm::formats {

/// How the rows of a raw block are read.
struct RowSyntax {
  std::string name;  ///< of the file, for messages
  RowFileKind kind = RowFileKind::jsonl;
  RowOptions options;
  char delimiter = ',';
  std::vector<std::string> columns = {};  ///< of CSV
};

class RowSource {
 public:
  virtual ~RowSource();
  virtual bool next(ParsedRow& row) = 0;
  virtual std::uint64_t bytes_read() const noexcept = 0;
  virtual std::uint64_t size_bytes() const noexcept = 0;
  virtual std::string digest_hex() = 0;
};

/// "file:line:column: message".
std::string placed(const std::string& name, std::uint64_t line, std::uint64_t column, std::string_view message);
/// "the row has more than N bytes ...", for both kinds of sources.
std::string too_long_message(const RowLimits& limits);

/// Reads the rows of one raw block (or passes on those of a parsed one) one at a time.
class BlockCursor {
 public:
  explicit BlockCursor(RowBlock block);
  bool next(ParsedRow& row);
  /// Bytes behind the row last given; 0 once all of the block has been given.
  std::uint64_t num_bytes_left() const noexcept { return end_ - at_; }
  std::uint64_t end_byte() const noexcept { return block_.end_byte; }

 private:
  bool next_record(ParsedRow& row);
  bool next_text(ParsedRow& row);
  void read_text(std::string_view text, ParsedRow& row);
  bool check_text(std::string_view text, ParsedRow& row) const;
  void fail(ParsedRow& row, std::size_t offset, std::string_view message, std::string hint = {}) const;
  void start_row(ParsedRow& row);

  RowBlock block_;
  const RowSyntax& syntax_;
  JsonRowParser json_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;        ///< of the rows in block_.bytes; padding follows
  std::size_t row_begin_ = 0;  ///< of the row being read
  std::uint64_t line_ = 1;     ///< of row_begin_
  std::uint64_t num_given_ = 0;
  std::vector<std::string> cells_;
};

/// Reads one CSV record at the front of `text` into `cells`, which keep their memory; gives the bytes it takes, the
/// record's end included. `open_quote` is where a quote was opened that nothing closes, else npos. Cells beyond
/// `max_cells` are counted in `num_cells` and not kept.
std::size_t read_csv_record(std::string_view text, char delimiter, std::size_t max_cells,
                            std::vector<std::string>& cells, std::size_t& num_cells, std::size_t& open_quote);

/// Whether a record is no row: one cell of spaces and tabs, without quotes. The CSV splitter counts by the same rule.
bool is_blank_record(std::string_view record, std::size_t num_cells) noexcept;

/// Rows of a file whose rows can be cut without being read.
class RawBlocks {
 public:
  RawBlocks(ByteStream stream, RowFileKind kind, const RowOptions& options);
  bool next(RowBlock& block);
  const ByteStream& stream() const noexcept { return cutter_.stream(); }

 private:
  void read_csv_header();

  std::shared_ptr<RowSyntax> syntax_;
  BlockCutter cutter_;
  bool has_first_ = false;
  RowBlock first_;  ///< CSV: what stands behind the header in the first block
};

/// Rows of a file of JSON that is not lines; nothing when it is lines.
std::unique_ptr<RowSource> open_json_elements(const std::filesystem::path& path, RowFileKind kind,
                                              const RowOptions& options);

}  // namespace forgelm::formats
