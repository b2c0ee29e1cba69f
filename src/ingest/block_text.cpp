#include "block_text.hpp"

#include <algorithm>

#include "forgelm/core/error.hpp"
#include "forgelm/core/progress.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"

namespace forgelm::ingest {
namespace {

constexpr std::size_t kMaxBlocks = 2'000'000;
constexpr std::size_t kMaxTableCells = 500'000;
constexpr std::size_t kMaxTableBytes = std::size_t{48} << 20;

/// A cell on one line, with what would end it escaped.
std::string escaped_cell(std::string_view cell) {
  std::string out;
  for (const char c : cell) {
    if (c == '\\' || c == '|') out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return std::string(text::strip(out));
}

}  // namespace

void BlockText::add(std::string_view block) {
  if (text::is_blank(block)) return;
  std::string& text = document_.text;
  if (text.size() + block.size() + 2 > max_bytes_)
    throw RunError(RunErrorKind::data,
                   cat("it holds more than ", format_bytes(static_cast<std::int64_t>(max_bytes_)), " of text"));
  if (++num_blocks_ > kMaxBlocks)
    throw RunError(RunErrorKind::data, cat("it has more than ", kMaxBlocks, " paragraphs"));
  if (!text.empty()) text += "\n\n";
  text += block;
}

void BlockText::add_heading(int level, std::string_view words) {
  words = text::strip(words);
  if (words.empty()) return;
  const std::size_t at = document_.text.empty() ? 0 : document_.text.size() + 2;
  std::string line(words);
  std::replace(line.begin(), line.end(), '\n', ' ');
  add(style_.marks_headings ? std::string(static_cast<std::size_t>(level), '#') + " " + line : line);
  document_.headings.push_back({at, level, line});
}

void TableSize::add(std::size_t num_cells, std::size_t num_bytes) {
  num_cells_ += num_cells;
  num_bytes_ += num_cells * num_bytes;
  if (num_cells_ > kMaxTableCells)
    throw RunError(RunErrorKind::data, cat("a table has more than ", kMaxTableCells, " cells"));
  if (num_bytes_ > kMaxTableBytes)
    throw RunError(RunErrorKind::data, cat("a table holds more than ",
                                           format_bytes(static_cast<std::int64_t>(kMaxTableBytes)), " of text"));
}

std::string markdown_table(const TableRows& rows) {
  TableRows kept;
  std::size_t width = 0;
  for (const auto& row : rows) {
    std::vector<std::string> cells;
    for (const std::string& cell : row) cells.push_back(escaped_cell(cell));
    if (std::all_of(cells.begin(), cells.end(), [](const std::string& cell) { return cell.empty(); })) continue;
    width = std::max(width, cells.size());
    kept.push_back(std::move(cells));
  }
  TableSize().add(kept.size() * width, 0);
  std::string out;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    kept[i].resize(width);
    out += cat(i == 0 ? "" : "\n", "| ", join(kept[i], " | "), " |");
    if (i > 0) continue;
    out += "\n|";
    for (std::size_t column = 0; column < width; ++column) out += "---|";
  }
  return out;
}

}  // namespace forgelm::ingest
