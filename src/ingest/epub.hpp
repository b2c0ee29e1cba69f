// EPUB books: the documents of the spine, in its order, each once. Navigation, cover, copyright page and their like are
// left out by the words of their names and properties unless asked for; the words are the reference's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "block_text.hpp"

namespace forgelm::ingest {

struct EpubText {
  Document document;
  std::vector<std::string> skipped;  ///< names of documents that were left out
};

/// RunError(data) with what is wrong with the file, or the limit that it exceeds.
EpubText read_epub(std::string_view bytes, BlockStyle style, bool skips_front_matter);

}  // namespace forgelm::ingest
