// What of Markdown decides where a text may be cut: headings (ATX) and fenced blocks, by CommonMark as far as the
// reference goes. A line that looks like a heading inside of a fence is none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "document.hpp"

namespace forgelm::ingest {

/// A heading's line with all below it up to the next heading; a text's first section may have none.
struct MarkdownSection {
  std::vector<std::string> path;  ///< the heading lines that it stands under, its own one last
  std::string body;               ///< its heading line and what follows, without blank lines at both ends
  std::size_t begin = 0;          ///< byte of the text at which it begins
};

/// RunError(data) when the headings, repeated in every section, come to more than a limit.
std::vector<MarkdownSection> markdown_sections(std::string_view text);

/// The headings of a Markdown text, for Document::headings.
std::vector<Heading> markdown_headings(std::string_view text);

}  // namespace forgelm::ingest
