#include "forgelm/formats/row_blocks.hpp"

#include <algorithm>

#include "forgelm/core/text.hpp"
#include "parquet.hpp"
#include "row_source.hpp"

namespace forgelm::formats {
namespace {

constexpr std::size_t kRowsPerParsedBlock = 1024;

char delimiter_of(const std::string& name, const RowOptions& options) {
  if (options.delimiter != 0) return options.delimiter;
  return ascii_lower(std::filesystem::path(name).extension().string()) == ".tsv" ? '\t' : ',';
}

std::unique_ptr<Splitter> splitter_for(const RowSyntax& syntax) {
  if (syntax.kind == RowFileKind::csv) return make_csv_splitter(syntax.delimiter);
  if (syntax.kind == RowFileKind::text && syntax.options.text_rows == TextRows::paragraph)
    return make_paragraph_splitter();
  if (syntax.kind == RowFileKind::text && syntax.options.text_rows == TextRows::document)
    return make_document_splitter();
  return make_line_splitter();
}

std::shared_ptr<RowSyntax> syntax_for(const ByteStream& stream, RowFileKind kind, const RowOptions& options) {
  auto syntax = std::make_shared<RowSyntax>();
  syntax->name = stream.name();
  syntax->kind = kind;
  syntax->options = options;
  syntax->delimiter = delimiter_of(stream.name(), options);
  return syntax;
}

/// Cells of a header as names of columns: a missing name as pandas has it, a repeated one refused.
std::vector<std::string> column_names(std::vector<std::string> cells, const std::string& name, std::uint64_t line) {
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (cells[i].empty()) cells[i] = cat("Unnamed: ", i);
  auto sorted = cells;
  std::sort(sorted.begin(), sorted.end());
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
    throw ConfigError(placed(name, line, 1, cat("the header names the column ", quote(*twice), " twice")));
  return cells;
}

/// The rows of a RowReader as a RowSource.
class ReaderSource final : public RowSource {
 public:
  ReaderSource(std::unique_ptr<RowReader> reader, std::string name)
      : reader_(std::move(reader)), name_(std::move(name)) {}
  bool next(ParsedRow& row) override {
    row.problem.clear();
    row.hint.clear();
    try {
      if (!reader_->next(row.row)) return false;
      next_number_ = row.row.number + 1;
    } catch (const ConfigError& error) {
      row.row = Row{Json(), next_number_++, 0};
      row.problem = error.what();
      row.hint = error.hint();
    }
    return true;
  }
  std::uint64_t bytes_read() const noexcept override { return reader_->bytes_read(); }
  std::uint64_t size_bytes() const noexcept override { return reader_->size_bytes(); }
  std::string digest_hex() override { return reader_->digest_hex(); }

 private:
  std::unique_ptr<RowReader> reader_;
  std::string name_;
  std::uint64_t next_number_ = 0;
};

/// The rows of raw blocks, one block at a time.
class RawSource final : public RowSource {
 public:
  explicit RawSource(RawBlocks blocks) : blocks_(std::move(blocks)) {}
  bool next(ParsedRow& row) override {
    for (;;) {
      if (cursor_ && cursor_->next(row)) return true;
      RowBlock block;
      do {
        if (!blocks_.next(block)) {
          is_done_ = true;
          return false;
        }
      } while (block.num_rows == 0);
      cursor_.emplace(std::move(block));
    }
  }
  std::uint64_t bytes_read() const noexcept override {
    if (is_done_) return blocks_.stream().offset();
    return cursor_ ? cursor_->end_byte() - cursor_->num_bytes_left() : 0;
  }
  std::uint64_t size_bytes() const noexcept override { return blocks_.stream().size_bytes(); }
  std::string digest_hex() override { return blocks_.stream().digest_hex(); }

 private:
  RawBlocks blocks_;
  std::optional<BlockCursor> cursor_;
  bool is_done_ = false;
};

/// Unreadable rows as exceptions.
class SourceReader final : public RowReader {
 public:
  explicit SourceReader(std::unique_ptr<RowSource> source) : source_(std::move(source)) {}
  bool next(Row& row) override {
    ParsedRow parsed;
    if (!source_->next(parsed)) return false;
    if (!parsed.ok()) throw ConfigError(parsed.problem, parsed.hint);
    row = std::move(parsed.row);
    return true;
  }
  std::uint64_t bytes_read() const noexcept override { return source_->bytes_read(); }
  std::uint64_t size_bytes() const noexcept override { return source_->size_bytes(); }
  std::string digest_hex() override { return source_->digest_hex(); }

