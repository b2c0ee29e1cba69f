#include "html.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "codec.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"
#include "html_entities.hpp"

namespace forgelm::ingest {
namespace {

constexpr std::size_t kMaxTableDepth = 8;  // deeper ones are read as text
constexpr std::size_t kMaxListDepth = 16;
constexpr std::size_t kMaxSpan = 64;
constexpr std::size_t kMaxNameSize = 32;

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::binary_search(names.begin(), names.end(), name);
}

/// Elements that stand on lines of their own.
constexpr std::array<std::string_view, 34> kBlocks = {
    "address", "article", "aside",  "blockquote", "body",    "caption",  "center",     "dd",     "details",
    "dialog",  "dir",     "div",    "dl",         "dt",      "fieldset", "figcaption", "figure", "footer",
    "form",    "h1",      "header", "hgroup",     "hr",      "html",     "legend",     "li",     "main",
    "menu",    "nav",     "ol",     "p",          "section", "summary",  "ul"};
/// Elements whose content is no text of the page.
constexpr std::array<std::string_view, 19> kSkipped = {
    "audio",  "button", "canvas", "datalist", "head", "iframe",   "map",      "math",  "noframes", "noscript",
    "object", "script", "select", "style",    "svg",  "template", "textarea", "title", "video"};
/// Elements whose content is not markup.
constexpr std::array<std::string_view, 7> kRaw = {"iframe", "noframes", "noscript", "script",
                                                  "style",  "textarea", "title"};
/// Elements without content.
constexpr std::array<std::string_view, 14> kVoid = {"area",  "base", "br",   "col",   "embed",  "hr",    "img",
                                                    "input", "link", "meta", "param", "source", "track", "wbr"};
static_assert(std::is_sorted(kBlocks.begin(), kBlocks.end()) && std::is_sorted(kSkipped.begin(), kSkipped.end()) &&
              std::is_sorted(kRaw.begin(), kRaw.end()) && std::is_sorted(kVoid.begin(), kVoid.end()));

int heading_level(std::string_view name) {
  return name.size() == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6' ? name[1] - '0' : 0;
}

bool is_letter(char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; }

struct Tag {
  std::string name;  ///< in lower case, without a prefix
  bool is_end = false;
  bool closes_itself = false;
  std::string_view attributes;
};

/// The value of an attribute, or "". Only simple attributes are asked for.
std::string_view attribute_of(std::string_view attributes, std::string_view name) {
  std::size_t at = 0;
  while (at < attributes.size()) {
    while (at < attributes.size() && (is_ascii_space(attributes[at]) || attributes[at] == '/')) ++at;
    const std::size_t begin = at;
    while (at < attributes.size() && !is_ascii_space(attributes[at]) && attributes[at] != '=') ++at;
    const std::string_view found = attributes.substr(begin, at - begin);
    while (at < attributes.size() && is_ascii_space(attributes[at])) ++at;
    std::string_view value;
    if (at < attributes.size() && attributes[at] == '=') {
      ++at;
      while (at < attributes.size() && is_ascii_space(attributes[at])) ++at;
      const char mark = at < attributes.size() ? attributes[at] : ' ';
      const bool is_quoted = mark == '"' || mark == '\'';
      const std::size_t first = is_quoted ? at + 1 : at;
      std::size_t end = first;
      while (end < attributes.size() && (is_quoted ? attributes[end] != mark : !is_ascii_space(attributes[end]))) ++end;
      value = attributes.substr(first, end - first);
      at = std::min(end + (is_quoted ? 1 : 0), attributes.size());
    } else if (begin == at) {
      ++at;
    }
    if (equals_ignoring_ascii_case(found, name)) return value.empty() ? std::string_view(" ") : value;
  }
  return {};
}

std::size_t span_of(std::string_view attributes) {
  const std::string_view value = trim(attribute_of(attributes, "colspan"));
  std::size_t span = 1;
  std::from_chars(value.data(), value.data() + value.size(), span);
  return std::clamp<std::size_t>(span, 1, kMaxSpan);
}

/// Text of one block with white space as HTML shows it.
class Line {
 public:
  void add(std::string_view text, bool is_preformatted) {
    if (is_preformatted) {
      text_ += text;
      return;
    }
    for (const char c : text) {
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
        has_space_ = true;
      } else {
        if (has_space_ && !text_.empty() && text_.back() != '\n') text_ += ' ';
        has_space_ = false;
        text_ += c;
      }
    }
  }
  void add_break() {
    has_space_ = false;
    text_ += '\n';
  }
  std::string take() {
    has_space_ = false;
    std::string out = std::move(text_);
    text_.clear();
    return out;
  }

