// Rows taken out of files: every other byte stays, whatever the layout, and nothing is lost when something goes wrong.
#include "forgelm/formats/row_erasure.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <set>
#include <thread>

#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/rows.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using formats::RowEraser;
namespace fs = std::filesystem;

formats::RowTest with_ids(const std::set<std::string>& ids) {
  return {[](std::string_view) { return true; },
          [ids](const Json& row) -> std::optional<std::string> {
            const Json* id = row.find("id");
            const bool is_meant = id != nullptr && id->kind() == Json::Kind::text && ids.count(id->text()) != 0;
            return is_meant ? std::optional<std::string>("id") : std::nullopt;
          }};
}

/// The file's bytes without the rows of these ids.
std::string without(const std::string& name, const std::string& bytes, const std::set<std::string>& ids,
                    std::vector<std::uint64_t>* lines = nullptr) {
  const test::TemporaryDirectory folder;
  write_file_durably(folder / name, bytes);
  RowEraser eraser(folder / name);
  const auto found = eraser.search(with_ids(ids), 3);
  CHECK(eraser.sha256() == sha256_hex(bytes));
  if (lines != nullptr)
    for (const auto& row : found) lines->push_back(row.line);
  const std::uint64_t freed = eraser.erase();
  const std::string after = read_file(folder / name);
  CHECK(freed == bytes.size() - after.size());
  CHECK(eraser.sha256() == sha256_hex(after));
  return after;
}

std::vector<Json> rows_of(const std::string& name, const std::string& bytes) {
  const test::TemporaryDirectory folder;
  write_file_durably(folder / name, bytes);
  std::vector<Json> rows;
  const auto reader = formats::open_rows(folder / name);
  for (formats::Row row; reader->next(row);) rows.push_back(row.value);
  return rows;
}

}  // namespace

TEST_CASE("row erasure: lines of JSON lose their rows and nothing else") {
  const std::string bytes =
      "\xEF\xBB\xBF{\"id\": \"a\"}\n\n   \n  {\"id\": \"b\",  \"x\" : 1e5 }\r\nnot json\n{\"id\": "
      "\"c\"}\n{\"id\":\"d\"}";
  std::vector<std::uint64_t> lines;
  CHECK(without("r.jsonl", bytes, {"b"}, &lines) ==
        "\xEF\xBB\xBF{\"id\": \"a\"}\n\n   \nnot json\n{\"id\": \"c\"}\n{\"id\":\"d\"}");
  CHECK(lines == std::vector<std::uint64_t>{4});
  CHECK(without("r.jsonl", bytes, {"a"}) ==
        "\xEF\xBB\xBF\n   \n  {\"id\": \"b\",  \"x\" : 1e5 }\r\nnot json\n{\"id\": \"c\"}\n{\"id\":\"d\"}");
  CHECK(without("r.jsonl", bytes, {"d"}) ==
        "\xEF\xBB\xBF{\"id\": \"a\"}\n\n   \n  {\"id\": \"b\",  \"x\" : 1e5 }\r\nnot json\n{\"id\": \"c\"}\n");
  CHECK(without("r.jsonl", bytes, {"nobody"}) == bytes);
  CHECK(without("r.jsonl", "{\"id\":\"a\"}\n", {"a"}) == "");
}

TEST_CASE("row erasure: CSV keeps quotes, blanks and line ends of the rows that stay") {
  const std::string bytes = "id,text\r\na,\"one\ntwo\"\r\n\r\n b ,\"say \"\"hi\"\"\"\nb,x\nc,\n";
  CHECK(without("r.csv", bytes, {"a"}) == "id,text\r\n\r\n b ,\"say \"\"hi\"\"\"\nb,x\nc,\n");
  CHECK(without("r.csv", bytes, {"b"}) == "id,text\r\na,\"one\ntwo\"\r\n\r\n b ,\"say \"\"hi\"\"\"\nc,\n");
  CHECK(without("r.csv", bytes, {"c"}) == "id,text\r\na,\"one\ntwo\"\r\n\r\n b ,\"say \"\"hi\"\"\"\nb,x\n");
  CHECK(without("r.tsv", "text\tid\n\n\tx\n\ta\n", {"x"}) == "text\tid\n\n\ta\n");
}

