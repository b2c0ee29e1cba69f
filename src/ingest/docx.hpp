// Word documents (DOCX): paragraphs, headings and tables in their order, tables as Markdown. What the document declares
// as header or footer is taken out of the body where a line repeats it. Deleted text, fields' codes and the fallbacks
// for old readers are left out; inserted text, content controls and text boxes are read.
// Oracle: python-docx 1.2.0 (tests/golden/ingest), which reads neither insertions, content controls nor text boxes.
#pragma once

#include <string_view>

#include "block_text.hpp"

namespace forgelm::ingest {

/// RunError(data) with what is wrong with the file, or the limit that it exceeds.
Document read_docx(std::string_view bytes, BlockStyle style);

}  // namespace forgelm::ingest
