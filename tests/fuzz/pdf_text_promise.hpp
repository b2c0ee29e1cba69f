// What must hold whatever the reader of PDFs says, and whatever text its pages hold.
#pragma once

#include <string>
#include <string_view>

namespace forgelm::test {

/// The first byte says how to read the others: bits 0 and 1 how long the pieces are in which they come, bit 2 whether
/// they are a report behind its greeting (or, without, pages between form feeds, from which a right report is made),
/// bit 3 whether the greeting is missing, bit 4 whether pages are asked for from the second on. The broken promise, or
/// "".
std::string broken_pdf_text_promise(std::string_view bytes);

}  // namespace forgelm::test
