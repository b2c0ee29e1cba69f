// DOCX, EPUB and HTML: what of them becomes text, and what hostile ones come to.
#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "ingest/docx.hpp"
#include "ingest/epub.hpp"
#include "ingest/html.hpp"
#include "support/test.hpp"
#include "support/zip_maker.hpp"

using namespace forgelm;
using namespace forgelm::ingest;
using test::ZipMaker;

namespace {

constexpr const char* kWord = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";

std::string word_part(const std::string& element, const std::string& content) {
  return cat("<?xml version='1.0'?><w:", element, " xmlns:w='", kWord,
             "' xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'>", content, "</w:", element,
             ">");
}

std::string run(const std::string& text) { return "<w:r><w:t>" + text + "</w:t></w:r>"; }
std::string paragraph(const std::string& text) { return "<w:p>" + run(text) + "</w:p>"; }

std::string docx(const std::string& body) {
  return ZipMaker().add("word/document.xml", word_part("document", "<w:body>" + body + "</w:body>")).bytes();
}

std::string text_of_docx(const std::string& body) { return read_docx(docx(body), {}).text; }

std::string text_of_html(std::string_view html, HtmlKind kind = HtmlKind::page, bool marks_headings = false) {
  BlockText blocks({marks_headings});
  read_html(html, kind, blocks);
  return blocks.take().text;
}

template <class Call>
std::string problem(Call call) {
  try {
    call();
  } catch (const RunError& error) {
    CHECK(error.kind() == RunErrorKind::data);
    return error.what();
  }
  return "";
}

ZipMaker epub(const std::string& manifest, const std::string& spine) {
  ZipMaker zip;
  zip.add("META-INF/container.xml",
          "<container><rootfiles><rootfile full-path='OEBPS/c.opf'/></rootfiles></container>");
  zip.add("OEBPS/c.opf", "<package><manifest>" + manifest + "</manifest><spine>" + spine + "</spine></package>");
  return zip;
}

std::string item(const std::string& id, const std::string& href, const std::string& properties = "") {
  return cat("<item id='", id, "' href='", href, "' media-type='application/xhtml+xml' properties='", properties,
             "'/>");
}
std::string spine_of(const std::vector<std::string>& ids) {
  std::string out;
  for (const std::string& id : ids) out += "<itemref idref='" + id + "'/>";
  return out;
}

}  // namespace

TEST_CASE("paragraphs of a Word document have tabs, breaks, links and insertions, and no deletions") {
  CHECK(text_of_docx("<w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr>" + run("a") +
                     "<w:r><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:br w:type='page'/><w:noBreakHyphen/></w:r>"
                     "<w:hyperlink>" +
                     run("link") + "</w:hyperlink><w:ins>" + run("new") + "</w:ins><w:del>" + run("old") +
                     "</w:del><w:moveFrom>" + run("moved") + "</w:moveFrom><w:sdt><w:sdtContent>" + run("!") +
                     "</w:sdtContent></w:sdt></w:p><w:p/>" + paragraph(" ") + paragraph("end")) ==
        "a\tb\nc-linknew!\n\nend");
}

TEST_CASE("a text box is read once, before the paragraph that holds it") {
  CHECK(text_of_docx("<w:p>" + run("outer") + "<w:r><mc:AlternateContent><mc:Choice><w:txbxContent>" +
                     paragraph("box") + "</w:txbxContent></mc:Choice><mc:Fallback>" + paragraph("box again") +
                     "</mc:Fallback></mc:AlternateContent></w:r></w:p>") == "box\n\nouter");
}

TEST_CASE("tables of a Word document become Markdown, with merged cells as Word shows them") {
  const auto cell = [](const std::string& text, const std::string& properties = "") {
    return "<w:tc><w:tcPr>" + properties + "</w:tcPr>" + paragraph(text) + "</w:tc>";
  };
  const std::string table = "<w:tbl><w:tr>" + cell("wide", "<w:gridSpan w:val='2'/>") + cell("a|b\\c") +
                            "</w:tr><w:tr>" + cell("x", "<w:vMerge w:val='restart'/>") + cell("y") + cell("z") +
                            "</w:tr><w:tr>" + cell("", "<w:vMerge/>") + cell("2") + "</w:tr><w:tr>" + cell("") +
                            "</w:tr></w:tbl>";
  CHECK(text_of_docx(paragraph("before") + table + paragraph("after")) ==
        "before\n\n| wide | wide | a\\|b\\\\c |\n|---|---|---|\n| x | y | z |\n| x | 2 |  |\n\nafter");
  CHECK(text_of_docx("<w:tbl><w:tr><w:tc>" + paragraph("out") + "<w:tbl><w:tr>" + cell("in") + cell("ner") +
                     "</w:tr></w:tbl></w:tc></w:tr></w:tbl>") == "| out in ner |\n|---|");
}

