// Characters, words, lines and paragraphs are counted in the text's masks. The
// places where Python cuts lines are more than "\n"; paragraphs are cut at
// "\n\n" alone.
#include "quality.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"

namespace forgelm::audit {
namespace {

struct Fence {
  char mark = 0;
  std::size_t length = 0;
};

/// A line of three or more marks after at most three spaces; the info string of
/// backticks holds none.
Fence opening_fence(std::string_view line) {
  const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
  if (indent > 3) return {};
  line.remove_prefix(indent);
  if (!line.starts_with("```") && !line.starts_with("~~~")) return {};
  const char mark = line[0];
  const std::size_t length = std::min(line.find_first_not_of(mark), line.size());
  if (mark == '`' && line.find('`', length) != std::string_view::npos) return {};
  return {mark, length};
}

bool closes(std::string_view line, const Fence& fence) {
  const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
  if (indent > 3) return false;
  line.remove_prefix(indent);
  const std::size_t last = line.find_last_not_of(" \t\r\n");
  line = line.substr(0, last == std::string_view::npos ? 0 : last + 1);
  return line.size() >= fence.length && line.find_first_not_of(fence.mark) == std::string_view::npos;
}

bool ends_with_punctuation(std::string_view line) {
  const std::size_t last = line.find_last_not_of(" \t");
  if (last == std::string_view::npos) return false;
  line = line.substr(0, last + 1);
  return std::string_view(".!?\"')]").find(line.back()) != std::string_view::npos || line.ends_with("\xE2\x80\xA6");
}

/// What the flags need to know of the range of a text.
class Prose {
 public:
  Prose(const TextMasks& masks, std::string_view prose) : masks_(masks), text_(masks.text()) {
    begin_ = static_cast<std::size_t>(prose.data() - text_.data());
    end_ = begin_ + prose.size();
    has_quotes_ = prose.find('\'') != std::string_view::npos;
    num_visible_ = num_visible(begin_, end_);
    num_letters_ = masks.letters.count(begin_, end_);
    std::size_t line = begin_, paragraph = begin_, pair = begin_;
    for (std::size_t at = masks.breaks.find(begin_, end_); at < end_; at = masks.breaks.find(line, end_)) {
      take_line(line, at);
      line = masks.starts.find(at + 1, end_);
      if (text_[at] != '\n' || line == end_ || text_[line] != '\n' || at < pair) continue;
      take_paragraph(paragraph, at);
      paragraph = line;
      pair = line + 1;  // "\n\n\n" is one end, not two
    }
    take_line(line, end_);
    take_paragraph(paragraph, end_);
  }

  std::uint8_t flags() const {
    if (num_words_ == 0) return 1;
    std::uint8_t flags = 0;
    const auto ratio = [](std::size_t part, std::size_t whole) {
      return static_cast<double>(part) / static_cast<double>(whole);
    };
    if (num_visible_ > 0 && ratio(num_letters_, num_visible_) < 0.70) flags |= 1;
    if (!lines_.empty() && ratio(num_punctuated_, lines_.size()) < 0.50) flags |= 2;
    const double mean = ratio(num_word_characters_, num_words_);
    if (mean < 3.0 || mean > 12.0) flags |= 4;
    if (num_paragraphs_ > 0 && ratio(num_short_, num_paragraphs_) > 0.50) flags |= 8;
    if (lines_.size() >= 3 && ratio(num_repeated(), lines_.size()) > 0.30) flags |= 16;
    return flags;
  }

 private:
  std::size_t num_visible(std::size_t begin, std::size_t end) const {
    return masks_.starts.count(begin, end) - masks_.spaces.count(begin, end);
  }

  void take_line(std::size_t begin, std::size_t end) {
    if (begin >= end || num_visible(begin, end) == 0) return;
    lines_.push_back(text_.substr(begin, end - begin));
    if (ends_with_punctuation(lines_.back())) ++num_punctuated_;
  }

  void take_paragraph(std::size_t begin, std::size_t end) {
    if (begin >= end || num_visible(begin, end) == 0) return;
    std::size_t words = masks_.num_words(begin, end), characters = masks_.num_word_characters(begin, end);
    if (has_quotes_) join_quoted(begin, end, words, characters);
    num_words_ += words;
    num_word_characters_ += characters;
    ++num_paragraphs_;
    if (words < 5) ++num_short_;
  }

  /// Single quotes between two words make one of them, and count.
  void join_quoted(std::size_t begin, std::size_t end, std::size_t& words, std::size_t& characters) const {
    const std::string_view text = text_.substr(0, end);
    for (std::size_t at = text.find('\'', begin); at < end; at = text.find('\'', at)) {
      const std::size_t first = at;
      while (at < end && text[at] == '\'') ++at;
      if (first == begin || at == end || !masks_.words.test(first - 1) || !masks_.words.test(at)) continue;
      --words;
      characters += at - first;
    }
  }

  /// Lines among the three that repeat most.
  std::size_t num_repeated() const {
    std::vector<std::string_view> sorted = lines_;
    std::sort(sorted.begin(), sorted.end());
    std::vector<std::size_t> counts;
    for (std::size_t i = 0; i < sorted.size();) {
      std::size_t j = i;
      while (j < sorted.size() && sorted[j] == sorted[i]) ++j;
      if (j - i >= 2) counts.push_back(j - i);
      i = j;
    }
    std::sort(counts.begin(), counts.end(), std::greater<>());
    std::size_t total = 0;
    for (std::size_t i = 0; i < std::min<std::size_t>(3, counts.size()); ++i) total += counts[i];
    return total;
  }

  const TextMasks& masks_;
  std::string_view text_;
  std::size_t begin_ = 0, end_ = 0;
  bool has_quotes_ = false;
  std::vector<std::string_view> lines_;
  std::size_t num_visible_ = 0, num_letters_ = 0, num_punctuated_ = 0;
  std::size_t num_words_ = 0, num_word_characters_ = 0, num_paragraphs_ = 0, num_short_ = 0;
};

std::uint8_t flags_of(const TextMasks& masks) {
  const std::string_view prose = text::strip(masks.text());
  return prose.empty() ? std::uint8_t{0} : Prose(masks, prose).flags();
}

}  // namespace

std::string without_code_fences(std::string_view text) {
  std::string out, block;
  Fence fence;
  for (const std::string_view line : text::split_lines(text, text::LineEnds::kept)) {
    if (fence.length == 0) {
      fence = opening_fence(line);
      (fence.length == 0 ? out : block).append(line);
      continue;
    }
    block.append(line);
    if (!closes(line, fence)) continue;
    if (line.ends_with('\n')) out += '\n';
    block.clear();
    fence = {};
  }
  return out.append(block);
}

std::uint8_t quality_flags(const TextMasks& text) {
  const bool may_be_fenced =
      text.text().find("```") != std::string_view::npos || text.text().find("~~~") != std::string_view::npos;
  if (!may_be_fenced) return flags_of(text);
  const std::string prose = without_code_fences(text.text());
  return flags_of(TextMasks(prose));
}

}  // namespace forgelm::audit