TEST_CASE("row erasure: an array of JSON stays an array") {
  const std::string bytes = " [ {\"id\": \"a\"} ,\n {\"id\": \"b\"},{\"id\": \"c\"}\n]\n";
  CHECK(without("r.json", bytes, {"a"}) == " [ {\"id\": \"b\"},{\"id\": \"c\"}\n]\n");
  CHECK(without("r.json", bytes, {"b"}) == " [ {\"id\": \"a\"},{\"id\": \"c\"}\n]\n");
  CHECK(without("r.json", bytes, {"c"}) == " [ {\"id\": \"a\"} ,\n {\"id\": \"b\"}\n]\n");
  CHECK(without("r.json", bytes, {"a", "b"}) == " [ {\"id\": \"c\"}\n]\n");
  CHECK(without("r.json", bytes, {"a", "c"}) == " [ {\"id\": \"b\"}\n]\n");
  CHECK(without("r.json", bytes, {"a", "b", "c"}) == " [ \n]\n");
  CHECK(without("r.json", "{\"version\": 1, \"rows\": [{\"id\": \"a\"}, {\"id\": \"b\"}]}", {"a"}) ==
        "{\"version\": 1, \"rows\": [{\"id\": \"b\"}]}");
  CHECK(without("r.json", "{\n\"id\": \"a\"}\n{\n\"id\": \"b\"}\n", {"a"}) == "{\n\"id\": \"b\"}\n");
  CHECK(without("r.jsonl", "[{\"id\": \"a\"}, {\"id\": \"b\"}]", {"b"}) == "[{\"id\": \"a\"}]");
}

TEST_CASE("row erasure: what is left are the rows that were not meant, for any file") {
  std::mt19937 random(7);
  const auto draw = [&](int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); };
  for (int round = 0; round < 300; ++round) {
    const int layout = round % 3;
    const char* const name = layout == 0 ? "r.jsonl" : layout == 1 ? "r.json" : "r.csv";
    std::string bytes = layout == 1 ? "[" : layout == 2 ? "id,text\n" : "";
    std::set<std::string> ids;
    const int num_rows = draw(12);
    for (int i = 0; i < num_rows; ++i) {
      const std::string id = cat("row", i);
      if (draw(3) == 0) ids.insert(id);
      const std::string blanks(static_cast<std::size_t>(draw(3)), ' ');
      if (layout == 2) bytes += cat(id, ",\"a \"\"", blanks, "\n", i, "\"", draw(2) == 0 ? "\r\n" : "\n");
      else
        bytes += cat(layout == 1 && i > 0 ? "," : "", blanks, "{\"id\":\"", id, "\",\"text\":\"a,]}\\\"", i, "\"}",
                     draw(2) == 0 ? " " : "", layout == 0 || draw(2) == 0 ? "\n" : "", draw(4) == 0 ? "\n" : "");
    }
    if (layout == 1) bytes += "]";
    INFO(bytes);
    std::vector<Json> expected = num_rows == 0 ? std::vector<Json>() : rows_of(name, bytes);
    expected.erase(std::remove_if(expected.begin(), expected.end(),
                                  [&](const Json& row) { return ids.count(row.at("id").text()) != 0; }),
                   expected.end());
    const std::string after = without(name, bytes, ids);
    CHECK((num_rows == 0 ? std::vector<Json>() : rows_of(name, after)) == expected);
  }
}

TEST_CASE("row erasure: a file of many blocks is searched by several threads with the same outcome") {
  std::string bytes, expected;
  std::set<std::string> ids;
  for (int i = 0; i < 60'000; ++i) {
    const std::string row = cat("{\"id\": \"", i, "\", \"text\": \"", std::string(60, 'x'), "\"}\n");
    bytes += row;
    if (i % 997 == 3) ids.insert(cat(i));
    else expected += row;
  }
  std::vector<std::uint64_t> lines;
  CHECK(without("r.jsonl", bytes, ids, &lines) == expected);
  REQUIRE(lines.size() == ids.size());
  for (std::size_t i = 0; i < lines.size(); ++i) CHECK(lines[i] == 997 * i + 4);
}

