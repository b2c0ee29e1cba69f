// A glance at a data set: rows, columns and lengths from the first MiB of each file, and where the data is.
// Expected numbers are counted by hand from the files that each test writes.
#include "forgelm/data/glance.hpp"

#include <filesystem>
#include <fstream>

#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using data::glance;
using data::Where;

std::string write(const test::TemporaryDirectory& folder, const std::string& name, const std::string& text) {
  const auto path = folder / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
  return path.native();
}

std::string repeat(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("glance: rows held out for evaluation follow the reference's formula") {
  // ceil(max(min(0.1, 2000 / n), 0.01) * n): a tenth up to 20,000 rows, then 2,000, from 200,000 rows on a hundredth.
  CHECK(data::num_held_out_rows(0) == 0);
  CHECK(data::num_held_out_rows(1) == 0);
  CHECK(data::num_held_out_rows(2) == 1);
  CHECK(data::num_held_out_rows(10) == 1);
  CHECK(data::num_held_out_rows(11) == 2);
  CHECK(data::num_held_out_rows(40) == 4);
  CHECK(data::num_held_out_rows(95) == 10);
  CHECK(data::num_held_out_rows(20'000) == 2'000);
  CHECK(data::num_held_out_rows(25'000) == 2'000);
  CHECK(data::num_held_out_rows(160'000) == 2'000);
  CHECK(data::num_held_out_rows(400'000) == 4'000);
}

TEST_CASE("glance: four bytes are a token") {
  CHECK(data::estimated_tokens(0) == 0);
  CHECK(data::estimated_tokens(10) == 2.5);
}

TEST_CASE("glance: JSON lines give rows, columns in order of appearance, and the mean length of their text") {
  const test::TemporaryDirectory folder;
  // 6 bytes of text in the first row, 4 in the second; numbers are no text; empty lines are no rows.
  const auto found = glance(
      write(folder, "a.jsonl",
            "{\"prompt\": \"abc\", \"n\": 5, \"messages\": [{\"content\": \"xyz\"}]}\n\n{\"completion\": \"wxyz\"}"));
  CHECK(found.where == Where::file);
  CHECK(found.problem.empty());
  CHECK(found.num_rows == 2);
  CHECK_FALSE(found.num_eval_rows.has_value());
  CHECK(found.columns == std::vector<std::string>{"prompt", "n", "messages", "completion"});
  CHECK(found.text_bytes_per_row == 5.0);
  CHECK_FALSE(found.is_estimate);
}

TEST_CASE("glance: a JSON file is an array of rows, or lines of rows") {
  const test::TemporaryDirectory folder;
  const auto array = glance(write(
      folder, "a.json", "[\n  {\"text\": \"a ] } \\\" b\"},\n  {\"text\": \"c\", \"meta\": {\"k\": [1, 2]}}\n]\n"));
  CHECK(array.num_rows == 2);
  CHECK(array.problem.empty());
  CHECK(array.columns == std::vector<std::string>{"text", "meta"});
  const auto lines = glance(write(folder, "b.json", "{\"text\": \"a\"}\n{\"text\": \"b\"}\n{\"text\": \"c\"}\n"));
  CHECK(lines.num_rows == 3);
  const auto empty = glance(write(folder, "c.json", "[]"));
  CHECK(empty.num_rows == 0);
}

TEST_CASE("glance: quotes in a CSV file hold commas and line breaks") {
  const test::TemporaryDirectory folder;
  const auto found =
      glance(write(folder, "a.csv", "instruction,output\r\n\"one, two\",\"three\nfour\"\r\nfive,six\r\n"));
  CHECK(found.num_rows == 2);
  CHECK(found.columns == std::vector<std::string>{"instruction", "output"});
  // one, two (8) three\nfour (10) five (4) six (3): 25 bytes in two rows
  CHECK(found.text_bytes_per_row == 12.5);
  CHECK(glance(write(folder, "b.csv", "text\nlast line without a break")).num_rows == 1);
  CHECK(glance(write(folder, "c.csv", "text\n")).num_rows == 0);
}

TEST_CASE("glance: a text file has a row per line that is not empty") {
  const test::TemporaryDirectory folder;
  const auto found = glance(write(folder, "a.txt", "one\n\n  \nthree\n"));
  CHECK(found.num_rows == 2);
  CHECK(found.columns == std::vector<std::string>{"text"});
  CHECK(found.text_bytes_per_row == 4.0);
}

TEST_CASE("glance: the first broken row is told with its line, and rows are counted all the same") {
  const test::TemporaryDirectory folder;
  const auto found =
      glance(write(folder, "a.jsonl", "{\"text\": \"a\"}\n\n{\"text\": \n{\"text\": \"c\"}\nnonsense\n"));
  CHECK(found.num_rows == 4);
  CHECK(found.problem.find("a.jsonl:3:9: ") != std::string::npos);
  CHECK(glance(write(folder, "b.jsonl", "{\"text\": \"a\"}\n[1]\n"))
            .problem.find("b.jsonl:2:1: a row is a JSON object") != std::string::npos);
  CHECK(glance(write(folder, "c.json", "[{\"a\": 1}, {\"a\": }]")).problem.find("c.json:1:18: ") != std::string::npos);
}

TEST_CASE("glance: of a large file the first MiB is read and the rest is estimated") {
  const test::TemporaryDirectory folder;
  const std::string row = "{\"text\": \"" + std::string(52, 'x') + "\"}\n";
  REQUIRE(row.size() == 65);
  const int num_rows = 50'000;  // 3.25 MB
  const auto found = glance(write(folder, "a.jsonl", repeat(row, num_rows)));
  CHECK(found.is_estimate);
  REQUIRE(found.num_rows.has_value());
  // The cut-off row at the end of the part is not counted: off by less than a part's row, scaled.
  CHECK(std::abs(*found.num_rows - num_rows) <= 5);
  CHECK(found.problem.empty());
  CHECK(found.text_bytes_per_row == 52.0);
  // What stands behind the first MiB is not looked at, however broken.
  const auto broken = glance(write(folder, "b.jsonl", repeat(row, 17'000) + "nonsense\n"));
  CHECK(broken.problem.empty());
  CHECK(broken.is_estimate);
}

TEST_CASE("glance: files in a directory are splits by their names") {
  const test::TemporaryDirectory folder;
  const std::string row = "{\"text\": \"abcd\"}\n";
  write(folder, "d/train-00.jsonl", repeat(row, 3));
  write(folder, "d/train-01.jsonl", repeat(row, 4));
  write(folder, "d/validation.jsonl", repeat(row, 2));
  write(folder, "d/other.jsonl", repeat(row, 50));
  write(folder, "d/README.md", "no rows");
  const auto found = glance((folder / "d").native());
  CHECK(found.where == Where::directory);
  CHECK(found.num_rows == 7);
  CHECK(found.num_eval_rows == 2);
  CHECK(found.columns == std::vector<std::string>{"text"});
  write(folder, "plain/a.jsonl", repeat(row, 5));
  write(folder, "plain/b.jsonl", repeat(row, 6));
  const auto plain = glance((folder / "plain").native());
  CHECK(plain.num_rows == 11);
  CHECK_FALSE(plain.num_eval_rows.has_value());
  std::filesystem::create_directory(folder / "empty");
  CHECK(glance((folder / "empty").native()).problem.find("no files of rows") != std::string::npos);
}

TEST_CASE("glance: what is no file is a name on the Hub or missing") {
  CHECK(glance("tatsu-lab/alpaca").where == Where::hub);
  CHECK(glance("imdb").where == Where::hub);
  CHECK(glance("./nothing").where == Where::missing);
  CHECK(glance("/nothing/at/all").where == Where::missing);
  CHECK(glance("nothing.jsonl").where == Where::missing);
  CHECK(glance("folder/nothing.csv").where == Where::missing);
  CHECK(glance("").where == Where::missing);
}

TEST_CASE("glance: rows of Parquet and of files that are no rows are not guessed") {
  const test::TemporaryDirectory folder;
  const auto parquet = glance(write(folder, "a.parquet", "PAR1"));
  CHECK_FALSE(parquet.num_rows.has_value());
  CHECK(parquet.problem.find("Parquet") != std::string::npos);
  const auto other = glance(write(folder, "a.docx", "PK"));
  CHECK_FALSE(other.num_rows.has_value());
  CHECK(other.problem.find("\".docx\"") != std::string::npos);
}
