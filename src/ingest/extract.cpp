#include "extract.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "docx.hpp"
#include "epub.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"
#include "html.hpp"
#include "markdown.hpp"
#include "page_text.hpp"
#include "pdf.hpp"
#include "text_file.hpp"

namespace forgelm::ingest {
namespace {

constexpr double kMaxReplaced = 0.01;
constexpr std::uint64_t kMaxContainerBytes = std::uint64_t{96} << 20;
constexpr std::uint64_t kMaxPageBytes = std::uint64_t{16} << 20;

using Extractor = Document (*)(const std::filesystem::path& path, const Reading& reading, FileReport& report);

struct Format {
  const char* ending;
  Extractor extract;
};

Document extract_text(const std::filesystem::path& path, const Reading& reading, FileReport& report) {
  Document document{read_text_file(path, reading.codec), {}, {}};
  const double replaced = replacement_share(document.text);
  if (replaced > kMaxReplaced) {
    std::array<char, 32> percent{};
    std::snprintf(percent.data(), percent.size(), "%.1f", 100 * replaced);
    report.warnings.push_back(cat(quote(report.path), ": ", percent.data(),
                                  " % of the characters are U+FFFD: it is not a text, or not in this encoding "
                                  "(--input-encoding names another one)"));
  }
  return document;
}

Document extract_markdown(const std::filesystem::path& path, const Reading& reading, FileReport& report) {
  Document document = extract_text(path, reading, report);
  if (!reading.keeps_front_matter) document.text.erase(0, front_matter_size(document.text));
  document.headings = markdown_headings(document.text);
  return document;
}

Document extract_docx(const std::filesystem::path& path, const Reading& reading, FileReport&) {
  return read_docx(read_file(path, kMaxContainerBytes), {reading.marks_headings});
}

Document extract_epub(const std::filesystem::path& path, const Reading& reading, FileReport& report) {
  EpubText epub =
      read_epub(read_file(path, kMaxContainerBytes), {reading.marks_headings}, reading.skips_epub_front_matter);
  if (!epub.skipped.empty()) {
    const std::size_t num_named = std::min<std::size_t>(epub.skipped.size(), 6);
    const std::vector<std::string> named(epub.skipped.begin(),
                                         epub.skipped.begin() + static_cast<std::ptrdiff_t>(num_named));
    report.warnings.push_back(cat("EPUB ", quote(report.path), ": skipped ", epub.skipped.size(),
                                  " frontmatter / navigation item(s): ", join(named, ", "),
                                  num_named < epub.skipped.size() ? ", ..." : "",
                                  "; --epub-no-skip-frontmatter keeps them"));
  }
  return std::move(epub.document);
}

Document extract_html(const std::filesystem::path& path, const Reading& reading, FileReport&) {
  BlockText blocks({reading.marks_headings});
  read_html(decode_html(read_file(path, kMaxPageBytes)), HtmlKind::page, blocks);
  return blocks.take();
}

Document extract_pdf(const std::filesystem::path& path, const Reading& reading, FileReport& report) {
  return text_of_pages(read_pdf(path, reading.page_range), reading, report);
}

constexpr std::array<Format, 8> kFormats = {{{".pdf", extract_pdf},
                                             {".docx", extract_docx},
                                             {".epub", extract_epub},
                                             {".txt", extract_text},
                                             {".md", extract_markdown},
                                             {".html", extract_html},
                                             {".htm", extract_html},
                                             {".xhtml", extract_html}}};

}  // namespace

Document text_of_pages(PdfPages pdf, const Reading& reading, FileReport& report) {
  const auto warn = [&](const auto&... parts) { report.warnings.push_back(cat(quote(report.path), ": ", parts...)); };
  if (pdf.has_columns)
    warn(
        "Detected 2-column layout: the order of lines may be wrong. --strategy sliding with a larger --chunk-size is "
        "less sensitive to it");
  if (!pdf.unreadable.empty()) warn("pages that cannot be read: ", join(pdf.unreadable, ", "));
  std::vector<PageText>& pages = pdf.pages;
  pages.erase(
      std::remove_if(pages.begin(), pages.end(), [](const PageText& page) { return text::is_blank(page.text); }),
      pages.end());
  if (pages.empty()) {
    warn("no extractable text: likely scanned pages without a text layer; recognise their text (OCR) first");
    return {};
  }
  if (reading.drops_front_matter) {
    report.dropped_pages = drop_front_matter(pages);
    if (!report.dropped_pages.empty())
      warn("dropped ", report.dropped_pages.size(),
           " front-matter / back-matter page(s): ", join(report.dropped_pages, ", "),
           "; --keep-frontmatter retains them");
  }
  report.num_edge_lines = strip_page_edges(pages);
  Document document = join_pages(pages);
  report.num_block_headers = strip_block_headers(document);
  return document;
}

const std::vector<std::string>& supported_endings() {
  static const std::vector<std::string> endings = [] {
    std::vector<std::string> all;
    for (const Format& format : kFormats) all.emplace_back(format.ending);
    return all;
  }();
  return endings;
}

std::string ending_of(const std::filesystem::path& path) { return ascii_lower(path.extension().native()); }

Document extract(const std::filesystem::path& path, const Reading& reading, FileReport& report) {
  const std::string ending = ending_of(path);
  const auto format =
      std::find_if(kFormats.begin(), kFormats.end(), [&](const Format& entry) { return ending == entry.ending; });
  return format->extract(path, reading, report);
}

}  // namespace forgelm::ingest