TEST_CASE("headings are known by their styles, and lines that repeat a header go") {
  const std::string relations =
      "<Relationships><Relationship Id='1' Type='x/styles' Target='styles.xml'/>"
      "<Relationship Id='2' Type='x/header' Target='/word/header1.xml'/>"
      "<Relationship Id='3' Type='x/hyperlink' Target='http://x' TargetMode='External'/></Relationships>";
  const std::string body = "<w:p><w:pPr><w:pStyle w:val='berschrift1'/></w:pPr>" + run("Chapter") + "</w:p>" +
                           paragraph("ACME confidential") + paragraph("Text");
  const std::string bytes =
      ZipMaker()
          .add("_rels/.rels",
               "<Relationships><Relationship Id='1' Type='y/officeDocument' Target='word/main.xml'/></Relationships>")
          .add("word/_rels/main.xml.rels", relations)
          .add("word/styles.xml",
               word_part("styles", "<w:style w:styleId='berschrift1'><w:name w:val='Heading 2'/></w:style>"))
          .add("word/header1.xml", word_part("hdr", paragraph("ACME confidential")))
          .add("word/main.xml", word_part("document", "<w:body>" + body + "</w:body>"))
          .bytes();
  const Document plain = read_docx(bytes, {});
  CHECK(plain.text == "Chapter\n\nText");
  REQUIRE(plain.headings.size() == 1);
  CHECK(plain.headings[0].words == "Chapter");
  CHECK(plain.headings[0].level == 2);
  CHECK(read_docx(bytes, {true}).text == "## Chapter\n\nText");
}

TEST_CASE("hostile Word documents end at a limit that has a name") {
  std::string deep;
  for (int i = 0; i < 300; ++i) deep += "<w:p>";
  CHECK(problem([&] { read_docx(docx(deep), {}); }).find("nest deeper than 256") != std::string::npos);
  std::string tables;
  for (int i = 0; i < 17; ++i) tables += "<w:tbl><w:tr><w:tc>";
  CHECK(problem([&] { read_docx(docx(tables), {}); }).find("tables nest deeper than 16") != std::string::npos);
  const std::string entities = "<!DOCTYPE d [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><d>&b;</d>";
  CHECK(problem([&] {
          read_docx(ZipMaker().add("word/document.xml", entities).bytes(), {});
        }).find("declares a document type of its own") != std::string::npos);
  CHECK(problem([&] { read_docx(ZipMaker().add("other", "x").bytes(), {}); }).find("no \"word/document.xml\"") !=
        std::string::npos);
  CHECK(problem([&] { read_docx("no archive", {}); }).find("not a ZIP archive") != std::string::npos);
  CHECK(problem([&] { read_docx(docx("<w:p>"), {}); }).find("word/document.xml: line 1: mismatched tag") !=
        std::string::npos);
  CHECK(text_of_docx("<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val='999999999'/></w:tcPr>" + paragraph("x") +
                     "</w:tc></w:tr></w:tbl>")
            .size() < 1000);
}

TEST_CASE("a book is read in the order of its spine, each document once") {
  const std::string manifest = item("n", "nav.xhtml", "nav") + item("1", "b%20one.xhtml") + item("2", "../two.xhtml") +
                               item("c", "Cover.xhtml") + item("r", "recovery.xhtml") +
                               "<item id='css' href='a.css' media-type='text/css'/>";
  ZipMaker zip = epub(manifest, spine_of({"n", "c", "2", "1", "css", "gone", "1", "r"}));
  zip.add("OEBPS/nav.xhtml", "<p>contents</p>").add("OEBPS/Cover.xhtml", "<p>cover</p>");
  zip.add("OEBPS/b one.xhtml", "<html><head><title>T</title></head><body><h1>One</h1><p>first</p></body></html>");
  zip.add("two.xhtml", "<p>second</p>").add("OEBPS/recovery.xhtml", "<p>third</p>").add("OEBPS/a.css", "p{}");
  const EpubText book = read_epub(zip.bytes(), {}, true);
  CHECK(book.document.text == "second\n\nOne\n\nfirst\n\nthird");
  CHECK(book.skipped == std::vector<std::string>{"nav.xhtml", "Cover.xhtml"});
  CHECK(read_epub(zip.bytes(), {}, false).document.text == "contents\n\ncover\n\nsecond\n\nOne\n\nfirst\n\nthird");
}

TEST_CASE("a page becomes blocks of text") {
  CHECK(text_of_html("<p>Hello <b>big</b>\n  world&excl; &lt;&#x41;&#66;&notit; &amp &bogus; &#0;</p>tail<br>next") ==
        "Hello big world! <AB\xC2\xACit; & &bogus; \xEF\xBF\xBD\n\ntail\nnext");
  CHECK(
      text_of_html("<head><title>T</title></head><body><script>if (a<b) x='</p>'</script><style>p{}</style>a<!-- b -->c"
                   "<nav>menu</nav><footer>(c)</footer><article><footer>kept</footer></article>") == "ac\n\nkept");
  CHECK(text_of_html("<nav>menu</nav>x", HtmlKind::book) == "menu\n\nx");
  CHECK(text_of_html("<ul><li>a<li>b<ol><li>c</li><li>d</li></ol></ul><p>e") == "- a\n\n- b\n\n  1. c\n\n  2. d\n\ne");
  CHECK(text_of_html("<pre>  two\n    four</pre>") == "  two\n    four");
  CHECK(text_of_html("a < b & c <3 </ d>") == "a < b & c <3 </ d>");
  CHECK(text_of_html("<h2>Title\n here</h2>text", HtmlKind::page, true) == "## Title here\n\ntext");
  CHECK(text_of_html("<p hidden>no</p><p>yes</p><select><option>no</select><svg><title>no</title></svg>") == "yes");
  CHECK(text_of_html("<head><script>document.write('<body>')</script><meta x></head><body>real") == "real");
}

