// What benchmarks and data share, against a plain implementation (tools/golden/audit/contamination.py).
#include "forgelm/audit/contamination.hpp"

#include <algorithm>
#include <fstream>

#include "forgelm/audit/audit.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using namespace forgelm::audit;
using test::TemporaryDirectory;

std::string lines_of(const Json& rows) {
  std::string text;
  for (const Json& row : rows.items()) text += dump(row) + "\n";
  return text;
}

void write(const std::filesystem::path& path, std::string_view text) { std::ofstream(path) << text; }

AuditReport audited(const std::filesystem::path& input, const std::vector<BenchmarkSource>& sources, int ngram,
                    int num_workers = 1) {
  AuditOptions options;
  options.input = input.native();
  options.num_workers = num_workers;
  options.benchmarks = std::make_shared<const BenchmarkIndex>(sources, ngram);
  return audit_data(options);
}

TEST_CASE("items, n-grams and rows in common are those of the plain way") {
  std::size_t num_touched = 0;
  for (const std::string& line : split(read_file(FORGELM_SOURCE_DIR "/tests/golden/audit/contamination.jsonl"), '\n')) {
    if (line.empty()) continue;
    const Json row = parse_json(line).value();
    const TemporaryDirectory folder;
    write(folder.path() / "rows.jsonl", lines_of(row.at("rows")));
    std::vector<BenchmarkSource> sources;
    for (const auto& [name, rows] : row.at("benchmarks").members()) {
      sources.push_back({name, folder.path() / (name + "_items.jsonl")});
      write(sources.back().path, lines_of(rows));
    }
    const auto ngram = static_cast<int>(row.at("ngram").integer());
    INFO(ngram);
    const Json report = to_json(audited(folder.path() / "rows.jsonl", sources, ngram));
    for (const auto& [name, expected] : row.at("expected").members()) {
      INFO(name);
      const Json& ours = report.at("contamination").at("benchmarks").at(name);
      CHECK(ours.at("items_too_short") == expected.at("too_short"));
      CHECK(ours.at("splits").at("train").at("rows_touched") == expected.at("rows_touched"));
      std::vector<std::string> found, wanted;
      for (const Json& item : ours.at("touched").items()) {
        found.push_back(cat(item.at("item").integer(), " ", item.at("ngrams").integer(), " ",
                            item.at("ngrams_found").integer(), " ", item.at("data_row").integer()));
        CHECK(item.at("line").integer() == item.at("item").integer() + 1);
        CHECK(item.at("data_line").integer() == item.at("data_row").integer() + 1);
      }
      for (const Json& item : expected.at("touched").items())
        wanted.push_back(cat(item.at("item").integer(), " ", item.at("ngrams").integer(), " ",
                             item.at("found").integer(), " ", item.at("row").integer()));
      std::sort(found.begin(), found.end());
      std::sort(wanted.begin(), wanted.end());
      CHECK(found == wanted);
      num_touched += wanted.size();
    }
  }
  CHECK(num_touched > 40);
}

TEST_CASE("only what is trained on is compared, over many blocks and by any number of threads") {
  const TemporaryDirectory folder;
  const std::string item = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen";
  write(folder.path() / "items.jsonl", cat(R"({"q": ")", item, "\"}\n{\"q\": \"too short to say anything\"}\n"));
  std::filesystem::create_directory(folder.path() / "data");
  std::string rows;
  for (int i = 0; i < 30000; ++i)
    rows += cat(R"({"text": "filler number )", i, i % 10000 == 7777 ? cat(" ", ascii_upper(item), "!") : "",
                R"( goes on for a while so that there are several blocks of it"})", "\n");
  write(folder.path() / "data/train.jsonl", rows);
  write(folder.path() / "data/test.jsonl", cat(R"({"text": ")", item, "\"}\n"));
  const auto text_of = [&](int num_workers) {
    AuditReport report = audited(folder.path() / "data", {{"quiz", folder.path() / "items.jsonl"}}, 13, num_workers);
    REQUIRE(report.overlaps.size() == 1);
    const BenchmarkOverlap& overlap = report.overlaps[0];
    CHECK(overlap.num_items_judged == 1);
    CHECK(overlap.num_touched == 1);
    CHECK(overlap.num_most == 1);
    CHECK(overlap.rate == 1.0);
    CHECK(overlap.num_rows_touched == std::vector<std::uint64_t>{3, 0});
    REQUIRE(overlap.items.size() == 1);
    CHECK(overlap.items[0].line == 7778);
    CHECK(overlap.items[0].num_found == 2);
    report.generated_at.clear();
    return dump(to_json(report));
  };
  CHECK(text_of(3) == text_of(1));
}

TEST_CASE("a benchmark is a file or a folder of files, by its stem or a name") {
  const TemporaryDirectory folder;
  write(folder.path() / "quiz.v2.jsonl", "{\"q\": \"a b c d e f g h\"}\n");
  CHECK(parse_benchmark((folder.path() / "quiz.v2.jsonl").native()).name == "quiz.v2");
  CHECK(parse_benchmark(cat("mine=", folder.path().native())).name == "mine");
  CHECK(parse_benchmark(cat("mine=", folder.path().native())).path == folder.path());
  write(folder.path() / "more.csv", "q\n\"one two three four five six seven eight\"\n");
  write(folder.path() / "notes.md", "no rows");
  const BenchmarkIndex index({{"all", folder.path()}}, 13);
  CHECK(index.items().size() == 2);
  CHECK(index.benchmarks()[0].files.size() == 2);
  CHECK(index.gram_sizes() == std::vector<int>{8});
}

TEST_CASE("what is no benchmark is said so") {
  const TemporaryDirectory folder;
  const std::filesystem::path empty = folder.path() / "empty.jsonl", one = folder.path() / "one.jsonl";
  write(empty, "");
  write(one, "{\"q\": \"a\"}\n");
  CHECK_THROWS_AS(parse_benchmark("=x"), ConfigError);
  CHECK_THROWS_AS(parse_benchmark(cat("x=", (folder.path() / "absent").native())), ConfigError);
  CHECK_THROWS_AS(BenchmarkIndex({{"e", empty}}, 13), ConfigError);
  CHECK_THROWS_AS(BenchmarkIndex({{"e", one}, {"e", one}}, 13), ConfigError);
  CHECK_THROWS_AS(BenchmarkIndex({{"e", one}}, 1), ConfigError);
  CHECK_THROWS_AS(BenchmarkIndex(std::vector<BenchmarkSource>(65, {"e", one}), 13), ConfigError);
}

}  // namespace
