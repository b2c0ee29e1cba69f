// Rows of JSON lines, JSON, CSV and text: values, places, and what an unreadable row says. Expected values follow from
// the files written here and from RFC 8259 and RFC 4180; pandas' and Python's readings are goldens (rows_golden_test).
#include "formats/rows_support.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using formats::RowOptions;
using formats::TextRows;
using test::read_all;
using test::read_all_blocks;
using test::write_rows;
using Lines = std::vector<std::string>;

std::string message_of(const std::filesystem::path& path, const RowOptions& options = {}) {
  try {
    formats::open_rows(path, options);
  } catch (const ConfigError& error) {
    return cat(error.what(), " | ", error.hint());
  }
  return "";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("JSON lines: rows with numbers and lines; blank lines, CRLF, a mark and a missing last break are no data") {
  const test::TemporaryDirectory folder;
  const auto path = write_rows(
      folder, "a.jsonl",
      "\xEF\xBB\xBF{\"a\": 1}\r\n\r\n  \t\n{\"b\": [true, null, -2.5, {\"c\": \"\\u00e9\"}]}\n{\"d\": \"x\"}");
  const Lines expected = {"0@1 {\"a\": 1}", "1@4 {\"b\": [true, null, -2.5, {\"c\": \"\xC3\xA9\"}]}",
                          "2@5 {\"d\": \"x\"}"};
  CHECK(read_all(path) == expected);
  CHECK(read_all_blocks(path) == expected);
}

TEST_CASE("JSON lines: an unreadable row says where and what, and the next row is read") {
  const test::TemporaryDirectory folder;
  const auto path = write_rows(folder, "a.jsonl",
                               "{\"a\": 1}\n"
                               "{\"a\": tru}\n"
                               "[1, 2]\n"
                               "\"text\"\n"
                               "{\"k\": 1, \"k\": 2}\n"
                               "{\"s\": \"\\ud800\"}\n"
                               "{\"s\": \"\xFF\"}\n"
                               "{\"n\": NaN}\n"
                               "{\"a\": 1} {\"a\": 2}\n"
                               "{\"z\": 9}\n");
  const auto rows = read_all(path);
  REQUIRE(rows.size() == 10);
  CHECK(rows[0] == "0@1 {\"a\": 1}");
  CHECK(has(rows[1], "! a.jsonl:2:10: "));
  CHECK(rows[2] == "! a.jsonl:3:1: a row is a JSON object, this is of type array: \"[1, 2]\"");
  CHECK(has(rows[3], "! a.jsonl:4:1: a row is a JSON object, this is of type text"));
  CHECK(has(rows[4], "! a.jsonl:5:"));
  CHECK(has(rows[4], "the key \"k\" appears twice"));
  CHECK(has(rows[5], "! a.jsonl:6:"));
  CHECK(has(rows[6], "! a.jsonl:7:8"));
  CHECK(has(rows[7], "! a.jsonl:8:"));
  CHECK(has(rows[8], "! a.jsonl:9:"));
  CHECK(rows[9] == "9@10 {\"z\": 9}");
  CHECK(read_all_blocks(path) == rows);
}

TEST_CASE("JSON lines: numbers are read as by parse_json") {
  const test::TemporaryDirectory folder;
  const auto path = write_rows(folder, "a.jsonl",
                               "{\"n\": [9223372036854775807, -9223372036854775808, 9223372036854775808, "
                               "123456789012345678901234567890, 1e5, -0, -0.0, 5e-324]}\n{\"n\": 1e999}\n");
  const auto rows = read_all(path);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0] ==
        "0@1 {\"n\": [9223372036854775807, -9223372036854775808, 9.223372036854776e+18, 1.2345678901234568e+29, "
        "100000.0, 0, -0.0, 5e-324]}");
  CHECK(has(rows[1], "! a.jsonl:2:"));
  CHECK(has(rows[1], "out of range"));
}

