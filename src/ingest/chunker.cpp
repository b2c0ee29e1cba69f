#include "chunker.hpp"

#include <algorithm>

#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"
#include "markdown.hpp"

namespace forgelm::ingest {
namespace {

constexpr std::string_view kBetween = "\n\n";

/// How sizes are counted. The two ways of the reference differ in whether a chunk's first piece pays for a separator.
struct Characters {
  static constexpr bool kFirstPays = true;
  std::size_t separator() const { return kBetween.size(); }
  std::size_t size(std::string_view piece) const { return num_code_points(piece); }
};

class Tokens {
 public:
  static constexpr bool kFirstPays = false;
  explicit Tokens(const text::Tokenizer& tokenizer) : tokenizer_(tokenizer) { separator_ = size(kBetween); }
  std::size_t separator() const { return separator_; }
  std::size_t size(std::string_view piece) const { return num_tokens(piece, tokenizer_); }

 private:
  const text::Tokenizer& tokenizer_;
  std::size_t separator_ = 0;
};

/// Packs pieces greedily, in order, up to `most`.
template <class Measure>
std::vector<Chunk> pack(const std::vector<Chunk>& pieces, std::size_t most, const Measure& measure) {
  std::vector<Chunk> chunks;
  std::size_t filled = 0;
  for (const Chunk& piece : pieces) {
    const std::size_t size = measure.size(piece.text);
    const bool is_first = chunks.empty();
    const std::size_t cost = size + (is_first && !Measure::kFirstPays ? 0 : measure.separator());
    if (!is_first && filled + cost <= most) {
      chunks.back().text += kBetween;
      chunks.back().text += piece.text;
      filled += cost;
    } else {
      chunks.push_back(piece);
      filled = is_first ? cost : size;
    }
  }
  return chunks;
}

std::vector<Chunk> paragraphs_of(std::string_view text) {
  std::vector<Chunk> paragraphs;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(kBetween, begin), text.size());
    const std::string_view paragraph = text::strip(text.substr(begin, end - begin));
    if (!paragraph.empty())
      paragraphs.push_back({std::string(paragraph), static_cast<std::size_t>(paragraph.data() - text.data())});
    begin = end + kBetween.size();
  }
  return paragraphs;
}

/// Sections, each below the headings that it stands under: what is learnt knows its place.
std::vector<Chunk> sections_of(std::string_view text) {
  std::vector<Chunk> pieces;
  for (const MarkdownSection& section : markdown_sections(text)) {
    std::string piece;
    for (const std::string& heading : section.path)
      if (heading != section.path.back()) piece += heading + "\n";
    if (!piece.empty()) piece += '\n';
    pieces.push_back({piece + section.body, section.begin});
  }
  return pieces;
}

void add_window(std::string_view text, std::size_t begin, std::size_t end, std::vector<Chunk>& chunks) {
  const std::string_view window = text::strip(text.substr(begin, end - begin));
  if (!window.empty()) chunks.push_back({std::string(window), static_cast<std::size_t>(window.data() - text.data())});
}

}  // namespace

std::size_t num_tokens(std::string_view text, const text::Tokenizer& tokenizer) {
  return tokenizer.encode(text, {.add_special_tokens = false, .parse_special_tokens = false}).ids.size();
}

std::vector<Chunk> chunk_sliding(std::string_view text, std::size_t size, std::size_t overlap) {
  std::vector<Chunk> chunks;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::string_view window = prefix_code_points(text.substr(begin), size);
    add_window(text, begin, begin + window.size(), chunks);
    if (begin + window.size() == text.size()) break;
    begin += prefix_code_points(window, size - overlap).size();
  }
  return chunks;
}

std::vector<Chunk> chunk_sliding_tokens(std::string_view text, std::size_t size, std::size_t overlap,
                                        const text::Tokenizer& tokenizer) {
  std::vector<Chunk> chunks;
  const std::vector<text::ByteSpan> spans =
      tokenizer.encode(text, {.add_special_tokens = false, .parse_special_tokens = false, .with_spans = true}).spans;
  for (std::size_t first = 0; first < spans.size(); first += size - overlap) {
    const std::size_t last = std::min(first + size, spans.size());
    // A character may be several tokens; the window that begins it has it.
    std::size_t begin = spans[first].begin, end = spans[last - 1].end;
    while (begin < text.size() && !begins_character(text[begin])) ++begin;
    while (end < text.size() && !begins_character(text[end])) ++end;
    if (begin < end) add_window(text, begin, end, chunks);
    if (last == spans.size()) break;
  }
  return chunks;
}

std::vector<Chunk> chunk_paragraphs(std::string_view text, std::size_t size) {
  return pack(paragraphs_of(text), size, Characters());
}

std::vector<Chunk> chunk_paragraphs_tokens(std::string_view text, std::size_t size, const text::Tokenizer& tokenizer) {
  return pack(paragraphs_of(text), size, Tokens(tokenizer));
}

std::vector<Chunk> chunk_markdown(std::string_view text, std::size_t size) {
  return pack(sections_of(text), size, Characters());
}

std::vector<Chunk> chunk_markdown_tokens(std::string_view text, std::size_t size, const text::Tokenizer& tokenizer) {
  return pack(sections_of(text), size, Tokens(tokenizer));
}

}  // namespace forgelm::ingest