 private:
  std::string text_;
  bool has_space_ = false;
};

struct List {
  bool is_numbered = false;
  int next = 1;
};

struct Table {
  TableRows rows;
  std::string cell;
  std::size_t span = 1;
  bool is_in_cell = false;
};

class Reader {
 public:
  Reader(std::string_view html, HtmlKind kind, BlockText& blocks) : html_(html), kind_(kind), blocks_(blocks) {}

  void run() {
    while (at_ < html_.size()) {
      if (html_[at_] == '<' && read_markup()) continue;
      read_text();
    }
    end_block();
    while (!tables_.empty()) close_table();
  }

 private:
  void read_text() {
    const std::size_t end = std::min(html_.find('<', at_ + 1), html_.size());
    if (!skipped_.empty()) {
      at_ = end;
      return;
    }
    std::string text;
    while (at_ < end) {
      const std::size_t mark = at_ + std::min(html_.substr(at_, end - at_).find('&'), end - at_);
      text += html_.substr(at_, mark - at_);
      at_ = mark;
      if (at_ == end) break;
      const std::size_t size = read_character_reference(html_.substr(at_, end - at_), text);
      if (size == 0) text += '&';
      at_ += std::max<std::size_t>(size, 1);
    }
    line_.add(text, num_preformatted_ > 0);
  }

  /// What begins with "<"; false when that is a character like any other.
  bool read_markup() {
    const std::string_view rest = html_.substr(at_);
    if (rest.starts_with("<!--")) return skip_past("-->", 4);
    if (rest.starts_with("<![CDATA[")) return read_cdata();
    if (rest.starts_with("<!") || rest.starts_with("<?")) return skip_past(">", 2);
    const std::size_t name_at = rest.starts_with("</") ? 2 : 1;
    if (rest.size() <= name_at || !is_letter(rest[name_at])) return false;
    const Tag tag = read_tag(name_at);
    if (tag.is_end) end(tag.name);
    else start(tag);
    return true;
  }

  bool skip_past(std::string_view mark, std::size_t from) {
    const std::size_t end = html_.find(mark, at_ + from);
    at_ = end == std::string_view::npos ? html_.size() : end + mark.size();
    return true;
  }

  bool read_cdata() {
    const std::size_t begin = at_ + 9;
    const std::size_t end = std::min(html_.find("]]>", begin), html_.size());
    if (skipped_.empty()) line_.add(html_.substr(begin, end - begin), num_preformatted_ > 0);
    at_ = std::min(end + 3, html_.size());
    return true;
  }

  Tag read_tag(std::size_t name_at) {
    Tag tag;
    tag.is_end = name_at == 2;
    std::size_t at = at_ + name_at;
    while (at < html_.size() && !is_ascii_space(html_[at]) && html_[at] != '>' && html_[at] != '/') {
      if (html_[at] == ':') tag.name.clear();
      else if (tag.name.size() < kMaxNameSize) tag.name += ascii_lower(html_[at]);
      ++at;
    }
    const std::size_t begin = at;
    char quote = 0;
    for (; at < html_.size() && (quote != 0 || html_[at] != '>'); ++at) {
      if (quote != 0) quote = html_[at] == quote ? '\0' : quote;
      else if ((html_[at] == '"' || html_[at] == '\'') && html_[at - 1] == '=') quote = html_[at];
    }
    tag.attributes = html_.substr(begin, at - begin);
    tag.closes_itself = tag.attributes.ends_with('/');
    at_ = std::min(at + 1, html_.size());
    return tag;
  }