TEST_CASE("JSON lines: limits on bytes, depth, columns and values are named") {
  const test::TemporaryDirectory folder;
  RowOptions options;
  options.limits.max_row_bytes = 100;
  options.limits.max_depth = 3;
  options.limits.max_columns = 2;
  options.limits.max_values = 8;
  options.block_bytes = 16;
  const auto path = write_rows(folder, "a.jsonl",
                               "{\"a\": [[1]]}\n{\"a\": [[[1]]]}\n{\"a\": 1, \"b\": 2, \"c\": 3}\n{\"a\": \"" +
                                   std::string(200, 'x') + "\"}\n{\"a\": [1, 2, 3, 4, 5, 6, 7]}\n{\"ok\": 1}");
  const auto rows = read_all(path, options);
  REQUIRE(rows.size() == 6);
  CHECK(rows[0] == "0@1 {\"a\": [[1]]}");
  CHECK(has(rows[1], "nested deeper than 3 levels"));
  CHECK(has(rows[2], "the row has 3 columns; at most 2"));
  CHECK(has(rows[3], "! a.jsonl:4:1: the row has more than 100 bytes"));
  CHECK(has(rows[4], "more than 8 values"));
  CHECK(rows[5] == "5@6 {\"ok\": 1}");
  CHECK(read_all_blocks(path, options) == rows);
}

TEST_CASE("Rows are the same whatever the size of the blocks") {
  const test::TemporaryDirectory folder;
  std::string lines, csv = "a,b\r\n";
  for (int i = 0; i < 200; ++i) {
    lines += cat("{\"i\": ", i, ", \"t\": \"", std::string(static_cast<std::size_t>(i % 37), 'y'), "\"}",
                 i % 3 ? "\n" : "\r\n\n");
    csv += cat("\"x\"\"", i, "\r\n\",", std::string(static_cast<std::size_t>(i % 23), 'z'), i % 2 ? "\r\n" : "\n");
  }
  const auto jsonl = write_rows(folder, "a.jsonl", lines);
  const auto table = write_rows(folder, "a.csv", csv);
  const auto expected_jsonl = read_all(jsonl);
  const auto expected_csv = read_all(table);
  REQUIRE(expected_jsonl.size() == 200);
  REQUIRE(expected_csv.size() == 200);
  CHECK(expected_csv[2] == "2@6 {\"a\": \"x\\\"2\\r\\n\", \"b\": \"zz\"}");
  for (const std::size_t block_bytes : {16, 17, 31, 64, 1000}) {
    RowOptions options;
    options.block_bytes = block_bytes;
    CHECK(read_all(jsonl, options) == expected_jsonl);
    CHECK(read_all_blocks(jsonl, options) == expected_jsonl);
    CHECK(read_all(table, options) == expected_csv);
    CHECK(read_all_blocks(table, options) == expected_csv);
  }
}

TEST_CASE("JSON: an array of objects, or of texts, gives its elements") {
  const test::TemporaryDirectory folder;
  const auto path = write_rows(folder, "a.json", "[\n {\"a\": \"]}\\\"\"},\n {\"a\": {\"b\": [1]}}\n]\n");
  CHECK(read_all(path) == Lines{"0@2 {\"a\": \"]}\\\"\"}", "1@3 {\"a\": {\"b\": [1]}}"});
  CHECK(read_all_blocks(path) == read_all(path));
  CHECK(read_all(write_rows(folder, "b.jsonl", "[{\"a\": 1}, {\"a\": 2}]")) ==
        Lines{"0@1 {\"a\": 1}", "1@1 {\"a\": 2}"});
  CHECK(read_all(write_rows(folder, "c.json", "[\"x\", \"y\"]")) ==
        Lines{"0@1 {\"text\": \"x\"}", "1@1 {\"text\": \"y\"}"});
  CHECK(read_all(write_rows(folder, "d.json", " [ ] \n")).empty());
  RowOptions options;
  options.block_bytes = 16;
  CHECK(read_all(path, options) == read_all(path));
}

TEST_CASE("JSON: a broken element is told with its place and does not spoil the others") {
  const test::TemporaryDirectory folder;
  const auto rows = read_all(write_rows(folder, "a.json", "[{\"a\": 1},\n  {\"a\": }, 7, {\"a\": 2}]"));
  REQUIRE(rows.size() == 4);
  CHECK(rows[0] == "0@1 {\"a\": 1}");
  CHECK(has(rows[1], "! a.json:2:9: "));
  CHECK(has(rows[2], "! a.json:2:12: a row is a JSON object, this is of type integer: \"7\""));
  CHECK(rows[3] == "3@2 {\"a\": 2}");
}

