// Text that comes page by page: pages of contents at both ends, and lines that head or foot most pages, go. Rules and
// limits are the reference's (tests/golden/ingest/pages.jsonl).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "document.hpp"

namespace forgelm::ingest {

struct PageText {
  int page = 0;  ///< from 1
  std::string text;
};

/// Takes pages of contents and of indexes off both ends; the numbers of those pages.
std::vector<int> drop_front_matter(std::vector<PageText>& pages);

/// Takes lines that stand within the first or last three of 70 % of the pages (of three or more) off them, until none
/// is left; the number of lines. Of the pages only lines with text stay.
std::size_t strip_page_edges(std::vector<PageText>& pages);

/// Takes lines that begin 70 % of the blocks (between empty lines) off the blocks; the number of lines.
std::size_t strip_block_headers(Document& document);

/// The pages as one text, an empty line between two.
Document join_pages(const std::vector<PageText>& pages);

}  // namespace forgelm::ingest
