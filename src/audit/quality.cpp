// Characters, words, lines and paragraphs are counted in one walk. The places
// where Python cuts lines are more than
// "\n"; paragraphs are cut at "\n\n" alone.
#include "quality.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"

namespace forgelm::audit {
namespace {

using text::character_classes;
namespace character_class = text::character_class;

std::uint8_t classes_of(unsigned char ascii) {
  static const std::array<std::uint8_t, 128> table = [] {
    std::array<std::uint8_t, 128> made{};
    for (char32_t c = 0; c < 128; ++c) made[c] = character_classes(c);
    return made;
  }();
  return table[ascii];
}

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

/// What one walk over a text learns.
class Walk {
 public:
  explicit Walk(std::string_view prose) : prose_(prose) {
    for (std::size_t at = 0; at < prose.size();) {
      const std::size_t begin = at;
      char32_t c = static_cast<unsigned char>(prose[at]);
      std::uint8_t classes = 0;
      if (c < 0x80) {
        classes = classes_of(static_cast<unsigned char>(c));
        ++at;
      } else {
        const DecodedCodePoint decoded = decode_utf8(prose, at);
        c = decoded.value;
        classes = character_classes(c);
        at += decoded.num_bytes;
      }
      take(c, classes, begin, at);
    }
    end_line(prose.size(), prose.size());
    end_paragraph();
  }

  std::uint8_t flags() const {
    if (num_words_ == 0) return 1;
    std::uint8_t flags = 0;
    const auto ratio = [](std::size_t part, std::size_t whole) {
      return static_cast<double>(part) / static_cast<double>(whole);
    };
    if (num_visible_ > 0 && ratio(num_alpha_, num_visible_) < 0.70) flags |= 1;
    if (!lines_.empty() && ratio(num_punctuated_, lines_.size()) < 0.50) flags |= 2;
    const double mean = ratio(num_word_characters_, num_words_);
    if (mean < 3.0 || mean > 12.0) flags |= 4;
    if (num_paragraphs_ > 0 && ratio(num_short_, num_paragraphs_) > 0.50) flags |= 8;
    if (lines_.size() >= 3 && ratio(num_repeated(), lines_.size()) > 0.30) flags |= 16;
    return flags;
  }

 private:
  void take(char32_t c, std::uint8_t classes, std::size_t begin, std::size_t end) {
    if ((classes & character_class::kSpace) == 0) {
      ++num_visible_;
      has_visible_ = true;
      paragraph_has_visible_ = true;
      if ((classes & character_class::kAlphabetic) != 0) ++num_alpha_;
    }
    if ((classes & character_class::kWord) != 0) {
      // Quotes count when a word character follows them in the same run.
      word_length_ += (word_length_ > 0 ? num_quotes_ : 0) + 1;
      num_quotes_ = 0;
    } else if (c == '\'') {
      ++num_quotes_;
    } else {
      end_word();
    }
    if ((classes & character_class::kLineBreak) != 0) {
      end_line(begin, end);
      if (c == '\n' && begin + 1 < prose_.size() && prose_[begin + 1] == '\n' && begin >= paragraph_from_) {
        end_paragraph();
        paragraph_from_ = begin + 2;
      }
    }
  }

  void end_word() {
    if (word_length_ > 0) {
      ++num_words_;
      ++paragraph_words_;
      num_word_characters_ += word_length_;
    }
    word_length_ = num_quotes_ = 0;
  }

  void end_line(std::size_t end, std::size_t next) {
    end_word();
    if (has_visible_) {
      lines_.push_back(prose_.substr(line_from_, end - line_from_));
      if (ends_with_punctuation(lines_.back())) ++num_punctuated_;
    }
    has_visible_ = false;
    line_from_ = next;
  }

  void end_paragraph() {
    if (paragraph_has_visible_) {
      ++num_paragraphs_;
      if (paragraph_words_ < 5) ++num_short_;
    }
    paragraph_has_visible_ = false;
    paragraph_words_ = 0;
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

  std::string_view prose_;
  std::vector<std::string_view> lines_;
  std::size_t num_visible_ = 0, num_alpha_ = 0, num_punctuated_ = 0;
  std::size_t num_words_ = 0, num_word_characters_ = 0, word_length_ = 0, num_quotes_ = 0;
  std::size_t num_paragraphs_ = 0, num_short_ = 0, paragraph_words_ = 0;
  std::size_t line_from_ = 0, paragraph_from_ = 0;
  bool has_visible_ = false, paragraph_has_visible_ = false;
};

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

std::uint8_t quality_flags(std::string_view text) {
  std::string kept;
  if (text.find("```") != std::string_view::npos || text.find("~~~") != std::string_view::npos) {
    kept = without_code_fences(text);
    text = kept;
  }
  const std::string_view prose = text::strip(text);
  return prose.empty() ? std::uint8_t{0} : Walk(prose).flags();
}

}  // namespace forgelm::audit
