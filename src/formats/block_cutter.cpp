#include "block_cutter.hpp"

#include <algorithm>
#include <utility>

namespace forgelm::formats {
namespace {

std::uint64_t num_line_feeds(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

BlockCutter::BlockCutter(ByteStream stream, std::unique_ptr<Splitter> splitter, const RowOptions& options)
    : stream_(std::move(stream)),
      splitter_(std::move(splitter)),
      block_bytes_(std::max<std::size_t>(options.block_bytes, 16)),
      max_row_bytes_(options.limits.max_row_bytes) {}

void BlockCutter::give(RowBlock& block, std::string bytes, std::uint64_t num_rows) {
  block.first_row = next_row_;
  block.num_rows = num_rows;
  block.first_line = next_line_;
  block.end_byte = stream_.offset() - rest_.size() - (waiting_ ? waiting_->first.size() : 0);
  block.is_too_long = false;
  block.parsed.clear();
  next_row_ += num_rows;
  next_line_ += num_line_feeds(bytes);
  block.bytes = std::move(bytes);
}

bool BlockCutter::next(RowBlock& block) {
  if (waiting_) {
    auto [bytes, num_rows] = *std::exchange(waiting_, std::nullopt);
    give(block, std::move(bytes), num_rows);
    return true;
  }
  std::string bytes;
  bytes.reserve(rest_.size() + block_bytes_ + 64);  // the reader of the block appends padding
  bytes = std::exchange(rest_, {});
  for (;;) {
    const std::size_t before = bytes.size();
    if (!stream_.read(bytes, block_bytes_)) {
      if (bytes.empty()) return false;
      give(block, std::move(bytes), splitter_->has_content() ? 1 : 0);
      return true;
    }
    const auto ends = splitter_->scan(std::string_view(bytes).substr(before));
    if (ends.last != std::string_view::npos) {
      rest_ = bytes.substr(before + ends.last);
      bytes.resize(before + ends.last);
      give(block, std::move(bytes), ends.num_rows);
      return true;
    }
    if (bytes.size() > max_row_bytes_) {
      skip_long_row(block, std::move(bytes));
      return true;
    }
  }
}

void BlockCutter::skip_long_row(RowBlock& block, std::string start) {
  std::uint64_t num_lines = num_line_feeds(start);
  std::string piece = std::move(start);
  bool is_row = false;
  for (;;) {
    piece.clear();
    if (!stream_.read(piece, block_bytes_)) {
      is_row = splitter_->has_content();
      break;
    }
    const auto ends = splitter_->scan(piece);
    const std::size_t end = std::min(ends.first, piece.size());
    num_lines += num_line_feeds(std::string_view(piece).substr(0, end));
    if (ends.first == std::string_view::npos) continue;
    is_row = ends.first_has_content;
    rest_ = piece.substr(ends.last);
    if (ends.last > ends.first)
      waiting_.emplace(piece.substr(ends.first, ends.last - ends.first), ends.num_rows - (is_row ? 1 : 0));
    break;
  }
  give(block, {}, is_row ? 1 : 0);
  block.is_too_long = is_row;
  next_line_ += num_lines;
}

}  // namespace forgelm::formats
