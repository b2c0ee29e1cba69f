// Parquet files that are broken or lie: an error with the file's name and Arrow's reason, never a crash, never rows
// that are not there. The footers are written here by hand (Thrift's compact protocol, parquet.thrift of
// parquet-format).
#include <chrono>
#include <fstream>

#include "forgelm/core/files.hpp"
#include "forgelm/core/pcg64.hpp"
#include "forgelm/core/text.hpp"
#include "formats/parquet_support.hpp"
#include "support/temporary_directory.hpp"

using namespace forgelm;
using test::parquet_golden;
using test::read_parquet;

namespace {

enum Type : int { i32 = 5, i64 = 6, binary = 8, list = 9, structure = 12 };

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out += static_cast<char>(value);
}

std::string number(std::int64_t value) {  // zigzag
  return varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
}

/// `step` is the distance from the field before.
std::string field(int step, Type type, const std::string& value) { return char(step << 4 | type) + value; }

std::string list_head(std::uint64_t size) { return char(0xF0 | structure) + varint(size); }

/// A column of text, or a group of so many children.
std::string column(const std::string& name) {
  return field(1, i32, number(6)) + field(2, i32, number(1)) + field(1, binary, varint(name.size()) + name) + '\0';
}
std::string group(const std::string& name, std::int64_t num_children) {
  return field(3, i32, number(1)) + field(1, binary, varint(name.size()) + name) + field(1, i32, number(num_children)) +
         '\0';
}

std::string footer(std::uint64_t num_elements, const std::string& elements, std::int64_t num_rows) {
  return field(1, i32, number(2)) + field(1, list, list_head(num_elements) + elements) +
         field(1, i64, number(num_rows)) + field(1, list, list_head(0)) + '\0';
}

std::string file_of(const std::string& footer) {
  std::string size;
  for (int i = 0; i < 4; ++i) size += static_cast<char>(footer.size() >> (8 * i));
  return "PAR1" + footer + size + "PAR1";
}

/// Thousands of durable writes would take a minute; a file that was there is synced by some systems when it is
/// replaced.
void write(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::remove(path);
  std::ofstream(path, std::ios::binary) << bytes;
}

