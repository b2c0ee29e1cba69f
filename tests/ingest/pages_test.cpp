// Headers, footers and pages of contents, against the reference, step by step.
#include <fstream>

#include "forgelm/core/json.hpp"
#include "ingest/page_text.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::ingest;

TEST_CASE("pages of contents and lines that repeat go as in the reference") {
  std::ifstream in(std::string(FORGELM_SOURCE_DIR) + "/tests/golden/ingest/pages.jsonl");
  int num_cases = 0, num_with_edges = 0, num_with_headers = 0, num_with_dropped = 0;
  for (std::string line; std::getline(in, line); ++num_cases) {
    const Json golden = parse_json(line).value();
    std::vector<PageText> pages;
    for (const Json& page : golden.at("pages").items())
      pages.push_back({static_cast<int>(page.items()[0].integer()), page.items()[1].text()});
    INFO("case " << num_cases);
    const std::vector<int> dropped = drop_front_matter(pages);
    CHECK(Json::array_of(dropped) == golden.at("dropped"));
    const std::size_t num_edges = strip_page_edges(pages);
    CHECK(static_cast<std::int64_t>(num_edges) == golden.at("num_edge_lines").integer());
    Json cleaned = Json::array();
    for (const PageText& page : pages) cleaned.push(page.text);
    CHECK(dump(cleaned) == dump(golden.at("cleaned")));
    Document document = join_pages(pages);
    const std::size_t num_headers = strip_block_headers(document);
    CHECK(static_cast<std::int64_t>(num_headers) == golden.at("num_block_headers").integer());
    CHECK(dump(Json(document.text)) == dump(golden.at("text")));
    num_with_edges += num_edges > 0 ? 1 : 0;
    num_with_headers += num_headers > 0 ? 1 : 0;
    num_with_dropped += dropped.empty() ? 0 : 1;
  }
  CHECK(num_cases == 150);
  CHECK(num_with_edges > 20);
  CHECK(num_with_headers > 10);
  CHECK(num_with_dropped > 20);
}

TEST_CASE("pages keep their places when they are joined and headers go") {
  Document document = join_pages({{1, "HEAD\na"}, {2, "HEAD\nb"}, {5, "HEAD\nc"}});
  CHECK(strip_block_headers(document) == 3);
  CHECK(document.text == "a\n\nb\n\nc");
  PlaceFinder places(document);
  CHECK(places.page(document.text.find('a')) == 1);
  CHECK(places.page(document.text.find('b')) == 2);
  CHECK(places.page(document.text.find('c')) == 5);
}

TEST_CASE("pages full of lines that repeat take linear time") {
  std::string lines;
  for (int i = 0; i < 200'000; ++i) lines += "a\nb\n";
  std::vector<PageText> pages = {{1, lines}, {2, lines}, {3, lines}, {4, "own"}};
  CHECK(strip_page_edges(pages) == 6 * 200'000);
  REQUIRE(pages.size() == 1);
  CHECK(pages[0].page == 4);
}

TEST_CASE("places are found page by page, and pages that lost their text are passed") {
  const Document document{"abcdef", {{0, 1}, {2, 2}, {2, 3}, {4, 4}}, {{1, 1, "one"}, {2, 3, "deep"}, {4, 2, "two"}}};
  PlaceFinder places(document);
  CHECK(places.page(0) == 1);
  CHECK(places.headings(0).empty());
  CHECK(places.page(1) == 1);
  CHECK(places.headings(1) == std::vector<std::string_view>{"one"});
  CHECK(places.page(3) == 3);
  CHECK(places.headings(3) == std::vector<std::string_view>{"one", "deep"});
  CHECK(places.page(5) == 4);
  CHECK(places.headings(5) == std::vector<std::string_view>{"one", "two"});
  const Document late{"  x", {{2, 7}}, {}};
  CHECK(PlaceFinder(late).page(0) == 7);
}
