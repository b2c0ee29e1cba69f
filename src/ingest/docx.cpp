#include "docx.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "archive_parts.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"

namespace forgelm::ingest {
namespace {

constexpr std::size_t kMaxBoilerplateLength = 80;  // code points; a longer line is the body's own
constexpr std::size_t kMaxBoilerplateParts = 64;
constexpr std::size_t kMaxSpan = 63;  // columns of a table in Word
constexpr std::size_t kMaxTableDepth = 16;

bool is_word(XmlName name) { return name.space.find("wordprocessingml") != std::string_view::npos; }

std::size_t number_of(std::string_view text, std::size_t otherwise) {
  std::size_t number = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// Targets of relationships, by the last word of their type.
class Relationships : public XmlHandler {
 public:
  void start(XmlName name, const XmlAttributes& attributes) override {
    if (name.local != "Relationship" || attributes.get("TargetMode") == "External") return;
    const std::string_view type = attributes.get("Type");
    targets.emplace(type.substr(type.rfind('/') + 1), attributes.get("Target"));
  }
  void end(XmlName) override {}
  void characters(std::string_view) override {}

  std::multimap<std::string, std::string, std::less<>> targets;
};

/// Levels of styles that are headings, by the styles' ids.
class Styles : public XmlHandler {
 public:
  void start(XmlName name, const XmlAttributes& attributes) override {
    if (!is_word(name)) return;
    if (name.local == "style") style_ = attributes.get("styleId");
    else if (name.local == "name") note(ascii_lower(attributes.get("val")));
  }
  void end(XmlName) override {}
  void characters(std::string_view) override {}

  std::map<std::string, int, std::less<>> levels;

 private:
  void note(std::string_view style_name) {
    if (style_name == "title") levels[style_] = 1;
    if (!style_name.starts_with("heading ")) return;
    const std::size_t level = number_of(style_name.substr(8), 0);
    if (level >= 1) levels[style_] = static_cast<int>(std::min<std::size_t>(level, 6));
  }
  std::string style_;
};

/// Takes what a story (body, header, footer) holds.
class StorySink {
 public:
  virtual ~StorySink() = default;
  virtual void paragraph(std::string_view text, int heading_level) = 0;
  virtual void table(const TableRows& rows) = 0;
};

struct Cell {
  std::string text;
  bool is_empty = true;
  std::size_t span = 1;
  bool continues_above = false;

  void add(std::string_view paragraph) {
    if (!is_empty) text += '\n';
    text += paragraph;
    is_empty = false;
  }
};

struct Table {
  TableRows rows;
  Cell cell;

  void close_cell(TableSize& size) {
    auto& row = rows.back();
    const std::size_t column = row.size();
    if (cell.continues_above && rows.size() > 1 && column < rows[rows.size() - 2].size())
      cell.text = rows[rows.size() - 2][column];
    const std::size_t span = std::clamp<std::size_t>(cell.span, 1, kMaxSpan);
    size.add(span, cell.text.size());
    row.insert(row.end(), span, cell.text);
  }
};

class Story : public XmlHandler {
 public:
  Story(StorySink& sink, const Styles& styles) : sink_(sink), styles_(styles) {}

  void start(XmlName name, const XmlAttributes& attributes) override {
    if (num_skipped_ > 0 || is_skipped(name)) {
      ++num_skipped_;
      return;
    }
    if (!is_word(name)) return;
    const std::string_view local = name.local;
    if (local == "p") {
      paragraphs_.emplace_back();
    } else if (local == "r") {
      ++num_runs_;
    } else if (local == "tbl") {
      if (tables_.size() == kMaxTableDepth)
        throw RunError(RunErrorKind::data, cat("tables nest deeper than ", kMaxTableDepth));
      tables_.emplace_back();
    } else if (!tables_.empty()) {
      start_in_table(local, attributes);
    }
    if (!paragraphs_.empty()) start_in_paragraph(local, attributes);
  }

  void end(XmlName name) override {
    if (num_skipped_ > 0) {
      --num_skipped_;
      return;
    }
    if (!is_word(name)) return;
    if (name.local == "t") is_text_ = false;
    else if (name.local == "r") --num_runs_;
    else if (name.local == "p" && !paragraphs_.empty()) end_paragraph();
    else if (name.local == "tc" && !tables_.empty() && !tables_.back().rows.empty()) tables_.back().close_cell(size_);
    else if (name.local == "tbl" && !tables_.empty()) end_table();
  }

  void characters(std::string_view text) override {
    if (is_text_ && num_skipped_ == 0 && !paragraphs_.empty()) paragraphs_.back().text += text;
  }

 private:
  struct Paragraph {
    std::string text;
    int level = 0;
  };

  static bool is_skipped(XmlName name) {
    return name.local == "Fallback" || (is_word(name) && (name.local == "del" || name.local == "moveFrom"));
  }

  void start_in_table(std::string_view local, const XmlAttributes& attributes) {
    Table& table = tables_.back();
    if (local == "tr") {
      size_.add(1, 0);
      table.rows.emplace_back();
    } else if (local == "tc") table.cell = {};
    else if (local == "gridSpan") table.cell.span = number_of(attributes.get("val"), 1);
    else if (local == "vMerge") table.cell.continues_above = attributes.get("val") != "restart";
  }

  void start_in_paragraph(std::string_view local, const XmlAttributes& attributes) {
    Paragraph& paragraph = paragraphs_.back();
    if (local == "pStyle") {
      const auto level = styles_.levels.find(attributes.get("val"));
      if (level != styles_.levels.end()) paragraph.level = level->second;
    }
    if (num_runs_ == 0) return;
    if (local == "t") is_text_ = true;
    else if (local == "tab" || local == "ptab") paragraph.text += '\t';
    else if (local == "cr") paragraph.text += '\n';
    else if (local == "noBreakHyphen") paragraph.text += '-';
    else if (local == "br" && attributes.get("type") != "page" && attributes.get("type") != "column")
      paragraph.text += '\n';
  }

  void end_paragraph() {
    const Paragraph paragraph = std::move(paragraphs_.back());
    paragraphs_.pop_back();
    if (tables_.empty()) sink_.paragraph(paragraph.text, paragraph.level);
    else tables_.back().cell.add(paragraph.text);
  }

  void end_table() {
    const Table table = std::move(tables_.back());
    tables_.pop_back();
    if (tables_.empty()) {
      size_.reset();
      return sink_.table(table.rows);
    }
    for (const auto& row : table.rows)
      if (const std::string words = join(row, " "); !text::is_blank(words)) tables_.back().cell.add(words);
  }

  StorySink& sink_;
  const Styles& styles_;
  std::vector<Paragraph> paragraphs_;  ///< a text box holds paragraphs within one
  std::vector<Table> tables_;
  TableSize size_;
  int num_runs_ = 0;
  std::size_t num_skipped_ = 0;  ///< open elements from a skipped one on
  bool is_text_ = false;
};

using Lines = std::set<std::string, std::less<>>;

class BoilerplateSink : public StorySink {
 public:
  explicit BoilerplateSink(Lines& lines) : lines_(lines) {}
  void paragraph(std::string_view text, int) override {
    for (const std::string_view line : text::split_lines(text))
      if (const auto words = text::strip(line); !words.empty()) lines_.emplace(words);
  }
  void table(const TableRows&) override {}

 private:
  Lines& lines_;
};

class BodySink : public StorySink {
 public:
  BodySink(BlockText& blocks, const Lines& boilerplate) : blocks_(blocks), boilerplate_(boilerplate) {}

  void paragraph(std::string_view text, int level) override {
    const std::string kept = boilerplate_.empty() ? std::string(text) : without_boilerplate(text);
    if (level > 0) blocks_.add_heading(level, kept);
    else blocks_.add(kept);
  }
  void table(const TableRows& rows) override { blocks_.add(markdown_table(rows)); }

 private:
  std::string without_boilerplate(std::string_view text) const {
    std::vector<std::string_view> kept;
    for (const std::string_view line : text::split_lines(text)) {
      const std::string_view words = text::strip(line);
      if (num_code_points(words) > kMaxBoilerplateLength || boilerplate_.find(words) == boilerplate_.end())
        kept.push_back(line);
    }
    return std::string(text::strip(join(kept, "\n")));
  }

  BlockText& blocks_;
  const Lines& boilerplate_;
};

Relationships relationships_of(ArchiveParts& parts, const std::string& name) {
  Relationships relationships;
  const std::size_t slash = name.rfind('/') + 1;  // 0 when there is none
  const std::string part = cat(name.substr(0, slash), "_rels/", name.substr(slash), ".rels");
  if (parts.has(part)) parts.read_xml_part(part, relationships);
  return relationships;
}

std::string main_part(ArchiveParts& parts) {
  const Relationships relationships = relationships_of(parts, "");
  const auto found = relationships.targets.find("officeDocument");
  return found == relationships.targets.end() ? "word/document.xml" : resolved_part("", found->second);
}

}  // namespace

Document read_docx(std::string_view bytes, BlockStyle style) {
  ArchiveParts parts(bytes);
  const std::string body = main_part(parts);
  const Relationships relationships = relationships_of(parts, body);
  Styles styles;
  Lines boilerplate;
  BoilerplateSink boilerplate_sink(boilerplate);
  std::size_t num_parts = 0;
  for (const auto& [type, target] : relationships.targets) {
    const std::string part = resolved_part(body, target);
    if (!parts.has(part)) continue;
    if (type == "styles") {
      parts.read_xml_part(part, styles);
    } else if ((type == "header" || type == "footer") && ++num_parts <= kMaxBoilerplateParts) {
      Story story(boilerplate_sink, styles);
      parts.read_xml_part(part, story);
    }
  }
  BlockText blocks(style);
  BodySink sink(blocks, boilerplate);
  Story story(sink, styles);
  parts.read_xml_part(body, story);
  return blocks.take();
}

}  // namespace forgelm::ingest