TEST_CASE("row erasure: a kill or a failure at any step leaves the old file or the new one") {
  for (const std::string_view point : failpoint::names("durable."))
    for (const int why : {ENOSPC, EIO}) {
      INFO(point << " " << why);
      const test::TemporaryDirectory folder;
      const std::string before = "{\"id\": \"a\"}\n{\"id\": \"b\"}\n";
      write_file_durably(folder / "r.jsonl", before);
      {
        RowEraser eraser(folder / "r.jsonl");
        eraser.search(with_ids({"a"}), 1);
        failpoint::arm(point, failpoint::Action::error, why);
        try {
          eraser.erase();
        } catch (const RunError&) {
        }
        failpoint::disarm_all();
      }
      const std::string after = read_file(folder / "r.jsonl");
      CHECK((after == before || after == "{\"id\": \"b\"}\n"));
      RowEraser again(folder / "r.jsonl");
      again.search(with_ids({"a"}), 1);
      again.erase();
      CHECK(read_file(folder / "r.jsonl") == "{\"id\": \"b\"}\n");
      // Nothing temporary is left that could still hold the row.
      CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
    }
}

TEST_CASE("row erasure: a file that changed since it was searched is not touched") {
  const test::TemporaryDirectory folder;
  write_file_durably(folder / "r.jsonl", "{\"id\": \"a\"}\n{\"id\": \"b\"}\n");
  RowEraser eraser(folder / "r.jsonl");
  eraser.search(with_ids({"a"}), 1);
  const std::string changed = "{\"id\": \"x\"}\n{\"id\": \"a\"}\n";
  {
    AppendFile file(folder / "r.jsonl");
    file.cut(0);
    file.append(changed);
  }
  CHECK_THROWS_AS(eraser.erase(), RunError);
  CHECK(read_file(folder / "r.jsonl") == changed);
}

TEST_CASE("row erasure: links are followed, modes kept, and other names told") {
  const test::TemporaryDirectory folder;
  write_file_durably(folder / "real.jsonl", "{\"id\": \"a\"}\n{\"id\": \"b\"}\n", 0640);
  ::chmod((folder / "real.jsonl").c_str(), 0640);
  fs::create_symlink("real.jsonl", folder / "link.jsonl");
  {
    RowEraser eraser(folder / "link.jsonl");
    CHECK(eraser.path() == fs::canonical(folder / "real.jsonl"));
    CHECK_FALSE(eraser.has_other_names());
    eraser.search(with_ids({"a"}), 1);
    eraser.erase();
  }
  CHECK(fs::is_symlink(folder / "link.jsonl"));
  CHECK(read_file(folder / "real.jsonl") == "{\"id\": \"b\"}\n");
  struct stat info {};
  REQUIRE(::stat((folder / "real.jsonl").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0640);
  fs::create_hard_link(folder / "real.jsonl", folder / "other.jsonl");
  CHECK(RowEraser(folder / "real.jsonl").has_other_names());
}

TEST_CASE("row erasure: two erasers at once do not bring back each other's rows") {
  const test::TemporaryDirectory folder;
  std::string bytes;
  std::set<std::string> ids;
  for (int i = 0; i < 24; ++i) {
    bytes += cat("{\"id\": \"", i, "\"}\n");
    ids.insert(cat(i));
  }
  write_file_durably(folder / "r.jsonl", bytes);
  std::vector<std::thread> threads;
  for (int which = 0; which < 3; ++which)
    threads.emplace_back([&, which] {
      for (int i = which; i < 24; i += 3) {
        RowEraser eraser(folder / "r.jsonl");
        eraser.search(with_ids({cat(i)}), 1);
        eraser.erase();
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(read_file(folder / "r.jsonl") == "");
}

TEST_CASE("row erasure: files that cannot be cut are refused with what to do") {
  const test::TemporaryDirectory folder;
  write_file_durably(folder / "r.txt", "a\n");
  write_file_durably(folder / "r.parquet", "PAR1");  // broken; and a build may not read Parquet at all
  for (const char* name : {"r.txt", "r.parquet", "missing.jsonl"}) {
    INFO(name);
    CHECK_THROWS_AS(RowEraser(folder / name), ConfigError);
  }
  CHECK_THROWS_AS(RowEraser(folder.path()), ConfigError);
}
