// Between forgelm and its reader of PDFs, a process of its own (forgelm_pdf_text, beside libforgelm.so) that stands in
// a sandbox: the document is its standard input, its arguments are the first and the last page (from 1; 0: all), and
// its standard output is lines, in this order:
//   forgelm-pdf-text VERSION
//   pages N
//   page I SIZE      followed by SIZE bytes of UTF-8; I from 1
//   unreadable I     instead, for a page that cannot be read
//   columns          once, when the first pages look as if set in two columns
//   end
// or in place of what would follow: "limit time", "limit work", "limit pages", "error password", "error format".
#pragma once

#include <cstddef>

namespace forgelm::pdf_text {

inline constexpr const char* kProgram = "forgelm_pdf_text";
inline constexpr const char* kGreeting = "forgelm-pdf-text ";
inline constexpr std::size_t kMaxMemoryBytes = std::size_t{256} << 20;  ///< address space of the process
inline constexpr long kMaxPageMs = 1500;                                ///< processor time to open, and of each page
/// Processor time of all pages, for each MiB of the document, beside kMaxPageMs: pages may share what they show, so
/// that a small document could have very many slow ones. Ordinary ones take a tenth.
inline constexpr long kMaxMsPerMib = 8000;
inline constexpr int kMaxPages = 20'000;

}  // namespace forgelm::pdf_text