TEST_CASE("tables of a page become Markdown, and those that only lay it out become text") {
  CHECK(text_of_html("<table><caption>Cap</caption><tr><th>a<th>b</tr><tr><td "
                     "colspan=2><p>c</p><p>d</p></td></tr></table>after") ==
        "Cap\n\n| a | b |\n|---|---|\n| c d |  |\n\nafter");
  CHECK(text_of_html("<table><tr><td><p>only</p></td></tr><tr><td>text</td></tr></table>") == "only\n\ntext");
  CHECK(text_of_html("<table><tr><td>a<table><tr><td>in<td>ner</table></td><td>b</td></tr></table>") ==
        "| a in ner | b |\n|---|---|");
}

TEST_CASE("pages of other encodings are read by what they declare") {
  CHECK(decode_html("<meta charset=\"windows-1254\"><p>\xDD\xFE") ==
        "<meta charset=\"windows-1254\"><p>\xC4\xB0\xC5\x9F");
  CHECK(decode_html("\xEF\xBB\xBF<p>x") == "<p>x");
  CHECK(decode_html(std::string("\xFF\xFE<\0p\0>\0", 8)) == "<p>");
  CHECK(decode_html("<m charset=UCS-4>\x03\x03\x03\x03\x03\x03\xFE\x03").find("\xEF\xBF\xBD") != std::string::npos);
  CHECK(is_valid_utf8(decode_html("<m charset=UCS-4>\x03\x03\x03\x03\x03\x03\xFE\x03")));
  CHECK(decode_html("<p>\xDD") == "<p>\xEF\xBF\xBD");
}

TEST_CASE("tables end at a limit, whatever of them is repeated") {
  std::string wide = "<table><tr>", filled = "<table><tr>" + std::string(20, 'x');
  for (int i = 0; i < 9'000; ++i) wide += "<td colspan=64>x";
  CHECK(problem([&] { text_of_html(wide); }) == "a table has more than 500000 cells");
  for (int i = 0; i < 2'000; ++i) filled += "<td>x";
  for (int i = 0; i < 2'000; ++i) filled += "<tr><td>x";
  CHECK(problem([&] { text_of_html(filled + "</table>"); }) == "a table has more than 500000 cells");
  std::string rows = "<table>", many;
  for (int i = 0; i < 600'000; ++i) rows += "<tr>";
  CHECK(problem([&] { text_of_html(rows); }) == "a table has more than 500000 cells");
  for (int i = 0; i < 600'000; ++i) many += i % 1000 == 0 ? "<table><tr><td>x" : i % 1000 == 999 ? "</table>" : "<td>";
  CHECK(text_of_html(many).size() > 600'000);  // each table for itself
  const std::string cell =
      "<w:tc><w:tcPr><w:gridSpan w:val='63'/></w:tcPr>" + paragraph(std::string(100'000, 'x')) + "</w:tc>";
  const std::string below =
      "<w:tr><w:tc><w:tcPr><w:gridSpan w:val='63'/><w:vMerge/></w:tcPr>" + paragraph("") + "</w:tc></w:tr>";
  std::string merged = "<w:tbl><w:tr>" + cell + "</w:tr>";
  for (int i = 0; i < 20; ++i) merged += below;
  CHECK(problem([&] {
          read_docx(ZipMaker().add("word/document.xml", word_part("document", merged + "</w:tbl>"), false).bytes(), {});
        }) == "a table holds more than 48.0 MiB of text");
}

TEST_CASE("a page that never ends what it begins takes linear time and is read") {
  std::string nested, quotes;
  for (int i = 0; i < 200'000; ++i) nested += "<div><table><ul>";
  CHECK(text_of_html(nested + "deep") == "deep");
  std::string blocks;
  for (int i = 0; i < 1'000'000; ++i) blocks += "<p>a";
  CHECK(text_of_html(blocks).size() == 3 * 1'000'000 - 2);
  CHECK(problem([&] { text_of_html(blocks + blocks + "<p>a"); }) == "it has more than 2000000 paragraphs");
  for (int i = 0; i < 200'000; ++i) quotes += "<a b=\"";
  CHECK(text_of_html(quotes).empty());
  CHECK(text_of_html("<!-- open " + std::string(1'000'000, '-')).empty());
}
