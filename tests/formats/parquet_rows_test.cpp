// Rows of whole Parquet files, against what pyarrow reads from them (tools/golden/parquet).
#include <algorithm>

#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "formats/parquet_support.hpp"
#include "support/temporary_directory.hpp"

using namespace forgelm;
using test::parquet_golden;
using test::read_parquet;

namespace {

std::vector<std::string> golden_rows(const std::string& name) {
  auto lines = split(read_file(parquet_golden(name + ".jsonl")), '\n');
  lines.pop_back();  // behind the last line break
  return lines;
}

void check_golden(const std::string& name, const std::string& rows) {
  INFO(name);
  const auto found = read_parquet(parquet_golden(name + ".parquet"));
  const auto expected = golden_rows(rows);
  CHECK(found.errors.empty());
  REQUIRE(found.rows.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(found.rows[i] == expected[i]);
}

}  // namespace

TEST_CASE("Rows of Parquet files are those that pyarrow reads") {
  FORGELM_NEEDS_PARQUET();
  for (const char* name : {"scalars", "nested", "groups", "batches", "media", "int96", "no_rows"})
    check_golden(name, name);
}

TEST_CASE("Every compression, encoding and schema gives the same rows") {
  FORGELM_NEEDS_PARQUET();
  for (const char* name : {"codec_none", "codec_snappy", "codec_gzip", "codec_zstd", "codec_brotli", "codec_lz4",
                           "encodings", "plain_schema"})
    check_golden(name, "prose");
}

TEST_CASE("Nanoseconds, which Python's times cannot hold, are written with nine digits") {
  FORGELM_NEEDS_PARQUET();
  CHECK(read_parquet(parquet_golden("nanoseconds.parquet")).rows ==
        std::vector<std::string>{R"({"stamp": "1970-01-01T00:00:00.000000001", "time": "00:00:00.000000001"})",
                                 R"({"stamp": "1969-12-31T23:59:59.999999999", "time": "01:00:00"})",
                                 R"({"stamp": "1970-01-01T00:00:01", "time": "23:59:59.999999999"})"});
}

TEST_CASE("Rows are numbered through all row groups, have no lines, and progress reaches the file's size") {
  FORGELM_NEEDS_PARQUET();
  const auto path = parquet_golden("groups.parquet");
  const auto reader = formats::open_parquet(path, {});
  CHECK(reader->size_bytes() == std::filesystem::file_size(path));
  CHECK(reader->bytes_read() == 0);
  formats::Row row;
  std::uint64_t before = 0;
  for (std::uint64_t number = 0; number < 60; ++number) {
    REQUIRE(reader->next(row));
    CHECK(row.number == number);
    CHECK(row.line == 0);
    CHECK(row.value.at("id").integer() == static_cast<std::int64_t>(number));
    CHECK(reader->bytes_read() > before);
    before = reader->bytes_read();
  }
  CHECK(before == reader->size_bytes());
  CHECK_FALSE(reader->next(row));
  CHECK_FALSE(reader->next(row));
}

TEST_CASE("A file without rows has been read from the start") {
  FORGELM_NEEDS_PARQUET();
  const auto reader = formats::open_parquet(parquet_golden("no_rows.parquet"), {});
  CHECK(reader->bytes_read() == reader->size_bytes());
}

TEST_CASE("Text that is not UTF-8 names row and column, and reading goes on behind it") {
  FORGELM_NEEDS_PARQUET();
  const auto path = parquet_golden("bad_text.parquet");
  const auto found = read_parquet(path);
  CHECK(found.rows == std::vector<std::string>{R"({"text": "good"})", R"({"text": "good again"})"});
  REQUIRE(found.errors.size() == 1);
  CHECK(found.errors[0] ==
        quote(path.native()) +
            R"(: row 1 (the first is 0): column "text": the text is not UTF-8 at its byte 4: "\xff\xfe h")");
}

TEST_CASE("A row beyond the limit is refused by name and the next is read") {
  FORGELM_NEEDS_PARQUET();
  formats::RowLimits limits;
  limits.max_row_bytes = 1 << 20;
  CHECK(read_parquet(parquet_golden("nested.parquet"), limits).errors.empty());
  limits.max_row_bytes = 1400;  // a value takes 40 bytes: 83 in the first and the last row, at most 19 in those between
  const auto found = read_parquet(parquet_golden("nested.parquet"), limits);
  CHECK(found.rows.size() == 3);
  REQUIRE(found.errors.size() == 2);
  CHECK(found.errors[0].find("row 0 (the first is 0): column \"") != std::string::npos);
  CHECK(found.errors[0].find("the row is larger than 1400 bytes") != std::string::npos);

  limits = {};
  limits.max_values = 83;
  CHECK(read_parquet(parquet_golden("nested.parquet"), limits).errors.empty());
  limits.max_values = 82;
  const auto values = read_parquet(parquet_golden("nested.parquet"), limits);
  CHECK(values.rows.size() == 3);
  REQUIRE(values.errors.size() == 2);
  CHECK(values.errors[0].find("the row has more than 82 values") != std::string::npos);
}

TEST_CASE("Columns beyond the limit and values nested too deep are refused when the file is opened") {
  FORGELM_NEEDS_PARQUET();
  formats::RowLimits limits;
  limits.max_columns = 36;
  const auto columns = read_parquet(parquet_golden("scalars.parquet"), limits);
  REQUIRE(columns.errors.size() == 1);
  CHECK(columns.errors[0].find("it has 37 columns, and at most 36 are read") != std::string::npos);
  limits.max_columns = 37;
  CHECK(read_parquet(parquet_golden("scalars.parquet"), limits).errors.empty());

  limits.max_depth = 22;  // the row, 20 lists and the text in them
  CHECK(read_parquet(parquet_golden("nested.parquet"), limits).errors.empty());
  limits.max_depth = 21;
  const auto deep = read_parquet(parquet_golden("nested.parquet"), limits);
  REQUIRE(deep.errors.size() == 1);
  CHECK(deep.errors[0].find("column \"deep\": its values are nested deeper than 21 levels") != std::string::npos);
}

TEST_CASE("A file that is missing is an error of reading, with the system's reason") {
  FORGELM_NEEDS_PARQUET();
  const test::TemporaryDirectory folder;
  try {
    formats::open_parquet(folder / "absent.parquet", {});
    FAIL("opened");
  } catch (const RunError& error) {
    CHECK(error.kind() == RunErrorKind::io);
    CHECK(std::string(error.what()).find("absent.parquet: No such file or directory (ENOENT)") != std::string::npos);
  }
}

TEST_CASE("open_rows() reads Parquet by the file's ending") {
  FORGELM_NEEDS_PARQUET();
  const auto reader = formats::open_rows(parquet_golden("codec_zstd.parquet"));
  formats::Row row;
  std::vector<std::string> rows;
  while (reader->next(row)) rows.push_back(dump(row.value));
  CHECK(rows == golden_rows("prose"));
  CHECK(reader->digest_hex() == "");
}

TEST_CASE("Two files are read side by side") {
  FORGELM_NEEDS_PARQUET();
  const auto one = formats::open_parquet(parquet_golden("groups.parquet"), {});
  const auto other = formats::open_parquet(parquet_golden("codec_zstd.parquet"), {});
  formats::Row a, b;
  for (int i = 0; i < 40; ++i) {
    REQUIRE(one->next(a));
    REQUIRE(other->next(b));
    CHECK(a.value.at("id") == b.value.at("id"));
  }
}
