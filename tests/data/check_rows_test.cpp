// The check of rows: what is wrong is named by its place, whatever the number of threads, and trainers differ in what
// they need.
#include "forgelm/data/check_rows.hpp"

#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/statistics.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using config::TrainerType;
namespace fs = std::filesystem;

struct Place {
  test::TemporaryDirectory folder;
  fs::path file(const std::string& name, const std::string& text) const {
    write_file_durably(folder / name, text);
    return folder / name;
  }
};

data::CheckReport check(const fs::path& path, TrainerType trainer, int num_threads = 1, std::uint64_t min_rows = 1) {
  data::CheckOptions options;
  options.rules.trainer = trainer;
  options.min_rows = min_rows;
  options.num_threads = num_threads;
  return data::check_rows(data::find_source(path.native()), options);
}

std::vector<std::string> told(const data::CheckReport& report) {
  std::vector<std::string> out;
  for (const Diagnostic& finding : report.findings)
    out.push_back(cat(fs::path(finding.spot.file).filename().native(), ":", finding.spot.line, " ", finding.code, " ",
                      finding.path, finding.severity == Severity::error ? " error" : " warning"));
  return out;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("check of rows: every row is read, and each kind of fault has its place and weight") {
  const Place place;
  const auto report = check(place.file("pairs.jsonl",
                                       "{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"c\"}\n"
                                       "{\"prompt\": \"a\", \"chosen\": [], \"rejected\": \"c\"}\n"
                                       "\n"
                                       "{\"prompt\": \" \", \"chosen\": \"b\", \"rejected\": \"c\"}\n"
                                       "{\"chosen\": \"b\", \"rejected\": \"c\"}\n"
                                       "[1]\n"
                                       "{\"prompt\": \"a\", \"chosen\": \"b\"}\n"),
                            TrainerType::dpo);
  CHECK(report.has_error);
  REQUIRE(report.splits.size() == 1);
  const auto& split = report.splits[0];
  CHECK(split.num_rows == 6);
  CHECK(split.num_usable == 3);
  CHECK(split.num_wrong + split.num_dropped + split.num_empty == 4);  // the blank prompt is usable and empty
  const Lines lines = told(report);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].starts_with("pairs.jsonl:2 "));
  CHECK(lines[1] == "pairs.jsonl:4 empty_value prompt warning");
  CHECK(lines[2].starts_with("pairs.jsonl:6 "));
  CHECK(lines[3].starts_with("pairs.jsonl:7 "));
}

TEST_CASE("check of rows: the findings are the same for any number of threads") {
  const Place place;
  std::string text;
  for (int i = 0; i < 60000; ++i)
    text += i % 7000 == 13 ? "{\"prompt\": 5, \"completion\": \"x\"}\n"
            : i % 9000 == 1
                ? "{\"prompt\": \"\", \"completion\": \"x\"}\n"
                : "{\"prompt\": \"a question of some length, so that blocks fill\", \"completion\": \"x\"}\n";
  REQUIRE(text.size() > (std::size_t{3} << 20));  // several blocks
  const fs::path file = place.file("rows.jsonl", text);
  const auto one = check(file, TrainerType::sft, 1), many = check(file, TrainerType::sft, 8);
  CHECK(told(one).size() == 9 + 7);
  CHECK(told(one)[0] == "rows.jsonl:2 empty_value prompt warning");
  CHECK(told(one) == told(many));
  CHECK(one.splits[0].num_rows == 60000);
  CHECK(many.splits[0].num_usable == one.splits[0].num_usable);
}

TEST_CASE("check of rows: every split is read, and the least number of rows is asked of the training split") {
  const Place place;
  fs::create_directory(place.folder / "set");
  place.file("set/train.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b\"}\n");
  place.file("set/validation.jsonl", "{\"text\": 3}\n");
  const auto report = check(place.folder / "set", TrainerType::sft, 2, 2);
  REQUIRE(report.splits.size() == 2);
  CHECK(report.splits[1].num_wrong == 1);
  CHECK(report.has_error);
  CHECK(told(check(place.folder / "set", TrainerType::sft, 2, 3)).back() == "set:0 too_few_rows  error");
}

TEST_CASE("check of rows: findings beyond the limit are counted, and their weight holds") {
  const Place place;
  std::string text = "{\"text\": \"good\"}\n";
  for (int i = 0; i < 50; ++i) text += "{\"text\": \"\"}\n";
  text += "{\"text\": 1}\n";
  data::CheckOptions options;
  options.min_rows = 1;
  options.max_findings = 3;
  const auto report = data::check_rows(data::find_source(place.file("rows.jsonl", text).native()), options);
  CHECK(report.findings.size() == 3);
  CHECK(report.num_findings == 51);
  CHECK(report.has_error);
}

TEST_CASE("check of rows: message trees are put together before they are judged") {
  const Place place;
  const auto report =
      check(place.file("trees.jsonl",
                       "{\"message_id\": \"1\", \"parent_id\": null, \"text\": \"hi\", \"role\": \"prompter\"}\n"
                       "{\"message_id\": \"2\", \"parent_id\": \"1\", \"text\": \"ho\", \"role\": \"assistant\"}\n"
                       "{\"message_id\": \"3\", \"parent_id\": null, \"text\": \"alone\", \"role\": \"prompter\"}\n"),
            TrainerType::sft);
  CHECK(report.splits.at(0).num_rows == 3);
  CHECK(report.splits[0].num_usable == 2);
  CHECK(report.splits[0].num_dropped == 1);
  CHECK_FALSE(report.has_error);
}

TEST_CASE("statistics: rows, columns and lengths by arithmetic") {
  const Place place;
  const auto splits = data::data_statistics(data::find_source(
      place
          .file("rows.jsonl",
                "{\"a\": \"xx\", \"b\": [{\"c\": \"y\\u00e9\"}]}\n{\"a\": \"  \", \"n\": 4}\n{\"b\": null}\nbroken\n")
          .native()));
  REQUIRE(splits.size() == 1);
  const auto& split = splits[0];
  CHECK(split.num_rows == 4);
  CHECK(split.num_unreadable == 1);
  CHECK(split.text_bytes == 2 + 3 + 2);
  CHECK(split.lengths.min() == 0);
  CHECK(split.lengths.max() == 4);
  CHECK(split.lengths.percentile(50) == 2);
  Lines columns;
  for (const auto& column : split.columns)
    columns.push_back(cat(column.name, " ", column.num_rows, " ", column.num_empty));
  CHECK(columns == Lines{"a 2 1", "b 2 1", "n 1 0"});
}