TEST_CASE("JSON: an array that is broken itself ends the reading") {
  const test::TemporaryDirectory folder;
  const auto last = [&](const std::string& text) { return read_all(write_rows(folder, "a.json", text)).back(); };
  CHECK(last("[{\"a\": 1} {\"a\": 2}]") == "! a.json:1:11: expected ',' or ']' behind an element, found \"{\"");
  CHECK(last("[{\"a\": 1},]") == "! a.json:1:11: expected a row, found \"]\"");
  CHECK(last("[,{\"a\": 1}]") == "! a.json:1:2: expected a row, found \",\"");
  CHECK(last("[{\"a\": 1}") == "! a.json:1:10: the file ends inside its array of rows");
  CHECK(last("[{\"a\": 1},") == "! a.json:1:11: the file ends inside its array of rows");
  CHECK(last("[{\"a\": 1}, {\"a\"") == "! a.json:1:12: the file ends inside this row");
  CHECK(last("[{\"a\": 1}] x") == "! a.json:1:12: expected the end of the file behind its array of rows, found \"x\"");
}

TEST_CASE("JSON: an object with one array of objects in it gives that array's elements") {
  const test::TemporaryDirectory folder;
  CHECK(read_all(
            write_rows(folder, "a.json", "{\"version\": \"1\", \"data\": [{\"q\": 1},\n{\"q\": 2}], \"n\": [1, 2]}")) ==
        Lines{"0@1 {\"q\": 1}", "1@2 {\"q\": 2}"});
  // A chat is a row, and so is an object with two such arrays, or none.
  CHECK(read_all(write_rows(folder, "b.json", "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}")).size() ==
        1);
  CHECK(read_all(write_rows(folder, "c.json", "{\"a\": [{\"b\": 1}],\n \"c\": [{\"d\": 1}]}")) ==
        Lines{"0@1 {\"a\": [{\"b\": 1}], \"c\": [{\"d\": 1}]}"});
  CHECK(read_all(write_rows(folder, "d.json", "{\"a\":\n 1}")) == Lines{"0@1 {\"a\": 1}"});
}

TEST_CASE("JSON: a .json file may hold lines, or objects one after the other") {
  const test::TemporaryDirectory folder;
  CHECK(read_all(write_rows(folder, "a.json", "{\"a\": 1}\n{\"a\": }\n{\"a\": 3}\n")).size() == 3);
  CHECK(read_all(write_rows(folder, "b.json", "{\n \"a\": 1\n}\n{\n \"a\": 2\n}\n")) ==
        Lines{"0@1 {\"a\": 1}", "1@4 {\"a\": 2}"});
  CHECK(has(read_all(write_rows(folder, "c.json", "{\"a\": \n{\"a\": 1}")).front(), "! c.json:1:"));
  CHECK(read_all(write_rows(folder, "d.json", "")).empty());
}

TEST_CASE("CSV: quotes, doubled quotes, line breaks in cells; an empty cell is null and text stays text") {
  const test::TemporaryDirectory folder;
  const auto path = write_rows(folder, "a.csv",
                               "\xEF\xBB\xBFname,\"the \"\"answer\"\"\",n\r\n"
                               "\"a, b\",\"line 1\nline 2\",1\r\n"
                               ",\"\",NA\r\n"
                               "\r\n"
                               "short\r\n"
                               "x,\"y\"z,0x\"1\"");
  CHECK(read_all(path) == Lines{"0@2 {\"name\": \"a, b\", \"the \\\"answer\\\"\": \"line 1\\nline 2\", \"n\": \"1\"}",
                                "1@4 {\"name\": null, \"the \\\"answer\\\"\": null, \"n\": \"NA\"}",
                                "2@6 {\"name\": \"short\", \"the \\\"answer\\\"\": null, \"n\": null}",
                                "3@7 {\"name\": \"x\", \"the \\\"answer\\\"\": \"yz\", \"n\": \"0x\\\"1\\\"\"}"});
  CHECK(read_all_blocks(path) == read_all(path));
  CHECK(read_all(write_rows(folder, "b.tsv", "a\tb\n1,5\t\"x\ty\"\n\t\n")) ==
        Lines{"0@2 {\"a\": \"1,5\", \"b\": \"x\\ty\"}", "1@3 {\"a\": null, \"b\": null}"});
  CHECK(read_all(write_rows(folder, "c.csv", "a,b\n")).empty());
  CHECK(read_all(write_rows(folder, "d.csv", "\n,b\n1,2\n")) == Lines{"0@3 {\"Unnamed: 0\": \"1\", \"b\": \"2\"}"});
  RowOptions options;
  options.delimiter = ';';
  CHECK(read_all(write_rows(folder, "e.csv", "a;b\n1;2\n"), options) == Lines{"0@2 {\"a\": \"1\", \"b\": \"2\"}"});
}

