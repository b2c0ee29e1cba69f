#include "fuzz/pdf_text_promise.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"
#include "forgelm/pdf_text/protocol.hpp"
#include "forgelm/text/characters.hpp"
#include "ingest/extract.hpp"
#include "ingest/glyph_profile.hpp"
#include "ingest/page_text.hpp"
#include "ingest/script_sanity.hpp"

namespace forgelm::test {
namespace {

using namespace ingest;
using Lines = std::vector<std::string_view>;

std::string report_of(const std::vector<std::string>& pages) {
  std::string report = cat("pages ", pages.size(), "\n");
  for (std::size_t i = 0; i < pages.size(); ++i) report += cat("page ", i + 1, " ", pages[i].size(), "\n", pages[i]);
  return report + "end\n";
}

std::string broken_words(const std::string& message) {
  return message.empty() || !is_valid_utf8(message) ? "a refusal without words in UTF-8" : "";
}

/// The rule of headers and footers as simply as it can be written down.
std::vector<Lines> without_edges_simply(const std::vector<PageText>& pages) {
  std::vector<Lines> all;
  for (const PageText& page : pages) {
    all.emplace_back();
    for (const std::string_view line : text::split_lines(page.text))
      if (!text::is_blank(line)) all.back().push_back(text::strip(line));
  }
  const auto cutoff = std::max<std::size_t>(2, static_cast<std::size_t>(std::ceil(0.7 * double(pages.size()))));
  const auto edge_of = [](const Lines& lines) {
    return Lines(lines.begin(), lines.begin() + std::min<std::ptrdiff_t>(3, std::ssize(lines)));
  };
  const auto take = [&](Lines& lines, const std::map<std::string_view, std::size_t>& counts) {
    const Lines edge = edge_of(lines);
    Lines kept;
    for (std::size_t i = 0; i < lines.size(); ++i)
      if (i >= edge.size() || counts.count(lines[i]) == 0 || counts.at(lines[i]) < cutoff) kept.push_back(lines[i]);
    const bool is_changed = kept.size() < lines.size();
    lines = kept;
    return is_changed;
  };
  for (bool is_changed = true; is_changed;) {
    std::map<std::string_view, std::size_t> firsts, lasts;
    for (Lines lines : all) {
      const Lines first = edge_of(lines);
      std::reverse(lines.begin(), lines.end());
      const Lines last = edge_of(lines);
      for (const auto line : std::set<std::string_view>(first.begin(), first.end())) ++firsts[line];
      for (const auto line : std::set<std::string_view>(last.begin(), last.end())) ++lasts[line];
    }
    is_changed = false;
    for (Lines& lines : all) {
      is_changed |= take(lines, firsts);
      std::reverse(lines.begin(), lines.end());
      is_changed |= take(lines, lasts);
      std::reverse(lines.begin(), lines.end());
    }
  }
  return all;
}

std::string broken_edges(const std::vector<PageText>& pages) {
  if (pages.size() < 3) return "";
  std::vector<PageText> ours = pages;
  strip_page_edges(ours);
  std::vector<PageText> expected;
  const std::vector<Lines> lines = without_edges_simply(pages);
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (!lines[i].empty()) expected.push_back({pages[i].page, join(lines[i], "\n")});
  const auto is_same = [](const PageText& a, const PageText& b) { return a.page == b.page && a.text == b.text; };
  return std::equal(ours.begin(), ours.end(), expected.begin(), expected.end(), is_same)
             ? ""
             : "headers and footers are not what the rule says";
}

std::string broken_document(const Document& document) {
  if (!is_valid_utf8(document.text)) return "the text is not UTF-8";
  std::size_t at = 0;
  int page = 0;
  for (const PageStart& start : document.pages) {
    if (start.at < at || start.at > document.text.size() || start.page <= page) return "pages are not in order";
    at = start.at;
    page = start.page;
  }
  return "";
}

std::string broken_text(PdfPages pdf, bool drops_front_matter) {
  FileReport report;
  Reading reading;
  reading.drops_front_matter = drops_front_matter;
  const std::size_t num_pages = pdf.pages.size();
  Document document = text_of_pages(std::move(pdf), reading, report);
  if (auto broken = broken_document(document); !broken.empty()) return broken;
  if (document.pages.size() + report.dropped_pages.size() > num_pages) return "there are more pages than there were";
  if (!drops_front_matter && !report.dropped_pages.empty()) return "pages were dropped that are to be kept";
  for (const std::string& warning : report.warnings)
    if (auto broken = broken_words(warning); !broken.empty()) return broken;
  apply_turkish_profile(document);
  if (auto broken = broken_document(document); !broken.empty()) return broken;
  const ScriptReport script = check_script(document.text, "tr", kDefaultScriptThreshold, true);
  if (!(script.ratio >= 0 && script.ratio <= 1)) return "a share of foreign letters that is none";
  for (const auto& [glyph, count] : script.offenders)
    if (count == 0 || !is_valid_utf8(glyph)) return "a foreign letter that is none";
  return "";
}

}  // namespace

std::string broken_pdf_text_promise(std::string_view bytes) {
  if (bytes.empty()) return "";
  const auto how = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  const bool is_report = (how & 4U) != 0;
  constexpr std::size_t kPieces[] = {1, 3, 64, 1 << 16};
  const std::size_t piece = kPieces[how & 3U];
  const std::vector<std::string> texts = is_report ? std::vector<std::string>() : split(bytes, '\f');
  std::string said = (how & 8U) != 0 ? "" : cat(pdf_text::kGreeting, version(), "\n");
  said += is_report ? std::string(bytes) : report_of(texts);

  std::size_t at = 0;
  const auto more = [&](std::string& buffer) {
    if (at == said.size()) throw RunError(RunErrorKind::data, "it ended");
    buffer.append(said, at, piece);
    at = std::min(at + piece, said.size());
  };
  PdfPages pdf;
  try {
    pdf = read_report(more, (how & 16U) != 0 ? std::optional(std::pair(2, 9)) : std::nullopt, "x.pdf");
  } catch (const Error& error) {
    if (!is_report && (how & 24U) == 0) return cat("a right report is refused: ", error.what());
    return broken_words(error.what());
  }
  if (!is_report) {
    if (pdf.pages.size() != texts.size()) return "pages are missing";
    for (std::size_t i = 0; i < texts.size(); ++i)
      if (pdf.pages[i].text != to_valid_utf8(texts[i])) return "a page is not what it was";
  }
  if (auto broken = broken_edges(pdf.pages); !broken.empty()) return broken;
  return broken_text(std::move(pdf), (how & 32U) == 0);
}

}  // namespace forgelm::test
