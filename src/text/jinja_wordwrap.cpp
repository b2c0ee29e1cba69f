// textwrap.wrap as the filter wordwrap uses it: white space is kept, tabs are not expanded, lines lose the blanks at
// their ends. A text is cut into chunks (runs of blanks, words, words up to a hyphen, dashes) that then fill lines.
#include <algorithm>

#include "forgelm/core/text.hpp"
#include "jinja_builtins.hpp"
#include "jinja_text.hpp"

namespace forgelm::text::jinja {

namespace {

using Chunk = std::u32string;

bool is_blank(char32_t c) { return c == ' ' || (c >= 0x09 && c <= 0x0D); }  // textwrap knows only these
bool is_word(char32_t c) { return c == '_' || is_alpha(c) || is_numeric(c); }
bool is_letter(char32_t c) { return is_word(c) && !is_decimal(c); }
bool is_word_or_mark(char32_t c) {
  return is_word(c) || std::u32string_view(U"!\"'&.,?").find(c) != std::u32string::npos;
}

class Splitter {
 public:
  Splitter(const std::u32string& text, bool breaks_on_hyphens) : text_(text), breaks_on_hyphens_(breaks_on_hyphens) {}
  std::vector<Chunk> run() {
    std::vector<Chunk> out;
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t end = chunk_end(at);
      out.push_back(text_.substr(at, end - at));
      at = end;
    }
    return out;
  }

 private:
  bool letter_at(std::size_t i) const { return i < text_.size() && is_letter(text_[i]); }
  std::size_t dashes_at(std::size_t at) const {
    std::size_t end = at;
    while (end < text_.size() && text_[end] == '-') ++end;
    return end - at;
  }
  /// Two or more dashes between words begin at `at`.
  bool is_dash_at(std::size_t at) const {
    if (at == 0 || !is_word_or_mark(text_[at - 1])) return false;
    const std::size_t count = dashes_at(at);
    return count >= 2 && at + count < text_.size() && is_word(text_[at + count]);
  }
  /// A word may be cut after the hyphen at `at`.
  bool is_hyphen_at(std::size_t at) const {
    if (text_[at] != '-') return false;
    const bool follows = (at >= 2 && letter_at(at - 1) && letter_at(at - 2)) ||
                         (at >= 3 && letter_at(at - 1) && text_[at - 2] == '-' && letter_at(at - 3));
    if (!follows || !letter_at(at + 1)) return false;
    return letter_at(at + 2) || (at + 2 < text_.size() && text_[at + 2] == '-' && letter_at(at + 3));
  }
  std::size_t chunk_end(std::size_t begin) const {
    std::size_t at = begin;
    if (is_blank(text_[at])) {
      while (at < text_.size() && is_blank(text_[at])) ++at;
      return at;
    }
    if (breaks_on_hyphens_ && text_[at] == '-' && is_dash_at(at)) return at + dashes_at(at);
    for (++at; at < text_.size() && !is_blank(text_[at]); ++at) {
      if (!breaks_on_hyphens_ || text_[at] != '-') continue;
      if (is_dash_at(at)) return at;
      if (is_hyphen_at(at)) return at + 1;
    }
    return at;
  }

  const std::u32string& text_;
  bool breaks_on_hyphens_;
};

bool is_blank_chunk(const Chunk& chunk) { return std::all_of(chunk.begin(), chunk.end(), is_space); }

/// As much of a word that fits no line as goes into `room`.
void break_word(Chunk& word, Chunk& line, std::size_t room, const WrapRules& rules) {
  std::size_t end = room;
  if (rules.breaks_on_hyphens && word.size() > room && room > 0) {
    const std::size_t hyphen = word.rfind('-', room - 1);
    if (hyphen != Chunk::npos && hyphen > 0 && word.find_first_not_of('-') < hyphen) end = hyphen + 1;
  }
  line += word.substr(0, end);
  word.erase(0, end);
}

}  // namespace

std::vector<std::string> wrap_words(std::string_view text, const WrapRules& rules) {
  const std::u32string all = to_code_points(text);
  std::vector<Chunk> chunks = Splitter(all, rules.breaks_on_hyphens).run();
  const auto width = static_cast<std::size_t>(rules.width);
  std::vector<std::string> out;
  for (std::size_t at = 0; at < chunks.size();) {
    if (!out.empty() && is_blank_chunk(chunks[at])) ++at;
    Chunk line;
    std::size_t last_size = 0;  // of the line's last chunk
    while (at < chunks.size() && line.size() + chunks[at].size() <= width) {
      last_size = chunks[at].size();
      line += chunks[at++];
    }
    if (at < chunks.size() && chunks[at].size() > width) {
      if (rules.breaks_long_words) {
        const std::size_t before = line.size();
        break_word(chunks[at], line, width - line.size(), rules);
        last_size = line.size() - before;  // nothing, where the line was full: then its blanks stay
        if (chunks[at].empty()) ++at;
      } else if (line.empty()) {
        last_size = chunks[at].size();
        line = chunks[at++];
      }
    }
    if (!line.empty() && is_blank_chunk(line.substr(line.size() - last_size))) line.resize(line.size() - last_size);
    if (line.empty()) continue;
    std::string shown;
    for (const char32_t c : line) append_utf8(shown, c);
    out.push_back(std::move(shown));
  }
  return out;
}

}  // namespace forgelm::text::jinja
