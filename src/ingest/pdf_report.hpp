// What the reader of PDFs says (forgelm/pdf_text/protocol.hpp), understood. A document may have taken that process
// over: whatever comes, in pieces of any size, ends as pages within the limits or as an error, after no more bytes than
// those.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "page_text.hpp"

namespace forgelm::ingest {

struct PdfPages {
  std::vector<PageText> pages;  ///< those with text, in order
  std::vector<int> unreadable;  ///< pages that could not be read, in order
  bool has_columns = false;     ///< looks as if set in two columns: the order of
                                ///< lines may be wrong
};

/// Appends to a buffer what comes next, a byte or more; throws when nothing does.
using MoreBytes = std::function<void(std::string& buffer)>;

/// Reads up to the end of the report. RunError(data) with the limit that the document exceeds, and for a reader of
/// another forgelm or one that keeps no order; ConfigError when the document, which messages call `name`, has fewer
/// pages than the first of `range`.
PdfPages read_report(const MoreBytes& more, const std::optional<std::pair<int, int>>& range, const std::string& name);

}  // namespace forgelm::ingest
