#include "split_blocks.hpp"

#include "forgelm/core/json.hpp"

namespace forgelm::audit {

bool is_json_lines(const std::filesystem::path& path) {
  const std::string ending = path.extension().native();
  return ending != ".json" && ending != ".csv" && ending != ".tsv" && ending != ".txt" && ending != ".parquet";
}

SplitBlocks::SplitBlocks(const std::filesystem::path& path) : path_(path) {
  if (is_json_lines(path)) lines_.emplace(std::optional(path));
  else rows_.emplace(path);
}

std::optional<SplitBlock> SplitBlocks::next() {
  SplitBlock next;
  if (rows_) {
    if (!rows_->next(next.rows)) return std::nullopt;
    next.end_byte = rows_->bytes_read();
    return next;
  }
  std::optional<LineBlock> block = lines_->next();
  if (!block) return std::nullopt;
  hash_.update(block->text);
  if (block->first_line == 1 && block->text.starts_with("\xEF\xBB\xBF")) block->text.erase(0, 3);
  next.is_lines = true;
  next.lines = *std::move(block);
  next.end_byte = lines_->bytes_read();
  return next;
}

std::string SplitBlocks::digest_hex() { return lines_ ? hash_.finish_hex() : sha256_file(path_); }

namespace detail {
std::string line_of(const formats::ParsedRow& row) {
  return dump(row.row.value, {.ensure_ascii = false, .compact = true});
}
}  // namespace detail

}  // namespace forgelm::audit
