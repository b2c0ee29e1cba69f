#include "fuzz/row_invariants.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "forgelm/core/text.hpp"
#include "formats/row_source.hpp"

namespace forgelm::test {
namespace {

using formats::ParsedRow;
using formats::RowFileKind;
using formats::RowOptions;

/// A file in memory that holds the input; the same one every time.
class InputFile {
 public:
  InputFile() : fd_(::memfd_create("rows", MFD_CLOEXEC)), name_(cat("/proc/self/fd/", fd_)) {
    if (fd_ < 0) std::abort();
  }
  const std::string& with(std::string_view bytes) {
    if (::ftruncate(fd_, 0) != 0 || ::pwrite(fd_, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
      std::abort();
    return name_;
  }

 private:
  int fd_;
  std::string name_;
};

struct Reading {
  std::string refused;  ///< the whole file, when it is
  std::vector<ParsedRow> rows;
  std::string broken;
};

void read_raw(const std::string& name, RowFileKind kind, const RowOptions& options, Reading& out) {
  formats::RawBlocks blocks(formats::ByteStream(name, options.with_digest), kind, options);
  std::uint64_t num_rows = 0, end_byte = 0;
  for (formats::RowBlock block; blocks.next(block); block = {}) {
    if (block.first_row != num_rows) out.broken = cat("a block starts at row ", block.first_row, ", not ", num_rows);
    num_rows += block.num_rows;
    end_byte = block.end_byte;
    auto rows = formats::parse_block(std::move(block));
    for (auto& row : rows) out.rows.push_back(std::move(row));
    if (out.rows.size() != num_rows) out.broken = cat(num_rows, " rows promised, ", out.rows.size(), " read");
  }
  if (blocks.stream().digest_hex().size() != 64) out.broken = "no digest at the end";
  if (end_byte > blocks.stream().size_bytes()) out.broken = "blocks end behind the file";
}

Reading read(const std::string& name, RowFileKind kind, const RowOptions& options) {
  Reading out;
  try {
    const bool is_json = kind == RowFileKind::json || kind == RowFileKind::jsonl;
    const auto source = is_json ? formats::open_json_elements(name, kind, options) : nullptr;
    if (source == nullptr) {
      read_raw(name, is_json ? RowFileKind::jsonl : kind, options, out);
    } else {
      for (ParsedRow row; source->next(row); row = {}) out.rows.push_back(std::move(row));
      if (source->digest_hex().size() != 64) out.broken = "no digest at the end";
    }
  } catch (const ConfigError& error) {
    out.refused = error.what();
    if (out.refused.empty()) out.broken = "refused without words";
  }
  for (std::size_t i = 0; i < out.rows.size(); ++i) {
    const auto& row = out.rows[i];
    if (row.row.number != i) out.broken = cat("row ", i, " has the number ", row.row.number);
    if (row.row.line == 0) out.broken = cat("row ", i, " has no line");
    if (row.ok() && row.row.value.kind() != Json::Kind::object) out.broken = cat("row ", i, " is no object");
    if (!row.ok() && row.problem.rfind(name + ":", 0) != 0)
      out.broken = cat("a problem without a place: ", row.problem);
    if (!is_valid_utf8(row.problem)) out.broken = "a problem that is not UTF-8";
  }
  return out;
}

/// The same rows whatever the size of the blocks.
std::string difference(const Reading& a, const Reading& b) {
  if (!a.broken.empty()) return a.broken;
  if (!b.broken.empty()) return b.broken;
  if (a.refused != b.refused) return cat("refused in one way: ", a.refused, " / ", b.refused);
  if (a.rows.size() != b.rows.size()) return cat(a.rows.size(), " rows or ", b.rows.size());
  for (std::size_t i = 0; i < a.rows.size(); ++i) {
    if (a.rows[i].problem != b.rows[i].problem) return cat(a.rows[i].problem, " / ", b.rows[i].problem);
    if (a.rows[i].row.line != b.rows[i].row.line) return cat("row ", i, " is in two lines");
    if (!(a.rows[i].row.value == b.rows[i].row.value)) return cat("row ", i, " has two values");
  }
  return "";
}

RowOptions with_blocks(std::size_t block_bytes) {
  RowOptions options;
  options.with_digest = true;
  options.block_bytes = block_bytes;
  return options;
}

RowOptions tight(std::size_t block_bytes) {
  RowOptions options = with_blocks(block_bytes);
  options.limits = {.max_row_bytes = 40, .max_depth = 3, .max_columns = 3, .max_values = 12};
  return options;
}

/// Each line by parse_json; core's lexer takes time for long texts, so that inputs are short.
std::string difference_from_core(std::string_view bytes, const Reading& reading) {
  std::size_t num_rows = 0;
  if (bytes.substr(0, 3) == "\xEF\xBB\xBF") bytes.remove_prefix(3);
  for (std::string_view line : split(bytes, '\n')) {
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (num_rows == reading.rows.size()) return "a line without a row";
    const auto& row = reading.rows[num_rows++];
    const auto expected = parse_json(line);
    const bool is_row = expected.ok() && expected->kind() == Json::Kind::object;
    if (is_row != row.ok()) return cat("line ", row.row.line, is_row ? " is a row, " : " is no row, ", row.problem);
    if (is_row && !(row.row.value == *expected)) return cat("line ", row.row.line, ": ", dump(row.row.value));
  }
  return num_rows == reading.rows.size() ? "" : "more rows than lines";
}

/// Which comparisons are made: all of them, or the one with the number given, modulo how many there are.
class Chosen {
 public:
  Chosen(std::optional<std::size_t> one, std::size_t num_comparisons) : num_(num_comparisons) {
    if (one) one_ = *one % num_;
  }
  bool next() { return !one_ || at_++ == *one_; }

 private:
  std::optional<std::size_t> one_;
  std::size_t num_, at_ = 0;
};

InputFile& input_file() {
  static InputFile file;
  return file;
}

std::string quoted_csv(const std::string& cell) {
  std::string out = "\"";
  for (const char c : cell) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

std::string broken_columns(const Reading& reading) {
  const Json* first = nullptr;
  for (const auto& row : reading.rows) {
    if (!row.ok()) continue;
    if (first == nullptr) first = &row.row.value;
    if (row.row.value.members().size() != first->members().size()) return "rows with different columns";
    for (const auto& [name, cell] : row.row.value.members())
      if (!cell.is_null() && (cell.kind() != Json::Kind::text || cell.text().empty() || !is_valid_utf8(cell.text())))
        return cat("a cell that is neither null nor text: ", name);
  }
  return "";
}

/// Whole rows written as CSV by the book.
std::string as_csv(const Reading& reading) {
  std::string out;
  for (const auto& row : reading.rows) {
    if (!row.ok()) continue;
    std::vector<std::string> names, cells;
    for (const auto& [name, cell] : row.row.value.members()) {
      names.push_back(quoted_csv(name));
      cells.push_back(cell.is_null() ? "\"\"" : quoted_csv(cell.text()));
    }
    if (out.empty()) out = join(names, ",") + "\r\n";
    out += join(cells, ",") + "\r\n";
  }
  return out;
}

std::string broken_round_trip(const Reading& reading) {
  const std::string written = as_csv(reading);
  if (written.empty()) return "";
  const Reading again = read(input_file().with(written), RowFileKind::csv, with_blocks(64));
  std::size_t at = 0;
  for (const auto& row : reading.rows) {
    if (!row.ok()) continue;
    if (at == again.rows.size() || !(again.rows[at].row.value == row.row.value))
      return "written and read, a row differs";
    ++at;
  }
  return at == again.rows.size() ? "" : "written and read, there are more rows";
}

}  // namespace

std::string broken_jsonl_promise(std::string_view bytes, std::optional<std::size_t> comparison) {
  const std::string& name = input_file().with(bytes);
  Chosen chosen(comparison, 5);
  if (chosen.next()) {
    Reading lines;
    try {
      read_raw(name, RowFileKind::jsonl, with_blocks(1u << 16), lines);
      if (!lines.broken.empty()) return lines.broken;
      if (auto broken = difference_from_core(bytes, lines); !broken.empty()) return broken;
    } catch (const ConfigError&) {  // no text in UTF-8
    }
  }
  for (const auto kind : {RowFileKind::jsonl, RowFileKind::json}) {
    if (chosen.next())
      if (auto broken = difference(read(name, kind, with_blocks(1u << 16)), read(name, kind, with_blocks(17)));
          !broken.empty())
        return broken;
    if (chosen.next())
      if (auto broken = difference(read(name, kind, tight(1u << 16)), read(name, kind, tight(16))); !broken.empty())
        return cat("with tight limits: ", broken);
  }
  return "";
}

std::string broken_csv_promise(std::string_view bytes, std::optional<std::size_t> comparison) {
  const std::string& name = input_file().with(bytes);
  Chosen chosen(comparison, 6);
  const Reading table = read(name, RowFileKind::csv, with_blocks(1u << 16));
  if (chosen.next())
    if (auto broken = difference(table, read(name, RowFileKind::csv, with_blocks(17))); !broken.empty()) return broken;
  if (chosen.next())
    if (auto broken =
            difference(read(name, RowFileKind::csv, tight(1u << 16)), read(name, RowFileKind::csv, tight(16)));
        !broken.empty())
      return cat("with tight limits: ", broken);
  for (const auto text_rows : {formats::TextRows::line, formats::TextRows::paragraph, formats::TextRows::document}) {
    RowOptions large = with_blocks(1u << 16), small = tight(16);
    large.text_rows = small.text_rows = text_rows;
    small.limits = {};
    if (!chosen.next()) continue;
    if (auto broken = difference(read(name, RowFileKind::text, large), read(name, RowFileKind::text, small));
        !broken.empty())
      return cat("text: ", broken);
  }
  if (auto broken = broken_columns(table); !broken.empty()) return broken;
  return chosen.next() ? broken_round_trip(table) : "";
}

}  // namespace forgelm::test