/// The one error that a file of these bytes gives; no row comes out.
std::string error_of(const std::string& bytes, const formats::RowLimits& limits = {}) {
  const test::TemporaryDirectory folder;
  const auto path = folder / "rows.parquet";
  write(path, bytes);
  const auto found = read_parquet(path, limits);
  CHECK(found.rows.empty());
  REQUIRE(found.errors.size() == 1);
  CHECK(found.errors[0].starts_with(quote(path.native()) + ": "));
  return found.errors[0].substr(quote(path.native()).size() + 2);
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("What is no Parquet file is refused with Arrow's reason") {
  FORGELM_NEEDS_PARQUET();
  CHECK(error_of("") == "it cannot be read as Parquet: \"Parquet file size is 0 bytes\"");
  for (const std::string bytes : {"PAR1", "PAR1PAR1", "a line of text\nand another line of text\n", "PAR1\1\1\1\1PAR1"})
    CHECK(error_of(bytes).starts_with("it cannot be read as Parquet: \""));
  CHECK(contains(error_of("PAREfooter\6\0\0\0PARE"), "it cannot be read as Parquet: \""));
  const test::TemporaryDirectory folder;
  const auto found = read_parquet(folder.path());
  REQUIRE(found.errors.size() == 1);
  CHECK(contains(found.errors[0], "it cannot be read as Parquet: \""));
}

TEST_CASE("A file cut anywhere gives one error and no row") {
  FORGELM_NEEDS_PARQUET();
  const std::string bytes = read_file(parquet_golden("nested.parquet"));
  for (std::size_t size = 0; size < bytes.size(); size += 97) error_of(bytes.substr(0, size));
}

TEST_CASE("Footers that lie about rows, children and lists are refused") {
  FORGELM_NEEDS_PARQUET();
  const std::string one = group("root", 1) + column("text");
  CHECK(read_parquet(parquet_golden("no_rows.parquet")).errors.empty());
  CHECK(error_of(file_of(footer(2, one, 1'000'000'000'000'000))) ==
        "it cannot be read as Parquet: \"it says that it has 1000000000000000 rows, and its row groups hold 0\"");
  CHECK(error_of(file_of(footer(2, one, -1))) == "it cannot be read as Parquet: \"it says that it has -1 rows\"");
  CHECK(error_of(file_of(footer(1, group("root", 0), 0))) == "it has no columns");
  CHECK(contains(error_of(file_of(footer(2, group("root", 9) + column("text"), 0))), "not enough elements"));
  CHECK(contains(error_of(file_of(footer(4'000'000'000, one, 0))), "it cannot be read as Parquet: \""));
  CHECK(contains(error_of(file_of(footer(3, group("root", 2) + column("a") + column("a"), 0))),
                 "it has two columns named \"a\""));
  CHECK(contains(error_of(file_of(footer(4, group("root", 1) + group("s", 2) + column("b") + column("b"), 0))),
                 "\"s\" has two fields named \"b\""));
  CHECK(contains(error_of(file_of(footer(2, group("root", 1) + column("\xff\xfe"), 0))),
                 "it has a column whose name is not UTF-8: \"\\xff\\xfe\""));
}

TEST_CASE("Columns by the hundred thousand and groups nested as deep are refused by their limits") {
  FORGELM_NEEDS_PARQUET();
  constexpr int kMany = 100'000;
  std::string columns = group("root", kMany), groups = group("root", 1);
  for (int i = 0; i < kMany; ++i) {
    columns += column(cat("c", i));
    groups += group("g", 1);
  }
  CHECK(error_of(file_of(footer(kMany + 1, columns, 0))) == "it has 100000 columns, and at most 4096 are read");
  CHECK(contains(error_of(file_of(footer(kMany + 2, groups + column("text"), 0))), "depth"));

  std::string more = group("root", 200'000);
  for (int i = 0; i < 200'000; ++i) more += column("c");
  CHECK(contains(error_of(file_of(footer(200'001, more, 0))),
                 " | a file may have at most 200000 columns and as many row groups"));

  // Leaves of one struct are columns too.
  std::string leaves = group("root", 1) + group("s", kMany);
  for (int i = 0; i < kMany; ++i) leaves += column(cat("c", i));
  CHECK(error_of(file_of(footer(kMany + 2, leaves, 0))) == "it has 100000 columns, and at most 4096 are read");

  std::string nested = group("root", 1);
  for (int i = 0; i < 63; ++i) nested += group("g", 1);
  CHECK(contains(error_of(file_of(footer(65, nested + column("text"), 0))),
                 "column \"g\": its values are nested deeper than 64 levels"));
  nested = group("root", 1);
  for (int i = 0; i < 62; ++i) nested += group("g", 1);
  const test::TemporaryDirectory folder;  // the row, 62 structs and the text
  write(folder / "deep.parquet", file_of(footer(64, nested + column("text"), 0)));
  CHECK(read_parquet(folder / "deep.parquet").errors.empty());
}

TEST_CASE("A few bytes that stand for gigabytes are refused by the memory they need and by how much they unfold to") {
  FORGELM_NEEDS_PARQUET();
  const auto memory = read_parquet(parquet_golden("bomb_text.parquet"));
  CHECK(memory.rows.empty());
  REQUIRE(memory.errors.size() == 1);
  CHECK(contains(memory.errors[0], "reading the rows from 0 on needs more than 576 MiB at once"));

  const auto list = read_parquet(parquet_golden("bomb_list.parquet"));
  REQUIRE(list.errors.size() == 1);
  CHECK(contains(list.errors[0], "row 0 (the first is 0): column \"list\": the row is larger than 67108864 bytes"));

  // 900040 bytes a row: 1193 of them are more than 1 GiB.
  const auto reader = formats::open_parquet(parquet_golden("bomb_dictionary.parquet"), {});
  formats::Row row;
  for (int i = 0; i < 1193; ++i) REQUIRE(reader->next(row));
  try {
    reader->next(row);
    FAIL("read on");
  } catch (const ConfigError& error) {
    CHECK(contains(error.what(), "the rows before row 1193 take 1024 MiB, more than 10000 times the file's size"));
  }
  CHECK_FALSE(reader->next(row));
}

TEST_CASE("Bytes changed anywhere give rows or errors, and reading ends") {
  FORGELM_NEEDS_PARQUET();
  const test::TemporaryDirectory folder;
  const auto path = folder / "rows.parquet";
  Pcg64 random(20240229);
  const auto start = std::chrono::steady_clock::now();
  for (int round = 0; round < 400; ++round) {
    for (const char* name :
         {"nested", "plain_schema", "groups", "encodings", "codec_zstd", "codec_lz4", "codec_brotli"}) {
      std::string bytes = read_file(parquet_golden(cat(name, ".parquet")));
      for (std::uint64_t i = random.next_up_to(2) + 1; i > 0; --i) {
        const std::size_t at = static_cast<std::size_t>(random.next_up_to(bytes.size() - 1));
        bytes[at] = static_cast<char>(random.next_up_to(1) == 0 ? bytes[at] ^ (1 << random.next_up_to(7))
                                                                : random.next_up_to(255));
      }
      write(path, bytes);
      const auto found = read_parquet(path);  // an error of another kind gets out of it and fails the test
      CHECK(found.rows.size() + found.errors.size() <= 60 + 1);
      for (const auto& error : found.errors) CHECK(error.starts_with(quote(path.native()) + ": "));
    }
    if (std::chrono::steady_clock::now() - start > std::chrono::seconds(20)) break;  // of a very slow machine
  }
}
