// The text of PDFs, page by page, read by a process of its own in a sandbox (src/pdf_text), which this starts, listens
// to and watches. Whatever a document does to that process, here it is a RunError with a reason.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "pdf_report.hpp"

namespace forgelm::ingest {

/// Pages [first, last], from 1, or all. ConfigError when the range does not fit the document, RunError(data) when the
/// document is damaged, encrypted or exceeds a limit, and when this build or installation reads no PDFs.
PdfPages read_pdf(const std::filesystem::path& path, const std::optional<std::pair<int, int>>& range);

/// "" when PDFs can be read here, or why they cannot.
std::string pdf_problem();

}  // namespace forgelm::ingest
