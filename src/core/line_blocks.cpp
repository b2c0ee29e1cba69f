#include "forgelm/core/line_blocks.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "forgelm/core/error.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{256} << 10;
constexpr std::size_t kMaxLineBytes = std::size_t{64} << 20;

}  // namespace

std::vector<std::string_view> LineBlock::lines() const {
  std::vector<std::string_view> out;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    out.push_back(line);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

LineBlocks::LineBlocks(const std::optional<std::filesystem::path>& path)
    : name_(path && *path != "-" ? path->string() : "standard input") {
  if (name_ == "standard input") {
    fd_ = STDIN_FILENO;
    return;
  }
  fd_ = ::open(path->c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0 && errno == ENOENT) throw ConfigError(cat("there is no file ", quote(name_)), "check the path");
  if (fd_ < 0) throw os_error("open", name_, errno);
}

LineBlocks::~LineBlocks() {
  if (fd_ > STDIN_FILENO) ::close(fd_);
}

std::optional<LineBlock> LineBlocks::next() {
  LineBlock block;
  block.first_line = next_line_;
  block.text.swap(rest_);
  std::size_t last_break = std::string::npos;
  while (!is_at_end_) {
    const std::size_t old_size = block.text.size();
    block.text.resize(old_size + kBlockBytes);
    const ssize_t count = ::read(fd_, block.text.data() + old_size, kBlockBytes);
    const int error = errno;
    block.text.resize(old_size + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0) {
      if (error == EINTR) continue;
      throw os_error("read", name_, error);
    }
    bytes_read_ += static_cast<std::uint64_t>(count);
    if (count == 0) is_at_end_ = true;
    const std::size_t in_new = std::string_view(block.text).substr(old_size).rfind('\n');
    if (in_new != std::string_view::npos) last_break = old_size + in_new;
    if (!is_at_end_ && last_break != std::string::npos && block.text.size() >= kBlockBytes) {
      rest_.assign(block.text, last_break + 1);
      block.text.resize(last_break + 1);
      break;
    }
    if (last_break == std::string::npos && block.text.size() > kMaxLineBytes)
      throw ConfigError(cat(name_, ":", next_line_, ": this line is longer than ", kMaxLineBytes, " bytes"));
  }
  if (block.text.empty()) return std::nullopt;
  for (std::size_t at = block.text.find('\n'); at != std::string::npos; at = block.text.find('\n', at + 1))
    ++next_line_;
  return block;
}

}  // namespace forgelm
