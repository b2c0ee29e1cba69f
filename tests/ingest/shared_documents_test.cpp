// The shared documents against what their reference tools read (reference_text.jsonl beside them).
#include <fstream>

#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/text/characters.hpp"
#include "ingest/docx.hpp"
#include "support/shared_data.hpp"
#include "support/test.hpp"

using namespace forgelm;

TEST_CASE("shared documents: Word documents hold the paragraphs and tables that python-docx reads, in order") {
  const std::filesystem::path folder = test::shared_data("datasets/documents");
  if (folder.empty()) FORGELM_SKIP("the shared documents are not on this machine");
  std::ifstream in(folder / "reference_text.jsonl");
  int num_documents = 0, num_paragraphs = 0;
  for (std::string line; std::getline(in, line);) {
    const Json reference = parse_json(line).value();
    if (reference.at("tool").text() != "python-docx") continue;
    INFO(reference.at("file").text());
    const std::string text = ingest::read_docx(read_file(folder / reference.at("file").text()), {}).text;
    std::size_t at = 0;
    for (const Json& paragraph : reference.at("paragraphs").items()) {
      if (text::is_blank(paragraph.text())) continue;
      at = text.find(text::strip(paragraph.text()), at);
      REQUIRE(at != std::string::npos);
      ++num_paragraphs;
    }
    for (const Json& table : reference.at("tables").items()) {
      ingest::TableRows rows;
      for (const Json& row : table.items()) {
        rows.emplace_back();
        for (const Json& cell : row.items()) rows.back().push_back(cell.text());
      }
      // A table within a table: python-docx leaves its text out of the cell, we do not.
      const bool has_inner_table = reference.at("file").text() == "docx/blk-paras-and-tables.docx";
      if (!has_inner_table) CHECK(text.find(ingest::markdown_table(rows)) != std::string::npos);
    }
    ++num_documents;
  }
  CHECK(num_documents == 12);
  CHECK(num_paragraphs > 20);
}
