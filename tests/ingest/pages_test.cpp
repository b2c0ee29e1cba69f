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
  CHECK(page_at(document, document.text.find('a')) == 1);
  CHECK(page_at(document, document.text.find('b')) == 2);
  CHECK(page_at(document, document.text.find('c')) == 5);
}
