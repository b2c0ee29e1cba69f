// The page: the report's figures are in it, what the data holds is text, and nothing outside of it is needed.
#include "forgelm/audit/html_report.hpp"

#include <fstream>

#include "audit/html_page.hpp"
#include "audited.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using namespace forgelm::audit;
using test::TemporaryDirectory;
namespace fs = std::filesystem;

const std::string kCard = "4111 1111 1111 1111";

bool has(const std::string& page, std::string_view text) { return page.find(text) != std::string::npos; }

/// Tags in order of their closing, or the first that is closed wrongly. Void elements of our pages: meta, br.
std::string first_unbalanced(const std::string& page) {
  std::vector<std::string> open;
  for (std::size_t at = page.find("<html"); (at = page.find('<', at)) != std::string::npos; ++at) {
    const std::size_t end = page.find_first_of(" >", at);
    const std::string name = page.substr(at + 1, end - at - 1);
    if (name == "meta") continue;
    if (name == "style") at = page.find("</style>", at) - 1;
    if (!name.starts_with("/")) {
      open.push_back(name);
      continue;
    }
    if (open.empty() || open.back() != name.substr(1)) return name;
    open.pop_back();
  }
  return open.empty() ? "" : open.back();
}

TEST_CASE("a page holds what was counted") {
  const TemporaryDirectory folder;
  std::ofstream(folder / "train.jsonl")
      << R"({"text": "The same row of plain words stands in both of the splits here."})"
      << "\n"
      << cat(R"({"text": "pay with )", kCard, "\"}\n{broken\n");
  std::ofstream(folder / "test.jsonl")
      << R"({"text": "The same row of plain words stands in both of the splits here."})"
      << "\n";
  const AuditReport report = audited(folder.path());
  const std::string page = html_report(report);
  CHECK(first_unbalanced(page) == "");
  CHECK(has(page, "<span class=\"bad\">failed</span> critical personal data: credit_card=1"));
  CHECK(has(page, "<span class=\"good\">passed</span> secrets"));
  CHECK(has(page, "<code>train.jsonl:2</code>"));
  CHECK(has(page, "<code>41***************11</code>"));
  CHECK(has(page, "Characters of a row&#39;s text: train"));
  CHECK(has(page, "16 to 31<title>"));
  CHECK(has(page, "32 to 63<title>"));
  CHECK(has(page, "Rows that another split has too, nearly"));
  CHECK(has(page, report.splits[0].sha256));
  CHECK_FALSE(has(page, kCard));
}

TEST_CASE("names and excerpts of hostile data are text") {
  const TemporaryDirectory folder;
  const std::string evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&\xE2\x80\xAE";
  std::ofstream(folder / "<script>alert(3)<!--.jsonl")
      << cat(R"({"<script>alert(1)</script><img src=x onerror=alert(2)>\"'&\u202e": ")", kCard,
             R"(", "</style><a href=//e.vil>": "x"})", "\n")
      << cat(R"({"text": "<iframe src=//e.vil> )", "a<b>@mail.de \xFF", "\"}\n");
  AuditReport report = audited(folder.path());
  report.source_input = evil;
  report.splits[0].findings[0].excerpt = evil;
  report.notes.push_back(evil);
  report.leaks.push_back({evil, evil, 1, 1, 0.5, 0.5});
  report.splits[0].quality[evil] = 3;
  report.splits[0].languages.emplace_back(evil, 5);
  const std::string page = html_report(report);
  CHECK(first_unbalanced(page) == "");
  for (const char* bad : {"<script", "<img", "<iframe", "<a ", "<!--", "</style><a", "\xE2\x80\xAE"}) {
    INFO(bad);
    CHECK_FALSE(has(page, bad));
  }
  CHECK(has(page, "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(2)&gt;&quot;&#39;&amp;\\u{202e}"));
}

TEST_CASE("a page needs nothing but itself, and its policy says so") {
  const TemporaryDirectory folder;
  std::ofstream(folder / "rows.jsonl") << "{\"text\": \"plain words\"}\n";
  const std::string page = html_report(audited(folder / "rows.jsonl"));
  CHECK(has(page, "default-src 'none'; style-src 'unsafe-inline'"));
  for (const char* outside : {"http:", "https:", "//", "src=", "href=", "url(", "@import", "<script", "<link"}) {
    INFO(outside);
    std::string rest = page;
    if (const std::size_t path = rest.find(folder.path().native()); path != std::string::npos) rest.erase(path, 200);
    CHECK_FALSE(has(rest, outside));
  }
  CHECK(has(page, "prefers-color-scheme: dark"));
  CHECK(has(page, "@media print"));
}

TEST_CASE("a plot draws each bar by its share of the largest") {
  const std::string plot =
      html_bars("Kinds & <more>", {{"a<b", 10}, {"none", 0}, {"half", 5}, {"one in a million", 0}});
  CHECK(has(plot, "aria-label=\"Kinds &amp; &lt;more&gt;\""));
  CHECK(has(plot, "width=\"240\""));
  CHECK(has(plot, "width=\"120\""));
  CHECK(has(plot, "width=\"0\""));
  CHECK(has(plot, "a&lt;b<title>"));
  CHECK(html_bars("nothing", {{"a", 0}}).empty());
  CHECK(has(html_bars("small", {{"most", 1'000'000}, {"least", 1}}), "width=\"1\""));
}

TEST_CASE("lengths are counted by powers of two, all of them") {
  const TemporaryDirectory folder;
  std::ofstream(folder / "rows.jsonl")
      << "{\"text\": \"a\"}\n{\"text\": \"ab\"}\n{\"text\": \"abc\"}\n{\"text\": \"abcd\"}\n";
  const AuditReport report = audited(folder / "rows.jsonl");
  CHECK(dump(to_json(report).at("lengths")) == R"({"train": {"by_power_of_two": [0, 1, 2, 1]}})");
}

}  // namespace
