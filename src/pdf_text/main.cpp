// The reader of PDFs: PDFium in a process that can do nothing else. What it prints stands in protocol.hpp. It links
// nothing of forgelm, so that there is little for a hostile document to find.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "forgelm/core/utf8_bytes.hpp"
#include "forgelm/pdf_text/protocol.hpp"
#include "pdfium.hpp"
#include "sandbox.hpp"

namespace {

using forgelm::pdf_text::kMaxPages;
using forgelm::pdf_text::restart_clock;

constexpr int kMaxCharacters = 4'000'000;  // of a page
constexpr int kColumnPages = 3;            // looked at for columns
constexpr double kColumnGap = 0.3;         // of the page's width

void say(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data() + at, text.size() - at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) ::_exit(1);  // nobody listens any more
    at += static_cast<std::size_t>(written);
  }
}

int read_block(void*, unsigned long position, unsigned char* buffer, unsigned long size) {
  while (size > 0) {
    const ssize_t got = ::pread(STDIN_FILENO, buffer, size, static_cast<off_t>(position));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return 0;
    buffer += got;
    position += static_cast<unsigned long>(got);
    size -= static_cast<unsigned long>(got);
  }
  return 1;
}

/// UTF-16 to UTF-8, lines with "\n". PDFium marks a hyphen at the end of a line as U+0002 or U+FFFE, without the line's
/// end.
std::string to_utf8(const std::vector<unsigned short>& text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t c = text[i];
    if (c == 0 || c == '\r') continue;
    if (c == 0x02 || c == 0xFFFE) {
      out += "-\n";
      continue;
    }
    if (c >= 0xD800 && c < 0xDC00 && i + 1 < count && text[i + 1] >= 0xDC00 && text[i + 1] < 0xE000)
      c = 0x10000 + ((c - 0xD800) << 10) + (text[++i] - 0xDC00u);
    forgelm::append_utf8_bytes(out, c >= 0xD800 && c < 0xE000 ? 0xFFFD : c);
  }
  return out;
}

/// Where lines begin on the first pages.
struct LineStarts {
  std::vector<double> xs;
  double width = 0;

  void add(FPDF_PAGE page, FPDF_TEXTPAGE text, int count) {
    width = std::max(width, static_cast<double>(FPDF_GetPageWidthF(page)));
    bool is_start = true;
    for (int i = 0; i < count; ++i) {
      const unsigned int c = FPDFText_GetUnicode(text, i);
      double x = 0, y = 0;
      if (is_start && c > ' ' && FPDFText_GetCharOrigin(text, i, &x, &y) != 0) xs.push_back(x);
      is_start = c == '\n' || (is_start && c <= ' ');
    }
  }
  /// Left and right ones with a wide gap between them.
  bool are_two_columns() {
    if (xs.size() < 2 || width <= 0) return false;
    std::sort(xs.begin(), xs.end());
    const double middle = (xs.front() + xs.back()) / 2;
    const auto right = std::upper_bound(xs.begin(), xs.end(), middle);
    return right != xs.begin() && right != xs.end() && *right - *(right - 1) > kColumnGap * width;
  }
};

void read_page(FPDF_DOCUMENT document, int index, LineStarts* starts) {
  const std::string number = std::to_string(index + 1);
  const FPDF_PAGE page = FPDF_LoadPage(document, index);
  const FPDF_TEXTPAGE text = page == nullptr ? nullptr : FPDFText_LoadPage(page);
  const int count = text == nullptr ? -1 : FPDFText_CountChars(text);
  if (count < 0 || count > kMaxCharacters) {
    say("unreadable " + number + "\n");
  } else {
    std::vector<unsigned short> units(static_cast<std::size_t>(count) * 2 + 2);
    const int written = count == 0 ? 0 : FPDFText_GetText(text, 0, count, units.data());
    const std::string bytes = to_utf8(units, static_cast<std::size_t>(std::max(written, 0)));
    say("page " + number + " " + std::to_string(bytes.size()) + "\n" + bytes);
    if (starts != nullptr) starts->add(page, text, count);
  }
  if (text != nullptr) FPDFText_ClosePage(text);
  if (page != nullptr) FPDF_ClosePage(page);
}

int read_document(int first, int last) {
  struct stat status {};
  if (::fstat(STDIN_FILENO, &status) != 0) return 1;
  FPDF_InitLibrary();
  if (!forgelm::pdf_text::enter_sandbox()) return 1;
  const auto num_bytes = static_cast<std::uint64_t>(status.st_size);
  restart_clock(num_bytes);
  FPDF_FILEACCESS access{static_cast<unsigned long>(status.st_size), read_block, nullptr};
  const FPDF_DOCUMENT document = FPDF_LoadCustomDocument(&access, nullptr);
  if (document == nullptr) {
    say(FPDF_GetLastError() == kFpdfErrPassword ? "error password\n" : "error format\n");
    return 0;
  }
  const int num_pages = FPDF_GetPageCount(document);
  say("pages " + std::to_string(num_pages) + "\n");
  if (num_pages > kMaxPages) {
    say("limit pages\n");
    return 0;
  }
  const int begin = std::max(first, 1) - 1;
  const int end = last > 0 ? std::min(last, num_pages) : num_pages;
  LineStarts starts;
  for (int index = begin; index < end; ++index) {
    restart_clock(num_bytes);
    read_page(document, index, index - begin < kColumnPages ? &starts : nullptr);
  }
  if (starts.are_two_columns()) say("columns\n");
  say("end\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 1;
  say(std::string(forgelm::pdf_text::kGreeting) + FORGELM_VERSION + "\n");
  // What PDFium holds is the system's to take back: closing it would only be more to run on a hostile document.
  ::_exit(read_document(std::atoi(argv[1]), std::atoi(argv[2])));
}
