// The file name decides the reader.
#include "forgelm/formats/rows.hpp"
#include "support/test.hpp"

using forgelm::formats::row_file_kind;
using forgelm::formats::RowFileKind;

TEST_CASE("The ending decides how rows are read, in any case") {
  CHECK(row_file_kind("a/train.jsonl") == RowFileKind::jsonl);
  CHECK(row_file_kind("TRAIN.NDJSON") == RowFileKind::jsonl);
  CHECK(row_file_kind("x.tsv") == RowFileKind::csv);
  CHECK(row_file_kind("book.v2.txt") == RowFileKind::text);
  CHECK(row_file_kind("part-0.parquet") == RowFileKind::parquet);
}

TEST_CASE("An unknown ending is refused with the known ones") {
  try {
    row_file_kind("rows.xlsx");
    FAIL("accepted");
  } catch (const forgelm::ConfigError& error) {
    CHECK(std::string(error.what()).find("\".xlsx\"") != std::string::npos);
    CHECK(error.hint().find(".parquet") != std::string::npos);
  }
}