TEST_CASE("CSV: rows with too many cells, bad bytes and open quotes are told with their place") {
  const test::TemporaryDirectory folder;
  const auto rows = read_all(
      write_rows(folder, "a.csv",
                 "a,b\n1,2,3\nx,\xC3\n3,4\n5,n\xC3\xA9 \xE2\x82" + std::string("\n6,\0\n", 5) + "7,8\n\"open,\n1,2\n"));
  REQUIRE(rows.size() == 7);
  CHECK(rows[0] == "! a.csv:2:1: the row has 3 cells where the header has 2 columns");
  CHECK(rows[1] == "! a.csv:3:3: the byte \"\\xc3\" is not UTF-8");
  CHECK(rows[2] == "2@4 {\"a\": \"3\", \"b\": \"4\"}");
  CHECK(rows[3] == "! a.csv:5:6: the byte \"\\xe2\" is not UTF-8");
  CHECK(rows[4] == "! a.csv:6:3: a NUL byte cannot stand in text");
  CHECK(rows[5] == "5@7 {\"a\": \"7\", \"b\": \"8\"}");
  CHECK(rows[6] == "! a.csv:8:1: the quote that opens here is never closed");
}

TEST_CASE("CSV: a header that cannot be used is refused when the file is opened") {
  const test::TemporaryDirectory folder;
  CHECK(has(message_of(write_rows(folder, "a.csv", "")), "a.csv:1:1: the file has no header row"));
  CHECK(has(message_of(write_rows(folder, "a.csv", "\n \n")), "no header row"));
  CHECK(has(message_of(write_rows(folder, "a.csv", "a,b,a\n")), "a.csv:1:1: the header names the column \"a\" twice"));
  CHECK(has(message_of(write_rows(folder, "a.csv", "\n\"a,b\n1,2\n")),
            "a.csv:2:1: a quote in the header is never closed"));
  CHECK(has(message_of(write_rows(folder, "a.csv", "a,\xFF\n")), "header is not text in UTF-8"));
  std::string wide = "c0";
  for (int i = 1; i < 100'000; ++i) wide += cat(",c", i);
  CHECK(has(message_of(write_rows(folder, "a.csv", wide + "\n")),
            "the header has 100000 columns; at most 4096 are read"));
}

TEST_CASE("Text: a row is a line that is not blank, a paragraph, or the whole file") {
  const test::TemporaryDirectory folder;
  const auto path = write_rows(folder, "a.txt", "\xEF\xBB\xBF one \r\ntwo\r\n\r\n \n\nthree\nbad \xFF\n\nfour");
  CHECK(read_all(path) == Lines{"0@1 {\"text\": \" one \"}", "1@2 {\"text\": \"two\"}", "2@6 {\"text\": \"three\"}",
                                "! a.txt:7:5: the byte \"\\xff\" is not UTF-8", "4@9 {\"text\": \"four\"}"});
  CHECK(read_all_blocks(path) == read_all(path));
  RowOptions options;
  options.text_rows = TextRows::paragraph;
  CHECK(read_all(path, options) == Lines{"0@1 {\"text\": \" one \\ntwo\"}",
                                         "! a.txt:7:5: the byte \"\\xff\" is not UTF-8", "2@9 {\"text\": \"four\"}"});
  options.block_bytes = 16;
  CHECK(read_all_blocks(path, options) == read_all(path, options));
  options.text_rows = TextRows::document;
  const auto whole = write_rows(folder, "b.txt", "a\r\n\r\nb\n");
  CHECK(read_all(whole, options) == Lines{"0@1 {\"text\": \"a\\n\\nb\\n\"}"});
  CHECK(read_all_blocks(whole, options) == read_all(whole, options));
  CHECK(read_all(write_rows(folder, "c.txt", "\n \n"), options).empty());
}

TEST_CASE("A file that is no text in UTF-8 is refused with what to do") {
  const test::TemporaryDirectory folder;
  CHECK(has(message_of(write_rows(folder, "a.jsonl", std::string("\xFF\xFE{\0", 4))), "UTF-16 text"));
  CHECK(has(message_of(write_rows(folder, "a.jsonl", std::string("\xFF\xFE{\0", 4))), "iconv -f UTF-16"));
  CHECK(has(message_of(write_rows(folder, "a.csv", std::string("a\0,\0b\0", 6))), "UTF-16 text"));
  CHECK(has(message_of(write_rows(folder, "a.json", std::string("\0{\0}", 4))), "UTF-16 text"));
  CHECK(has(message_of(write_rows(folder, "a.jsonl", "\x1F\x8B\x08")), "gunzip"));
  CHECK(has(message_of(write_rows(folder, "a.csv", "PK\x03\x04")), "Excel"));
  CHECK_THROWS_AS(formats::open_rows(folder / "none.jsonl"), RunError);
  std::filesystem::create_directory(folder / "d.jsonl");
  CHECK_THROWS_AS(formats::open_rows(folder / "d.jsonl"), RunError);
}

TEST_CASE("The digest of a file comes with reading it, and bytes read end at its size") {
  const test::TemporaryDirectory folder;
  for (const auto* name : {"a.jsonl", "a.json", "a.csv", "a.txt"}) {
    const std::string body =
        std::string(name) == "a.json" ? "[{\"a\": 1}, {\"a\": 2}] \n" : "\xEF\xBB\xBF{\"a\":1}\n{\"a\":2}\n";
    const auto path = write_rows(folder, name, body);
    const formats::RowOptions options{.with_digest = true};
    const auto reader = formats::open_rows(path, options);
    CHECK(reader->digest_hex().empty());
    CHECK(reader->size_bytes() == body.size());
    formats::Row row;
    REQUIRE(reader->next(row));
    CHECK(reader->bytes_read() > 0);
    CHECK(reader->bytes_read() <= body.size());
    while (reader->next(row)) {
    }
    CHECK(reader->digest_hex() == sha256_file(path));
    CHECK(reader->bytes_read() == body.size());
    formats::RowBlocks blocks(path, options);
    for (formats::RowBlock block; blocks.next(block);) {
    }
    CHECK(blocks.digest_hex() == sha256_file(path));
    CHECK(blocks.bytes_read() == body.size());
  }
}

TEST_CASE("What is wrong with a very long row is told without copies of it") {
  const test::TemporaryDirectory folder;
  const std::string text(std::size_t{1} << 20, 'x');
  const auto problem = [&](const std::string& row) { return read_all(write_rows(folder, "a.jsonl", row + "\n{}\n")); };
  const auto first = [&](const std::string& row) {
    const auto rows = problem(row);
    REQUIRE(rows.size() == 2);
    CHECK(rows[1] == "1@2 {}");
    return rows[0];
  };
  CHECK(first("{\"a\": \"" + text) == "! a.jsonl:1:1: the row of 1048583 bytes is not JSON");
  CHECK(first("{\"a\": \"" + text + "\\ud800\"}") == "! a.jsonl:1:1048584: half of a surrogate pair stands alone");
  CHECK(first("{\"a\": \"" + text + "\xFF\"}") == "! a.jsonl:1:1048584: this byte is not UTF-8");
  CHECK(first("{\"a\": \"" + text + "\", \"b\": 1, \"b\": 2}") == "! a.jsonl:1:1: a key appears twice in one object");
  CHECK(first("{\"a\": \"" + text + "\", \"b\": " + std::string(64, '[') + std::string(64, ']') + "}") ==
        "! a.jsonl:1:1: nested deeper than 64 levels");
  CHECK(first("{\"a\": \"" + text + "\", \"b\": " + std::string(2000, '[') + std::string(2000, ']') + "}") ==
        "! a.jsonl:1:1: nested deeper than 64 levels");
  CHECK(has(first("{\"b\": 1e999, \"a\": \"" + text + "\"}"), "out of range"));
  // An integer that simdjson does not read is a row all the same.
  CHECK(has(first("{\"b\": 123456789012345678901234567890, \"a\": \"" + text + "\"}"),
            "0@1 {\"b\": 1.2345678901234568e+29"));
}

TEST_CASE("A byte order mark may stand in front of a row, once") {
  const test::TemporaryDirectory folder;
  const auto rows = read_all(
      write_rows(folder, "a.jsonl", "{\"a\": 1}\n\xEF\xBB\xBF{\"a\": 2}\n\xEF\xBB\xBF\xEF\xBB\xBF{\"a\": 3}\n"));
  REQUIRE(rows.size() == 3);
  CHECK(rows[1] == "1@2 {\"a\": 2}");
  CHECK(rows[2] == "! a.jsonl:3:1: a byte order mark cannot stand in JSON");
}

TEST_CASE("Hostile rows are refused by a named limit, and the next row is read") {
  const test::TemporaryDirectory folder;
  const auto repeated = [](const std::string& piece, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += piece;
    return out;
  };
  const auto check = [&](const std::string& row, const std::string& part) {
    const auto rows = read_all(write_rows(folder, "a.jsonl", row + "\n{\"b\": 1}\n"));
    REQUIRE(rows.size() == 2);
    CHECK(has(rows[0], part));
    CHECK(rows[1] == "1@2 {\"b\": 1}");
  };
  check("{\"a\": [0" + repeated(",0", 1 << 20) + "]}", "more than 1048576 values");
  check("{\"a\": [{}" + repeated(",{}", 1 << 20) + "]}", "more than 1048576 values");
  check("{\"a\": [" + repeated("\"\",", (1 << 20) + 1) + "0]}", "more than 1048576 values");
  check(repeated("{\"a\":", 100'000), "! a.jsonl:1:");
  check(repeated("{\"a\":", 65) + "1" + repeated("}", 65), "nested deeper than 64 levels");
  check(repeated("{\"a\":", 64) + "1" + repeated("}", 64) + "x", "! a.jsonl:1:");
  std::string columns = "{\"c\": 0";
  for (int i = 0; i < 100'000; ++i) columns += cat(",\"c", i, "\":0");
  check(columns + "}", "the row has 100001 columns; at most 4096 are read");
  // As many commas in a text are no values.
  const auto rows =
      read_all(write_rows(folder, "b.jsonl", "{\"a\": \"" + std::string(std::size_t{3} << 20, ',') + "\"}"));
  REQUIRE(rows.size() == 1);
  CHECK(has(rows[0], "0@1 {\"a\": \",,,"));
}

TEST_CASE("A row beyond the limit on bytes is skipped without being kept, whatever its form") {
  const test::TemporaryDirectory folder;
  RowOptions options;
  options.limits.max_row_bytes = 1000;
  options.block_bytes = 64;
  const std::string text(5000, 'x');
  CHECK(read_all(write_rows(folder, "a.jsonl", "{}\n\n{\"a\": \"" + text + "\"}\n{\"b\": 1}\n\n{}"), options) ==
        Lines{"0@1 {}", "! a.jsonl:3:1: the row has more than 1000 bytes, which is as much as is read of one row",
              "2@4 {\"b\": 1}", "3@6 {}"});
  CHECK(read_all(write_rows(folder, "b.jsonl", "{}\n" + std::string(5000, ' ') + "\n{\"b\": 1}\n"), options) ==
        Lines{"0@1 {}", "1@3 {\"b\": 1}"});
  CHECK(read_all(write_rows(folder, "c.jsonl", "{}\n{\"a\": \"" + text), options) ==
        Lines{"0@1 {}", "! c.jsonl:2:1: the row has more than 1000 bytes, which is as much as is read of one row"});
  CHECK(read_all(write_rows(folder, "d.csv", "a,b\n1,2\n\"" + text + "\n\n" + text + "\",2\n3,4\n"), options) ==
        Lines{"0@2 {\"a\": \"1\", \"b\": \"2\"}",
              "! d.csv:3:1: the row has more than 1000 bytes, which is as much as is read of one row",
              "2@6 {\"a\": \"3\", \"b\": \"4\"}"});
  CHECK(read_all(write_rows(folder, "e.json", "[{\"a\": \"" + text + "\"},\n{\"b\": 1}]"), options) ==
        Lines{"! e.json:1:2: the row has more than 1000 bytes, which is as much as is read of one row",
              "1@2 {\"b\": 1}"});
  options.text_rows = TextRows::document;
  CHECK(read_all(write_rows(folder, "f.txt", text), options) ==
        Lines{"! f.txt:1:1: the row has more than 1000 bytes, which is as much as is read of one row"});
  CHECK(has(message_of(write_rows(folder, "g.csv", "\"" + text), options),
            "g.csv:1:1: the row has more than 1000 bytes"));
  for (const auto* name : {"a.jsonl", "b.jsonl", "c.jsonl", "d.csv", "e.json", "f.txt"})
    CHECK(read_all_blocks(folder / name, options) == read_all(folder / name, options));
}
