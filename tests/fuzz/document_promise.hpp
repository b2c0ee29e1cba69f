// What must hold for any ZIP archive, any body of a Word document and any page of HTML: checked by the fuzzers and, on
// their kept corpora, by the tests.
#pragma once

#include <string>
#include <string_view>

namespace forgelm::test {

/// "" when the bytes are refused with words, or give entries that lie apart within them, have unique names, and are
/// read as they state or refused with words; else the promise broken.
std::string broken_zip_promise(std::string_view bytes);

/// The bytes as word/document.xml: refused with a RunError, or text in UTF-8 with headings in order within it.
std::string broken_xml_promise(std::string_view bytes);

/// The bytes as a page: text in UTF-8 of a size in proportion, with headings in order within it.
std::string broken_html_promise(std::string_view bytes);

}  // namespace forgelm::test