  bool is_left_out(const Tag& tag) const {
    if (is_one_of(tag.name, kSkipped)) return true;
    if (!attribute_of(tag.attributes, "hidden").empty() && kind_ == HtmlKind::page) return true;
    return kind_ == HtmlKind::page && (tag.name == "nav" || (tag.name == "footer" && num_articles_ == 0));
  }

  void start(const Tag& tag) {
    const std::string& name = tag.name;
    const bool is_void = tag.closes_itself || is_one_of(name, kVoid);
    if (!is_void && is_one_of(name, kRaw)) return skip_raw(name);
    if (!skipped_.empty()) {
      if (name == "body") skipped_.clear();  // a head that was never closed
      else if (name == skipped_ && !is_void) ++num_skipped_;
      return;
    }
    if (is_left_out(tag)) {
      if (is_void) return;
      skipped_ = name;
      num_skipped_ = 1;
      return;
    }
    if (name == "br") return line_.add_break();
    if (start_table_part(tag)) return;
    const bool is_block = is_one_of(name, kBlocks) || heading_level(name) > 0 || name == "pre";
    if (is_block) end_block();
    if (is_void) return;
    if (name == "pre") ++num_preformatted_;
    else if (name == "article" || name == "blockquote") ++num_articles_;
    else if (name == "ul" || name == "ol") start_list(name == "ol");
    else if (name == "li") start_item();
    else if (heading_level(name) > 0) heading_ = heading_level(name);
  }

  void end(const std::string& name) {
    if (!skipped_.empty()) {
      if (name == skipped_ && --num_skipped_ == 0) skipped_.clear();
      return;
    }
    if (end_table_part(name)) return;
    const bool is_block = is_one_of(name, kBlocks) || heading_level(name) > 0 || name == "pre";
    if (is_block) end_block();
    if (name == "pre") num_preformatted_ = std::max(0, num_preformatted_ - 1);
    else if (name == "article" || name == "blockquote") num_articles_ = std::max(0, num_articles_ - 1);
    else if ((name == "ul" || name == "ol") && !lists_.empty()) lists_.pop_back();
  }

  /// Past the end tag of an element whose content is not markup.
  void skip_raw(const std::string& name) {
    for (std::size_t mark = html_.find("</", at_); mark != std::string_view::npos; mark = html_.find("</", mark + 2)) {
      if (!equals_ignoring_ascii_case(html_.substr(mark + 2, name.size()), name)) continue;
      at_ = mark;
      skip_past(">", 2);
      return;
    }
    at_ = html_.size();
  }

  void start_list(bool is_numbered) {
    if (lists_.size() < kMaxListDepth) lists_.push_back({is_numbered, 1});
  }

  void start_item() {
    if (lists_.empty() || !tables_.empty()) return;
    List& list = lists_.back();
    prefix_ = std::string(2 * (lists_.size() - 1), ' ');
    prefix_ += list.is_numbered ? cat(list.next++, ". ") : "- ";
  }

  bool start_table_part(const Tag& tag) {
    const std::string& name = tag.name;
    if (name == "table") {
      end_block();
      if (tables_.size() < kMaxTableDepth) tables_.emplace_back();
      else ++num_flat_tables_;
      return true;
    }
    const bool is_cell = name == "td" || name == "th";
    if (name != "tr" && !is_cell && name != "tbody" && name != "thead" && name != "tfoot") return false;
    end_block();
    if (tables_.empty() || num_flat_tables_ > 0) return true;
    close_cell();
    Table& table = tables_.back();
    if (name == "tr" || (is_cell && table.rows.empty())) {
      size_.add(1, 0);
      table.rows.emplace_back();
    }
    if (is_cell) {
      table.is_in_cell = true;
      table.span = span_of(tag.attributes);
    }
    return true;
  }

