// Rows out of a block: the one place where the text of a row becomes a Json, for readers and for blocks alike.
#include <algorithm>

#include "csv_machine.hpp"
#include "forgelm/core/text.hpp"
#include "row_source.hpp"

namespace forgelm::formats {
namespace {

bool is_blank(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || is_blank_in_line(c); });
}

std::size_t end_of_line(std::string_view text) {
  const std::size_t found = text.find('\n');
  return found == std::string_view::npos ? text.size() : found + 1;
}

/// Lines up to and with the first blank one; a blank line at the front is a piece of its own.
std::size_t end_of_paragraph(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size()) {
    const std::size_t size = end_of_line(text.substr(end));
    const bool is_blank_line = is_blank(text.substr(end, size));
    end += size;
    if (is_blank_line) break;
  }
  return end;
}

std::string with_unix_line_ends(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') out += text[i];
  return out;
}

}  // namespace

std::string placed(const std::string& name, std::uint64_t line, std::uint64_t column, std::string_view message) {
  return cat(name, ":", line, ":", column, ": ", message);
}

std::string too_long_message(const RowLimits& limits) {
  return cat("the row has more than ", limits.max_row_bytes, " bytes, which is as much as is read of one row");
}

std::size_t read_csv_record(std::string_view text, char delimiter, std::size_t max_cells,
                            std::vector<std::string>& cells, std::size_t& num_cells, std::size_t& open_quote) {
  CsvMachine machine{delimiter};
  num_cells = 0;
  open_quote = std::string_view::npos;
  std::string beyond;  // cells that are not kept
  const auto open_cell = [&]() -> std::string& {
    if (num_cells >= max_cells) return beyond.clear(), beyond;
    if (num_cells == cells.size()) cells.emplace_back();
    cells[num_cells].clear();
    return cells[num_cells];
  };
  std::string* cell = &open_cell();
  std::size_t at = 0;
  bool has_ended = false;
  while (at < text.size() && !has_ended) {
    if (machine.state == CsvState::in_quotes) {
      const std::size_t quote = std::min(text.find('"', at), text.size());
      cell->append(text, at, quote - at);
      at = quote;
      if (at == text.size()) break;
    } else if (machine.state == CsvState::in_cell) {
      std::size_t stop = at;
      while (stop < text.size() && text[stop] != delimiter && text[stop] != '\n' && text[stop] != '\r') ++stop;
      cell->append(text, at, stop - at);
      at = stop;
      if (at == text.size()) break;
    }
    const CsvState before = machine.state;
    const char c = text[at++];
    const CsvAction action = machine.step(c);
    if (machine.state == CsvState::in_quotes && before != CsvState::quote_in_quotes) open_quote = at - 1;
    if (action == CsvAction::add) *cell += c;
    if (action == CsvAction::end_cell || action == CsvAction::end_record) ++num_cells;
    if (action == CsvAction::end_cell) cell = &open_cell();
    has_ended = action == CsvAction::end_record;
  }
  if (!has_ended) ++num_cells;
  if (machine.state != CsvState::in_quotes) open_quote = std::string_view::npos;
  // Both characters of a line's end belong to this record.
  if (has_ended && text[at - 1] == '\r' && at < text.size() && text[at] == '\n') ++at;
  return at;
}

bool is_blank_record(std::string_view record, std::size_t num_cells) noexcept {
  return num_cells == 1 && is_blank(record);
}

BlockCursor::BlockCursor(RowBlock block)
    : block_(std::move(block)),
      syntax_(*block_.syntax),
      json_(syntax_.options.limits),
      end_(block_.bytes.size()),
      line_(block_.first_line) {
  block_.bytes.append(kJsonPadding, ' ');
}

void BlockCursor::start_row(ParsedRow& row) {
  row.row.value = Json();
  row.row.number = block_.first_row + num_given_++;
  row.row.line = line_;
  row.problem.clear();
  row.hint.clear();
}

void BlockCursor::fail(ParsedRow& row, std::size_t offset, std::string_view message, std::string hint) const {
  const std::string_view before = std::string_view(block_.bytes).substr(row_begin_, offset);
  const auto line = line_ + static_cast<std::uint64_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  row.row.value = Json();
  row.problem = placed(syntax_.name, line, num_code_points(before.substr(start)) + 1, message);
  row.hint = std::move(hint);
}

