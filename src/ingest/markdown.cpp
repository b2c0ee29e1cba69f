#include "markdown.hpp"

#include <cstdint>
#include <optional>

#include "forgelm/core/error.hpp"
#include "forgelm/core/progress.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"

namespace forgelm::ingest {
namespace {

using text::strip;

// Sections repeat the headings above them; of a hostile document, without bound.
constexpr std::size_t kMaxPathBytes = std::size_t{64} << 20;

std::size_t num_leading(std::string_view line, char c) {
  const std::size_t end = line.find_first_not_of(c);
  return end == std::string_view::npos ? line.size() : end;
}

struct Fence {
  char mark = '`';
  std::size_t length = 0;
  std::string_view rest;  ///< the info string
};

/// A line of three or more backticks or tildes, indented by three blanks at most.
std::optional<Fence> fence_of(std::string_view line) {
  const std::size_t indent = num_leading(line, ' ');
  if (indent > 3 || indent == line.size()) return std::nullopt;
  const char mark = line[indent];
  if (mark != '`' && mark != '~') return std::nullopt;
  line.remove_prefix(indent);
  Fence fence{mark, num_leading(line, mark), {}};
  if (fence.length < 3) return std::nullopt;
  fence.rest = line.substr(fence.length);
  if (mark == '`' && fence.rest.find('`') != std::string_view::npos) return std::nullopt;
  return fence;
}

/// Follows fences from line to line.
class FenceState {
 public:
  /// True when the line belongs to a fenced block, its fences included.
  bool takes(std::string_view line) {
    const auto fence = fence_of(line);
    if (!fence) return open_.has_value();
    if (!open_) open_ = fence;
    else if (open_->mark == fence->mark && fence->length >= open_->length && text::is_blank(fence->rest)) open_.reset();
    return true;
  }

 private:
  std::optional<Fence> open_;
};

struct HeadingLine {
  std::size_t level = 1;
  std::string_view line;   ///< without white space around
  std::string_view words;  ///< without the marks
};

char32_t last_code_point(std::string_view text) {
  std::size_t at = text.size() - 1;
  while (at > 0 && !begins_character(text[at])) --at;
  return decode_utf8(text, at).value;
}

std::optional<HeadingLine> heading_of(std::string_view line) {
  const std::size_t indent = num_leading(line, ' ');
  if (indent > 3) return std::nullopt;
  std::string_view rest = line.substr(indent);
  const std::size_t level = num_leading(rest, '#');
  if (level < 1 || level > 6) return std::nullopt;
  rest.remove_prefix(level);
  const std::size_t blanks = rest.find_first_not_of(" \t");
  if (blanks == 0 || blanks == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(blanks);
  while (rest.back() == ' ' || rest.back() == '\t') rest.remove_suffix(1);
  // Other white space at either end of the words makes it no heading: the reference's rule.
  if (text::is_space(decode_utf8(rest, 0).value) || text::is_space(last_code_point(rest))) return std::nullopt;
  return HeadingLine{level, strip(line), rest};
}

struct Level {
  std::size_t level;
  std::string line;
};

/// A section whose lines are being gathered.
struct OpenSection {
  std::vector<std::string> path = {};
  std::string body = {};
  std::size_t num_kept = 0;  ///< bytes up to the last line that is not blank
  std::size_t begin = 0;

  void add(std::string_view line, std::size_t at) {
    const bool is_blank = text::is_blank(line);
    if (body.empty() && is_blank) return;
    if (body.empty()) begin = at;
    else body += '\n';
    body += line;
    if (!is_blank) num_kept = body.size();
  }
  void close_into(std::vector<MarkdownSection>& sections) {
    body.resize(num_kept);
    if (!body.empty()) sections.push_back({std::move(path), std::move(body), begin});
  }
};

}  // namespace

std::vector<MarkdownSection> markdown_sections(std::string_view text) {
  std::vector<MarkdownSection> sections;
  std::size_t path_bytes = 0;
  std::vector<Level> path;
  OpenSection open;
  FenceState fences;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = text::take_line(rest);
    const auto begin = static_cast<std::size_t>(line.data() - text.data());
    const auto heading = fences.takes(line) ? std::nullopt : heading_of(line);
    if (!heading) {
      open.add(line, begin);
      continue;
    }
    open.close_into(sections);
    while (!path.empty() && path.back().level >= heading->level) path.pop_back();
    path.push_back({heading->level, std::string(heading->line)});
    open = {};
    for (const Level& level : path) {
      open.path.push_back(level.line);
      path_bytes += level.line.size();
    }
    if (path_bytes > text.size() + kMaxPathBytes)
      throw RunError(RunErrorKind::data,
                     cat("its headings, which stand above every section below them, come to more than ",
                         format_bytes(static_cast<std::int64_t>(kMaxPathBytes))));
    open.add(heading->line, begin);
  }
  open.close_into(sections);
  return sections;
}

std::vector<Heading> markdown_headings(std::string_view text) {
  std::vector<Heading> headings;
  FenceState fences;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = text::take_line(rest);
    if (fences.takes(line)) continue;
    const auto heading = heading_of(line);
    if (!heading) continue;
    headings.push_back({static_cast<std::size_t>(line.data() - text.data()), static_cast<int>(heading->level),
                        std::string(heading->words)});
  }
  return headings;
}

}  // namespace forgelm::ingest