  bool end_table_part(std::string_view name) {
    if (name == "table") {
      end_block();
      if (num_flat_tables_ > 0) --num_flat_tables_;
      else if (!tables_.empty()) close_table();
      return true;
    }
    if (name != "tr" && name != "td" && name != "th") return false;
    end_block();
    if (!tables_.empty() && num_flat_tables_ == 0) close_cell();
    return true;
  }

  void close_cell() {
    Table& table = tables_.back();
    if (!table.is_in_cell) return;
    table.is_in_cell = false;
    auto& row = table.rows.back();
    size_.add(table.span, 0);
    row.push_back(std::move(table.cell));
    row.resize(row.size() + table.span - 1);
    table.cell.clear();
  }

  void close_table() {
    close_cell();
    const Table table = std::move(tables_.back());
    tables_.pop_back();
    if (!tables_.empty()) {
      for (const auto& row : table.rows) add_block(join(row, " "));
      return;
    }
    size_.reset();
    const bool is_layout =
        std::all_of(table.rows.begin(), table.rows.end(), [](const auto& row) { return row.size() <= 1; });
    if (!is_layout) return blocks_.add(markdown_table(table.rows));
    for (const auto& row : table.rows)
      if (!row.empty()) blocks_.add(row.front());
  }

  void add_block(std::string_view text) {
    if (tables_.empty()) return blocks_.add(text);
    Table& table = tables_.back();
    if (text::is_blank(text)) return;
    if (!table.is_in_cell) {
      blocks_.add(text);  // a caption, or text that stands in the table by mistake
      return;
    }
    if (!table.cell.empty()) table.cell += '\n';
    table.cell += text;
  }

  void end_block() {
    const std::string line = line_.take();
    const std::string_view text = num_preformatted_ > 0 ? std::string_view(line) : text::strip(line);
    if (text::is_blank(text)) {
      return;
    }
    if (heading_ > 0 && tables_.empty()) blocks_.add_heading(heading_, text);
    else add_block(prefix_ + std::string(text));
    heading_ = 0;
    prefix_.clear();
  }

  std::string_view html_;
  HtmlKind kind_;
  BlockText& blocks_;
  std::size_t at_ = 0;
  Line line_;
  std::string skipped_;  ///< the element that is being left out
  int num_skipped_ = 0;  ///< how many of them are open
  int num_preformatted_ = 0;
  int num_articles_ = 0;
  std::size_t num_flat_tables_ = 0;  ///< open tables beyond kMaxTableDepth
  int heading_ = 0;
  std::string prefix_;
  std::vector<List> lists_;
  std::vector<Table> tables_;
  TableSize size_;
};

}  // namespace

std::string decode_html(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xFE")) return decode_text(bytes, "UTF-16LE");
  if (bytes.starts_with("\xFE\xFF")) return decode_text(bytes, "UTF-16BE");
  if (!is_valid_utf8(bytes)) {
    const std::string head = ascii_lower(bytes.substr(0, 2048));
    for (const std::string_view mark : {"charset=", "encoding="}) {
      std::size_t at = head.find(mark);
      if (at == std::string::npos) continue;
      at = head.find_first_not_of("\"' ", at + mark.size());
      if (at == std::string::npos) continue;
      const auto codec = find_codec(std::string_view(head).substr(at, head.find_first_of("\"' />;?", at) - at));
      if (codec) return decode_text(bytes, *codec);
    }
  }
  return decode_text(bytes, "UTF-8");
}

void read_html(std::string_view html, HtmlKind kind, BlockText& blocks) { Reader(html, kind, blocks).run(); }

}  // namespace forgelm::ingest
