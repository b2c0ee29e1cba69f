// Cutting a document's text into rows: paragraphs packed up to a size, windows that overlap, sections of Markdown; each
// by characters (code points) or by the tokens of a tokenizer. The cuts are the reference's (tests/golden/ingest), save
// that windows of tokens are taken from the text itself and not decoded from ids, which would lose what a tokenizer
// normalises away and cut through characters.
// A paragraph or section longer than the size is a chunk of its own: it is never cut.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/text/tokenizer.hpp"

namespace forgelm::ingest {

struct Chunk {
  std::string text;       ///< never blank
  std::size_t begin = 0;  ///< byte of the document's text at which it begins
};

/// 0 <= overlap <= size / 2.
std::vector<Chunk> chunk_sliding(std::string_view text, std::size_t size, std::size_t overlap);
std::vector<Chunk> chunk_paragraphs(std::string_view text, std::size_t size);
std::vector<Chunk> chunk_markdown(std::string_view text, std::size_t size);

/// The same with sizes in tokens; special tokens written in the text are plain text.
std::vector<Chunk> chunk_sliding_tokens(std::string_view text, std::size_t size, std::size_t overlap,
                                        const text::Tokenizer& tokenizer);
std::vector<Chunk> chunk_paragraphs_tokens(std::string_view text, std::size_t size, const text::Tokenizer& tokenizer);
std::vector<Chunk> chunk_markdown_tokens(std::string_view text, std::size_t size, const text::Tokenizer& tokenizer);

/// What a text counts there.
std::size_t num_tokens(std::string_view text, const text::Tokenizer& tokenizer);

}  // namespace forgelm::ingest
