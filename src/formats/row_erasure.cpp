// Rows are found by the readers' own cutters, so that a row here is a row there. Lines and CSV are searched block by
// block on several threads; JSON that is not lines one element after the other. The second pass copies all but the
// found ranges and hashes what it reads, so that a file that has changed in between is noticed. Parquet files are read
// by their reader and written anew without the rows.
#include "forgelm/formats/row_erasure.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <thread>
#include <utility>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"
#include "parquet.hpp"
#include "row_source.hpp"

namespace forgelm::formats {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCopyBytes = std::size_t{1} << 20;
constexpr auto kLockTimeout = std::chrono::seconds(60);

/// What the search of one block gave.
struct BlockFinds {
  std::vector<FoundRow> rows;
  std::uint64_t num_unreadable = 0;
};

/// Where the row that ends at `end` begins: blank lines before it are not its own. Its last line is, whatever it holds.
std::size_t behind_blank_lines(std::string_view bytes, std::size_t at, std::size_t end) {
  for (;;) {
    const std::size_t line_end = bytes.find('\n', at);
    if (line_end == std::string_view::npos || line_end + 1 >= end) return at;
    const std::string_view line = bytes.substr(at, line_end - at);
    if (!std::all_of(line.begin(), line.end(), is_blank_in_line)) return at;
    at = line_end + 1;
  }
}

BlockFinds search_block(RowBlock block, const RowTest& test) {
  BlockFinds finds;
  if (block.is_too_long) finds.num_unreadable = 1;
  if (block.is_too_long || block.num_rows == 0 || !test.may_hold(block.bytes)) return finds;
  const std::uint64_t begin = block.end_byte - block.bytes.size();
  const std::size_t size = block.bytes.size();
  // The cursor takes the block with it; blanks before a row are told from its bytes.
  const std::string bytes = block.bytes;
  BlockCursor cursor(std::move(block));
  std::size_t at = 0;
  for (ParsedRow row; cursor.next(row);) {
    const std::size_t end = size - static_cast<std::size_t>(cursor.num_bytes_left());
    if (!row.ok()) ++finds.num_unreadable;
    else if (auto field = test.field_of(row.row.value)) {
      const std::size_t row_begin = behind_blank_lines(bytes, at, end);
      finds.rows.push_back({row.row.line, *std::move(field), begin + row_begin, begin + end});
    }
    at = end;
  }
  return finds;
}

/// The bytes of an open file, from wherever one likes.
std::string read_at(int fd, const fs::path& path, std::uint64_t offset, std::size_t size_bytes) {
  std::string bytes(size_bytes, '\0');
  ssize_t count = 0;
  do count = ::pread(fd, bytes.data(), size_bytes, static_cast<off_t>(offset));
  while (count < 0 && errno == EINTR);
  if (count < 0) throw os_error("read", path.native(), errno);
  bytes.resize(static_cast<std::size_t>(count));
  return bytes;
}

/// Steps over blanks, and over one comma among them when `passes_comma`.
std::uint64_t skip_blanks(int fd, const fs::path& path, std::uint64_t at, bool passes_comma) {
  bool has_passed = !passes_comma;
  for (;;) {
    const std::string bytes = read_at(fd, path, at, 4096);
    for (const char c : bytes) {
      if (c == ',' && !has_passed) has_passed = true;
      else if (!is_ascii_space(c)) return at;
      ++at;
    }
    if (bytes.empty()) return at;
  }
}

}  // namespace

RowEraser::RowEraser(const fs::path& path) {
  std::error_code error;
  path_ = fs::canonical(path, error);
  if (error || !fs::is_regular_file(path_))
    throw ConfigError(cat("there is no file ", quote(path.native())), "name one file of rows");
  const RowFileKind kind = row_file_kind(path_);
  if (kind == RowFileKind::text)
    throw ConfigError(cat("rows cannot be taken out of ", quote(path.native()), ": lines of text have no identifiers"),
                      "give the rows identifiers, as JSON lines or CSV");
  is_parquet_ = kind == RowFileKind::parquet;
  if (is_parquet_) open_parquet(path_, {});  // whatever is wrong with it or with this build
  else is_elements_ = kind != RowFileKind::csv && open_json_elements(path_, kind, {}) != nullptr;
  lock();  // last: what throws behind it would leave it held
  struct stat info {};
  if (::fstat(fd_, &info) == 0) has_other_names_ = info.st_nlink > 1;
}

RowEraser::~RowEraser() {
  if (fd_ >= 0) ::close(fd_);
}

void RowEraser::lock() {
  const auto end = std::chrono::steady_clock::now() + kLockTimeout;
  for (;;) {
    fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) throw os_error("open", path_.native(), errno);
    struct stat held {
    }, there{};
    if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) {
      // Whoever had it before has put another file in its place.
      const bool is_same = ::fstat(fd_, &held) == 0 && ::stat(path_.c_str(), &there) == 0 &&
                           held.st_ino == there.st_ino && held.st_dev == there.st_dev;
      if (is_same) return;
    } else if (errno != EWOULDBLOCK && errno != EINTR) {
      const int why = errno;
      ::close(std::exchange(fd_, -1));
      throw os_error("lock", path_.native(), why);
    }
    ::close(std::exchange(fd_, -1));
    if (std::chrono::steady_clock::now() > end)
      throw RunError(RunErrorKind::io, cat(quote(path_.native()), " is being changed by another process"),
                     "try again when it has ended");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

