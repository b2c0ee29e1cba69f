#include "epub.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "archive_parts.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "html.hpp"

namespace forgelm::ingest {
namespace {

constexpr std::array<std::string_view, 6> kSkippedWords = {"nav",      "cover",     "copyright",
                                                           "colophon", "titlepage", "frontmatter"};

/// True when a word of `text`, between the signs that names are made with, is one that stands for front matter.
bool has_skipped_word(std::string_view text) {
  const std::string lower = ascii_lower(text);
  for (std::size_t at = 0; at < lower.size();) {
    const std::size_t end = std::min(lower.find_first_of("/\\.-_ ", at), lower.size());
    const std::string_view word = std::string_view(lower).substr(at, end - at);
    if (std::find(kSkippedWords.begin(), kSkippedWords.end(), word) != kSkippedWords.end()) return true;
    at = end + 1;
  }
  return false;
}

/// META-INF/container.xml: where the package document is.
class Container : public XmlHandler {
 public:
  void start(XmlName name, const XmlAttributes& attributes) override {
    if (name.local == "rootfile" && path.empty()) path = attributes.get("full-path");
  }
  void end(XmlName) override {}
  void characters(std::string_view) override {}

  std::string path;
};

struct Item {
  std::string target;
  std::string type;
  std::string properties;
};

/// The package document: what there is, and in which order it is read.
class Package : public XmlHandler {
 public:
  void start(XmlName name, const XmlAttributes& attributes) override {
    if (name.local == "item")
      items.try_emplace(std::string(attributes.get("id")),
                        Item{std::string(attributes.get("href")), std::string(attributes.get("media-type")),
                             std::string(attributes.get("properties"))});
    else if (name.local == "itemref") spine.emplace_back(attributes.get("idref"));
  }
  void end(XmlName) override {}
  void characters(std::string_view) override {}

  std::map<std::string, Item> items;
  std::vector<std::string> spine;
};

bool is_page(const Item& item) { return item.type == "application/xhtml+xml" || item.type == "text/html"; }

}  // namespace

EpubText read_epub(std::string_view bytes, BlockStyle style, bool skips_front_matter) {
  ArchiveParts parts(bytes);
  Container container;
  parts.read_xml_part("META-INF/container.xml", container);
  if (container.path.empty()) throw RunError(RunErrorKind::data, "its container names no package document");
  Package package;
  parts.read_xml_part(container.path, package);

  EpubText text;
  BlockText blocks(style);
  std::set<std::string> done;
  for (const std::string& id : package.spine) {
    const auto item = package.items.find(id);
    if (item == package.items.end() || !is_page(item->second) || !done.insert(id).second) continue;
    if (skips_front_matter && (has_skipped_word(item->second.target) || has_skipped_word(item->second.properties))) {
      text.skipped.push_back(item->second.target);
      continue;
    }
    const std::string part = resolved_part(container.path, item->second.target);
    if (parts.has(part)) read_html(decode_html(parts.read(part)), HtmlKind::book, blocks);
  }
  text.document = blocks.take();
  return text;
}

}  // namespace forgelm::ingest
