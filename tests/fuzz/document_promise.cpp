#include "fuzz/document_promise.hpp"

#include <algorithm>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/zip.hpp"
#include "ingest/docx.hpp"
#include "ingest/html.hpp"
#include "support/zip_maker.hpp"

namespace forgelm::test {
namespace {

std::string broken_text(const ingest::Document& document) {
  if (!is_valid_utf8(document.text)) return "the text is not UTF-8";
  std::size_t before = 0;
  for (const ingest::Heading& heading : document.headings) {
    if (heading.at < before || heading.at >= document.text.size()) return "a heading does not stand in the text";
    if (heading.level < 1 || heading.level > 6) return "a heading has no level";
    before = heading.at;
  }
  return "";
}

std::string broken_words(const std::string& message) {
  return message.empty() || !is_valid_utf8(message) ? "a refusal without words in UTF-8" : "";
}

}  // namespace

std::string broken_zip_promise(std::string_view bytes) {
  formats::ZipLimits limits;
  limits.max_entry_bytes = 1 << 16;
  limits.max_total_bytes = 1 << 20;
  const auto zip = formats::ZipReader::open(bytes, limits);
  if (!zip) return broken_words(zip.error().message);
  std::size_t num_read = 0;
  for (const formats::ZipEntry& entry : zip->entries()) {
    if (zip->find(entry.name) != &entry) return "an entry is not found by its name";
    if (entry.data_begin > bytes.size() || entry.packed_size > bytes.size() - entry.data_begin)
      return "an entry lies outside of the archive";
    if (++num_read > 16) continue;
    const auto read = zip->read(entry);
    if (!read) {
      if (auto broken = broken_words(read.error().message); !broken.empty()) return broken;
    } else if (read->size() != entry.size) {
      return "an entry is not of the size that it states";
    }
  }
  return "";
}

std::string broken_xml_promise(std::string_view bytes) {
  const std::string archive = ZipMaker().add("word/document.xml", std::string(bytes), false).bytes();
  try {
    return broken_text(ingest::read_docx(archive, {bytes.size() % 2 == 0}));
  } catch (const RunError& error) {
    return broken_words(error.what());
  }
}

std::string broken_html_promise(std::string_view bytes) {
  const std::string html = ingest::decode_html(bytes);
  if (!is_valid_utf8(html)) return "the page is not UTF-8";
  ingest::BlockText blocks({bytes.size() % 2 == 0});
  ingest::read_html(html, bytes.size() % 3 == 0 ? ingest::HtmlKind::book : ingest::HtmlKind::page, blocks);
  const ingest::Document document = blocks.take();
  // The widest that a tag becomes: a cell that spans 64 columns.
  if (document.text.size() > 1000 + 300 * html.size()) return "the text is out of proportion to the page";
  return broken_text(document);
}

}  // namespace forgelm::test