const std::vector<FoundRow>& RowEraser::search(const RowTest& test, int num_threads) {
  found_.clear();
  num_unreadable_ = 0;
  if (is_parquet_) search_parquet(test);
  else if (is_elements_) search_elements(test);
  else search_blocks(test, num_threads);
  return found_;
}

void RowEraser::search_blocks(const RowTest& test, int num_threads) {
  RowOptions options;
  options.with_digest = true;
  RowBlocks blocks(path_, options);
  run_ordered<RowBlock, BlockFinds>(
      num_threads,
      [&]() -> std::optional<RowBlock> {
        RowBlock block;
        return blocks.next(block) ? std::optional(std::move(block)) : std::nullopt;
      },
      [&](RowBlock block, int) { return search_block(std::move(block), test); },
      [&](BlockFinds finds) {
        num_unreadable_ += finds.num_unreadable;
        std::move(finds.rows.begin(), finds.rows.end(), std::back_inserter(found_));
      });
  sha256_ = blocks.digest_hex();
}

void RowEraser::search_elements(const RowTest& test) {
  RowOptions options;
  options.with_digest = true;
  const auto source = open_json_elements(path_, row_file_kind(path_), options);
  if (!source) throw RunError(RunErrorKind::data, cat(quote(path_.native()), " has changed meanwhile"));
  rows_begin_ = source->bytes_read();
  std::uint64_t end_before = rows_begin_;
  for (ParsedRow row; source->next(row);) {
    const std::uint64_t end = source->bytes_read();
    if (!row.ok()) ++num_unreadable_;
    else if (auto field = test.field_of(row.row.value)) {
      // With the comma before it; what stands at the front is seen to below.
      found_.push_back({row.row.line, *std::move(field), end_before, end});
    }
    end_before = end;
  }
  sha256_ = source->digest_hex();
  if (found_.empty() || found_.front().begin != rows_begin_) return;
  // The run of rows at the front: from its first row to the first row that stays.
  found_.front().begin = skip_blanks(fd_, path_, rows_begin_, false);
  std::size_t last = 0;
  while (last + 1 < found_.size() && found_[last + 1].begin == found_[last].end) ++last;
  if (found_[last].end < end_before) found_[last].end = skip_blanks(fd_, path_, found_[last].end, true);
}

void RowEraser::search_parquet(const RowTest& test) {
  sha256_ = sha256_file(path_);
  const auto reader = open_parquet(path_, {});
  for (Row row;;) {
    try {
      if (!reader->next(row)) return;
    } catch (const ConfigError&) {
      ++num_unreadable_;
      continue;
    }
    if (auto field = test.field_of(row.value)) found_.push_back({row.number + 1, *std::move(field), 0, 0});
  }
}

/// Rows of Parquet stand in no bytes of their own: the file is written anew, its values as they were.
std::uint64_t RowEraser::erase_parquet() {
  const auto require_unchanged = [&] {
    if (sha256_file(path_) != sha256_) throw changed();
  };
  require_unchanged();
  std::vector<std::uint64_t> rows;
  for (const FoundRow& row : found_) rows.push_back(row.line - 1);
  const std::uint64_t size_before = fs::file_size(path_);
  DurableFile out(path_);
  Sha256 after;
  rewrite_parquet(path_, rows, [&](std::string_view piece) {
    out.write(piece);
    after.update(piece);
  });
  require_unchanged();
  const std::uint64_t size_after = out.size_bytes();
  out.commit();
  sha256_ = after.finish_hex();
  found_.clear();
  return size_before > size_after ? size_before - size_after : 0;
}

RunError RowEraser::changed() const {
  return RunError(RunErrorKind::data, cat(quote(path_.native()), " was changed while it was searched"),
                  "let nothing write to it, and try again");
}

std::uint64_t RowEraser::erase() {
  if (found_.empty()) return 0;
  if (is_parquet_) return erase_parquet();
  DurableFile out(path_);
  Sha256 before, after;
  std::uint64_t at = 0, freed = 0;
  auto range = found_.begin();
  for (;;) {
    std::string bytes = read_at(fd_, path_, at, kCopyBytes);
    if (bytes.empty()) break;
    before.update(bytes);
    const std::uint64_t end = at + bytes.size();
    while (at < end) {
      while (range != found_.end() && range->end <= at) ++range;
      const bool is_found = range != found_.end() && range->begin <= at;
      const std::uint64_t stop = std::min(end, is_found ? range->end : range != found_.end() ? range->begin : end);
      const auto piece = std::string_view(bytes).substr(bytes.size() - static_cast<std::size_t>(end - at),
                                                        static_cast<std::size_t>(stop - at));
      if (is_found) freed += piece.size();
      else {
        out.write(piece);
        after.update(piece);
      }
      at = stop;
    }
  }
  if (before.finish_hex() != sha256_) throw changed();
  out.commit();
  sha256_ = after.finish_hex();
  found_.clear();
  return freed;
}

}  // namespace forgelm::formats