/// UTF-8 and free of NUL bytes, which mean that this is no text.
bool BlockCursor::check_text(std::string_view text, ParsedRow& row) const {
  if (text.size() > syntax_.options.limits.max_row_bytes) {
    fail(row, 0, too_long_message(syntax_.options.limits));
    return false;
  }
  if (!is_utf8(text)) {
    const std::size_t at = find_invalid_utf8(text);
    fail(row, at, cat("the byte ", quote(text.substr(at, 1)), " is not UTF-8"),
         "save the file as UTF-8, for example with: iconv -f WINDOWS-1252 -t UTF-8");
    return false;
  }
  if (const std::size_t at = text.find('\0'); at != std::string_view::npos) {
    fail(row, at, "a NUL byte cannot stand in text");
    return false;
  }
  return true;
}

void BlockCursor::read_text(std::string_view text, ParsedRow& row) {
  if (syntax_.kind == RowFileKind::text) {
    if (!check_text(text, row)) return;
    std::string_view body = text;
    if (syntax_.options.text_rows != TextRows::document)
      while (!body.empty() && (body.back() == '\n' || body.back() == '\r')) body.remove_suffix(1);
    Json::Object members;
    members.emplace_back("text",
                         syntax_.options.text_rows == TextRows::line ? Json(body) : Json(with_unix_line_ends(body)));
    row.row.value = Json(std::move(members));
    return;
  }
  while (!text.empty() && (text.back() == '\n' || is_blank_in_line(text.back()))) text.remove_suffix(1);
  JsonRowProblem problem;
  if (json_.parse(text, row.row.value, problem)) return;
  row.row.value = Json();
  row.problem = placed(syntax_.name, line_ + problem.line, problem.column, problem.message);
  row.hint = std::move(problem.hint);
}

bool BlockCursor::next_text(ParsedRow& row) {
  const bool is_paragraphs = syntax_.kind == RowFileKind::text && syntax_.options.text_rows == TextRows::paragraph;
  const bool is_document = syntax_.kind == RowFileKind::text && syntax_.options.text_rows == TextRows::document;
  while (at_ < end_) {
    const std::string_view left = std::string_view(block_.bytes).substr(at_, end_ - at_);
    const std::size_t size = is_document ? left.size() : is_paragraphs ? end_of_paragraph(left) : end_of_line(left);
    const std::string_view text = left.substr(0, size);
    row_begin_ = at_;
    at_ += size;
    const bool is_row = !is_blank(text);
    if (is_row) {
      start_row(row);
      read_text(text, row);
    }
    line_ += static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
    if (is_row) return true;
  }
  return false;
}

bool BlockCursor::next_record(ParsedRow& row) {
  const auto& columns = syntax_.columns;
  while (at_ < end_) {
    const std::string_view left = std::string_view(block_.bytes).substr(at_, end_ - at_);
    std::size_t num_cells = 0, open_quote = 0;
    const std::size_t size = read_csv_record(left, syntax_.delimiter, columns.size(), cells_, num_cells, open_quote);
    const std::string_view text = left.substr(0, size);
    row_begin_ = at_;
    at_ += size;
    const bool is_row = !is_blank_record(text, num_cells);
    if (is_row) {
      start_row(row);
      if (open_quote != std::string_view::npos) {
        fail(row, open_quote, "the quote that opens here is never closed",
             "a quote inside a quoted cell is written twice");
      } else if (check_text(text, row)) {
        if (num_cells > columns.size()) {
          fail(row, 0, cat("the row has ", num_cells, " cells where the header has ", columns.size(), " columns"),
               "a cell that holds the delimiter or a line break stands in double quotes");
        } else {
          Json::Object members;
          members.reserve(columns.size());
          for (std::size_t i = 0; i < columns.size(); ++i)
            members.emplace_back(columns[i], i < num_cells && !cells_[i].empty() ? Json(cells_[i]) : Json());
          row.row.value = Json(std::move(members));
        }
      }
    }
    line_ += static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
    if (is_row) return true;
  }
  return false;
}

bool BlockCursor::next(ParsedRow& row) {
  if (!block_.parsed.empty()) {
    if (num_given_ == block_.parsed.size()) return false;
    row = std::move(block_.parsed[num_given_++]);
    return true;
  }
  if (block_.is_too_long) {
    if (num_given_ > 0) return false;
    start_row(row);
    row.problem = placed(syntax_.name, line_, 1, too_long_message(syntax_.options.limits));
    if (syntax_.kind == RowFileKind::csv) row.hint = "perhaps a quote was opened and not closed";
    return true;
  }
  return syntax_.kind == RowFileKind::csv ? next_record(row) : next_text(row);
}

}  // namespace forgelm::formats
