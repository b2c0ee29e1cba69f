// HTML and XHTML to text by blocks: paragraphs, headings, list items, tables as Markdown, text as it stands where it is
// preformatted. Scripts, styles, forms and, of web pages, navigation and footers are left out. Tolerant as readers of
// HTML are: any bytes are a page; no tree is built, and time is linear.
#pragma once

#include <string>
#include <string_view>

#include "block_text.hpp"

namespace forgelm::ingest {

enum class HtmlKind {
  page,  ///< of the web: navigation and footers are left out
  book,  ///< of an EPUB: all text is the book's
};

/// The page's bytes as UTF-8: by its byte order mark or declaration, else UTF-8.
std::string decode_html(std::string_view bytes);

/// Adds the page's blocks. `html` is valid UTF-8.
void read_html(std::string_view html, HtmlKind kind, BlockText& blocks);

}  // namespace forgelm::ingest
