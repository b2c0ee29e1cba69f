// Text put together from blocks (paragraphs, headings, tables), an empty line between them, as the chunkers want it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "document.hpp"

namespace forgelm::ingest {

/// How blocks are written.
struct BlockStyle {
  bool marks_headings = false;  ///< headings as "## words", for chunks by section
};

class BlockText {
 public:
  /// Texts of more than `max_bytes` and those of more than two million blocks are a RunError(data) that names the
  /// limit.
  explicit BlockText(BlockStyle style, std::size_t max_bytes = std::size_t{48} << 20)
      : style_(style), max_bytes_(max_bytes) {}

  /// Blank blocks are left out.
  void add(std::string_view block);
  void add_heading(int level, std::string_view words);
  /// The document, whose text has no white space at its ends.
  Document take() { return std::move(document_); }
  std::size_t size_bytes() const noexcept { return document_.text.size(); }

 private:
  BlockStyle style_;
  std::size_t max_bytes_;
  std::size_t num_blocks_ = 0;
  Document document_;
};

using TableRows = std::vector<std::vector<std::string>>;

/// What the tables that are being read come to, cells that stand in several places counted in each.
class TableSize {
 public:
  /// A row, or `num_cells` cells of `num_bytes` each. RunError(data) that names the limit.
  void add(std::size_t num_cells, std::size_t num_bytes);
  void reset() { *this = {}; }

 private:
  std::size_t num_cells_ = 0;
  std::size_t num_bytes_ = 0;
};

/// The rows as a Markdown table, the first one as its head; rows of blank cells are left out, short ones filled up.
/// Empty when nothing is left. RunError(data) as TableSize has it.
std::string markdown_table(const TableRows& rows);

}  // namespace forgelm::ingest