 private:
  std::unique_ptr<RowSource> source_;
};

bool is_json(RowFileKind kind) { return kind == RowFileKind::jsonl || kind == RowFileKind::json; }

}  // namespace

RowSource::~RowSource() = default;
std::string RowReader::digest_hex() { return ""; }

RawBlocks::RawBlocks(ByteStream stream, RowFileKind kind, const RowOptions& options)
    : syntax_(syntax_for(stream, kind, options)), cutter_(std::move(stream), splitter_for(*syntax_), options) {
  if (kind == RowFileKind::csv) read_csv_header();
}

void RawBlocks::read_csv_header() {
  do {
    if (!cutter_.next(first_))
      throw ConfigError(placed(syntax_->name, 1, 1, "the file has no header row"),
                        "the first row of a CSV file names its columns");
  } while (first_.num_rows == 0);
  const auto& limits = syntax_->options.limits;
  if (first_.is_too_long) throw ConfigError(placed(syntax_->name, first_.first_line, 1, too_long_message(limits)));
  std::string& bytes = first_.bytes;
  std::vector<std::string> cells;
  std::size_t begin = 0, num_cells = 0, open_quote = 0;
  std::uint64_t line = first_.first_line;
  for (;;) {  // blank records stand before the header
    const std::size_t size = read_csv_record(std::string_view(bytes).substr(begin), syntax_->delimiter,
                                             limits.max_columns, cells, num_cells, open_quote);
    const std::string_view text = std::string_view(bytes).substr(begin, size);
    begin += size;
    if (open_quote != std::string_view::npos)
      throw ConfigError(placed(syntax_->name, line, 1, "a quote in the header is never closed"));
    if (num_cells > limits.max_columns)
      throw ConfigError(
          placed(syntax_->name, line, 1,
                 cat("the header has ", num_cells, " columns; at most ", limits.max_columns, " are read")));
    const bool is_header = !is_blank_record(text, num_cells);
    if (is_header && (!is_utf8(text) || text.find('\0') != std::string_view::npos))
      throw ConfigError(placed(syntax_->name, line, 1, "the header is not text in UTF-8"),
                        "save the file as UTF-8, for example with: iconv -f WINDOWS-1252 -t UTF-8");
    if (is_header) {
      cells.resize(num_cells);
      syntax_->columns = column_names(std::move(cells), syntax_->name, line);
    }
    line += static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
    if (is_header) break;
  }
  bytes.erase(0, begin);
  first_.first_line = line;
  first_.num_rows -= 1;
  has_first_ = true;
}

bool RawBlocks::next(RowBlock& block) {
  if (has_first_) {
    block = std::exchange(first_, {});
    has_first_ = false;
  } else {
    if (!cutter_.next(block)) return false;
    if (syntax_->kind == RowFileKind::csv) block.first_row -= 1;  // the header is no row
  }
  block.syntax = syntax_;
  return true;
}

struct RowBlocks::Impl {
  std::optional<RawBlocks> raw;
  std::unique_ptr<RowSource> source;
  std::shared_ptr<const RowSyntax> syntax;
  std::size_t block_bytes = 0;
  std::uint64_t end_byte = 0;
};

RowBlocks::RowBlocks(const std::filesystem::path& path, const RowOptions& options) : impl_(std::make_unique<Impl>()) {
  const RowFileKind kind = row_file_kind(path);
  impl_->block_bytes = options.block_bytes;
  if (kind == RowFileKind::parquet)
    impl_->source = std::make_unique<ReaderSource>(open_parquet(path, options.limits), path.string());
  else if (is_json(kind)) impl_->source = open_json_elements(path, kind, options);
  if (!impl_->source)
    impl_->raw.emplace(ByteStream(path, options.with_digest), is_json(kind) ? RowFileKind::jsonl : kind, options);
  if (!impl_->raw) {
    auto syntax = std::make_shared<RowSyntax>();
    syntax->name = path.string();
    syntax->kind = kind;
    syntax->options = options;
    impl_->syntax = std::move(syntax);
  }
}

RowBlocks::~RowBlocks() = default;
RowBlocks::RowBlocks(RowBlocks&&) noexcept = default;
RowBlocks& RowBlocks::operator=(RowBlocks&&) noexcept = default;

bool RowBlocks::next(RowBlock& block) {
  if (impl_->raw) {
    if (!impl_->raw->next(block)) return false;
    impl_->end_byte = block.end_byte;
    return true;
  }
  block = {};
  block.syntax = impl_->syntax;
  const std::uint64_t begin = impl_->source->bytes_read();
  ParsedRow row;
  while (block.parsed.size() < kRowsPerParsedBlock && impl_->source->bytes_read() - begin < impl_->block_bytes &&
         impl_->source->next(row))
    block.parsed.push_back(std::move(row));
  impl_->end_byte = impl_->source->bytes_read();
  if (block.parsed.empty()) return false;
  block.first_row = block.parsed.front().row.number;
  block.first_line = block.parsed.front().row.line;
  block.num_rows = block.parsed.size();
  block.end_byte = impl_->end_byte;
  return true;
}

std::uint64_t RowBlocks::bytes_read() const noexcept { return impl_->end_byte; }
std::uint64_t RowBlocks::size_bytes() const noexcept {
  return impl_->raw ? impl_->raw->stream().size_bytes() : impl_->source->size_bytes();
}
std::string RowBlocks::digest_hex() {
  return impl_->raw ? impl_->raw->stream().digest_hex() : impl_->source->digest_hex();
}

std::vector<ParsedRow> parse_block(RowBlock block) {
  if (!block.parsed.empty() || block.num_rows == 0) return std::move(block.parsed);
  std::vector<ParsedRow> rows;
  rows.reserve(static_cast<std::size_t>(block.num_rows));
  BlockCursor cursor(std::move(block));
  for (ParsedRow row; cursor.next(row);) rows.push_back(std::move(row));
  return rows;
}

std::unique_ptr<RowReader> open_rows(const std::filesystem::path& path, const RowOptions& options) {
  const RowFileKind kind = row_file_kind(path);
  if (kind == RowFileKind::parquet) return open_parquet(path, options.limits);
  std::unique_ptr<RowSource> source;
  if (is_json(kind)) source = open_json_elements(path, kind, options);
  if (!source)
    source = std::make_unique<RawSource>(
        RawBlocks(ByteStream(path, options.with_digest), is_json(kind) ? RowFileKind::jsonl : kind, options));
  return std::make_unique<SourceReader>(std::move(source));
}

}  // namespace forgelm::formats
