// One document to text, by the ending of its name.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "document.hpp"
#include "forgelm/ingest/ingest.hpp"
#include "pdf_report.hpp"
#include "totals.hpp"

namespace forgelm::ingest {

/// What the options come to, made once for all documents.
struct Reading {
  std::optional<std::string> codec;  ///< of TXT and Markdown; nothing: UTF-8
  bool keeps_front_matter = false;
  bool skips_epub_front_matter = true;
  std::optional<std::pair<int, int>> page_range;  ///< of PDFs, from 1, both ends included
  bool drops_front_matter = true;                 ///< pages of contents and indexes of PDFs
  bool marks_headings = false;                    ///< of formats whose headings are no Markdown: as "## words"
};

/// The endings that can be read, in lower case.
const std::vector<std::string>& supported_endings();

/// The ending of a name in lower case, with its dot; empty when it has none.
std::string ending_of(const std::filesystem::path& path);

/// The text of a document, whose ending is supported. Throws RunError(data, io) when it cannot be read as what it is
/// called: the caller leaves it out. Warnings go to `report`.
Document extract(const std::filesystem::path& path, const Reading& reading, FileReport& report);

/// The text of a PDF's pages, without what heads and foots them and without pages of contents. Warnings and counts go
/// to `report`.
Document text_of_pages(PdfPages pdf, const Reading& reading, FileReport& report);

}  // namespace forgelm::ingest
