// The audit against the reference's figures and reports (tests/golden/audit), and what is ours: places, excerpts, any
// number of threads, other formats.
#include "forgelm/audit/audit.hpp"

#include <algorithm>
#include <fstream>

#include "audit/minhash.hpp"
#include "audit/quality.hpp"
#include "audit/words.hpp"
#include "audited.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using namespace forgelm::audit;
using test::TemporaryDirectory;

std::vector<Json> golden(const std::string& name) {
  std::vector<Json> rows;
  for (const std::string& line : split(read_file(cat(FORGELM_SOURCE_DIR "/tests/golden/audit/", name)), '\n'))
    if (!line.empty()) rows.push_back(parse_json(line).value());
  return rows;
}

void write(const std::filesystem::path& path, std::string_view text) { std::ofstream(path) << text; }

std::uint64_t hex(const std::string& text) { return std::stoull(text, nullptr, 16); }

/// Every value of the reference's report that ours has not, as "path: theirs, ours".
void compare(const Json& theirs, const Json& ours, const std::string& path, std::vector<std::string>& differences) {
  if (theirs.kind() != Json::Kind::object || ours.kind() != Json::Kind::object) {
    if (dump(theirs) != dump(ours)) differences.push_back(cat(path, ": ", dump(theirs), ", ours ", dump(ours)));
    return;
  }
  for (const auto& [key, value] : theirs.members()) {
    if (const Json* const mine = ours.find(key)) compare(value, *mine, cat(path, "/", key), differences);
    else differences.push_back(cat(path, "/", key, ": absent"));
  }
  for (const auto& [key, value] : ours.members())
    if (theirs.find(key) == nullptr) differences.push_back(cat(path, "/", key, ": only ours"));
}

/// Our report less what differs by decision, in the shape of the golden.
Json comparable(const AuditReport& report, const Json& theirs) {
  const Json full = to_json(report);
  Json out = Json::object();
  for (const auto& [key, value] : theirs.members()) out.set(key, full.at(key));
  for (auto& [name, info] : out.find("splits")->members()) {
    Json kept = Json::object();
    for (const auto& [key, value] : info.members())
      if (key != "languages_top3") kept.set(key, value);
    for (const char* key : {"columns", "schema_drift_columns"}) {
      std::vector<std::string> columns;
      if (const Json* const listed = info.find(key))
        for (const Json& column : listed->items()) columns.push_back(column.text());
      std::sort(columns.begin(), columns.end());
      kept.set(key, Json::array_of(columns));
    }
    info = std::move(kept);
  }
  return out;
}

TEST_CASE("simhashes, sketches and quality flags are the reference's") {
  for (const Json& row : golden("texts.jsonl")) {
    const std::string& text = row.at("text").text();
    INFO(quote(text));
    const TextMasks masks(text);
    CHECK(simhash(masks) == hex(row.at("simhash").text()));
    std::vector<std::string> flags;
    for (std::size_t i = 0; i < kQualityFlags.size(); ++i)
      if ((quality_flags(masks) >> i & 1) != 0) flags.emplace_back(kQualityFlags[i]);
    CHECK(dump(Json::array_of(flags)) == dump(row.at("quality")));
    const Sketch sketch = minhash(masks);
    if (row.at("minhash").is_null()) CHECK(sketch == empty_sketch());
    else CHECK(dump(Json::array_of(sketch)) == dump(row.at("minhash")));
  }
}

TEST_CASE("pairs of near-duplicates and leaked rows are the reference's, whatever the threshold") {
  for (const Json& row : golden("near.jsonl")) {
    const auto threshold = static_cast<int>(row.at("threshold").integer());
    INFO(threshold);
    std::vector<std::uint64_t> prints;
    for (const Json& item : row.at("fingerprints").items()) prints.push_back(hex(item.text()));
    const NearDuplicates found = find_near_duplicates(prints, threshold);
    Json pairs = Json::array();
    for (const NearPair& pair : found.pairs) pairs.push(Json::array({pair.first, pair.second, pair.distance}));
    CHECK(dump(pairs) == dump(row.at("pairs")));
    CHECK(found.num_pairs == row.at("pairs").items().size());
    const std::vector<std::uint64_t> first(prints.begin(), prints.begin() + 30),
        rest(prints.begin() + 30, prints.end());
    CHECK(count_leaked(first, rest, threshold) == static_cast<std::uint64_t>(row.at("leaked").integer()));
  }
}

TEST_CASE("bands of MinHashLSH are datasketch's") {
  for (const Json& row : golden("bands.jsonl")) {
    const auto [bands, width] = lsh_bands(row.at("threshold").real());
    CHECK(dump(Json::array({bands, width})) == dump(row.at("bands")));
  }
}

TEST_CASE("more pairs than are listed are counted exactly and come as clusters") {
  std::vector<std::uint64_t> prints(1000, 7);
  prints.insert(prints.end(), {8, 0xFFFF0000FFFF0000, 0xFFFF0000FFFF0001, 0});
  const NearDuplicates found = find_near_duplicates(prints, 1, 100);
  CHECK(found.num_pairs == 1000 * 999 / 2 + 1);
  CHECK(found.pairs.empty());
  REQUIRE(found.clusters.size() == 2);
  CHECK(found.clusters[0].first == 0);
  CHECK(found.clusters[0].size == 1000);
  CHECK(found.clusters[1].first == 1001);
  CHECK(found.clusters[1].size == 2);
}

TEST_CASE("reports of small data sets are the reference's") {
  for (const Json& row : golden("reports.jsonl")) {
    const TemporaryDirectory folder;
    for (const auto& [name, text] : row.at("files").members()) write(folder.path() / name, text.text());
    AuditOptions options;
    const bool is_file = row.at("files").find("data.jsonl") != nullptr;
    options.input = (is_file ? folder.path() / "data.jsonl" : folder.path()).native();
    options.dedup_method = *from_text<DedupMethod>(row.at("method").text());
    std::vector<std::string> differences;
    compare(row.at("report"), comparable(audit_data(options), row.at("report")), "", differences);
    INFO(join(differences, "\n"));
    CHECK(differences.empty());
  }
}

TEST_CASE("what the reference does not read is found, with its place and without the secret") {
  const TemporaryDirectory folder;
  const std::string key = cat("AKIA", "ABCDEFGHIJKLMNOP");
  write(folder.path() / "pairs.jsonl", cat(R"({"chosen": "fine", "rejected": "also fine"})", "\n\n",
                                           R"({"chosen": [{"role": "user", "content": "é key )", key,
                                           R"("}], "rejected": "4111 1111 1111 1111"})", "\n"));
  const AuditReport report = audited(folder.path() / "pairs.jsonl");
  CHECK(report.secrets_gate.has_failed);
  CHECK(report.pii_gate.has_failed);
  REQUIRE(report.splits.at(0).findings.size() == 2);
  const Finding& secret = report.splits[0].findings[0];
  CHECK(secret.field == "chosen[0].content");
  CHECK(secret.line == 3);
  CHECK(secret.row == 1);
  CHECK(secret.begin == 6);
  CHECK(secret.end == 26);
  const std::string text = dump(to_json(report)) + summary_text(report, true);
  CHECK(text.find(key) == std::string::npos);
  CHECK(text.find("4111 1111") == std::string::npos);
}

TEST_CASE("the report does not depend on the number of threads") {
  const TemporaryDirectory folder;
  std::string rows;
  for (int i = 0; i < 40000; ++i)
    rows += cat(R"({"text": "Row )", i % 39000, R"( of many, written to be counted.", "n)", i % 3, R"(": "a)", i,
                R"(@b.de"})", "\n");
  write(folder.path() / "rows.jsonl", rows);
  const auto text_of = [&](int num_workers) {
    AuditReport report = audited(folder.path() / "rows.jsonl", num_workers);
    report.generated_at.clear();
    return dump(to_json(report));
  };
  const std::string one = text_of(1);
  CHECK(one.find(R"("exact_duplicate_rows": 1000)") != std::string::npos);
  CHECK(text_of(3) == one);
}

TEST_CASE("rows of other formats are read as those of JSONL") {
  const TemporaryDirectory folder;
  write(folder.path() / "a.csv", "text,label\n\"write to a.b@mail.de\",x\nplain words here,y\n");
  write(folder.path() / "a.json", R"([{"text": "write to a.b@mail.de", "label": "x"}, {"text": "plain words here"}])");
  write(folder.path() / "a.txt", "write to a.b@mail.de\nplain words here\n");
  for (const char* name : {"a.csv", "a.json", "a.txt"}) {
    const AuditReport report = audited(folder.path() / name);
    CHECK(report.total_rows == 2);
    CHECK(report.pii == Counts{{"email", 1}});
  }
}

TEST_CASE("a folder of texts is audited, and a readme beside rows is not one of them") {
  const TemporaryDirectory folder;
  write(folder.path() / "book.txt", "write to a.b@mail.de\n");
  CHECK(audited(folder.path()).pii == Counts{{"email", 1}});
  write(folder.path() / "rows.csv", "text\nplain words here\n");
  const AuditReport report = audited(folder.path());
  REQUIRE(report.splits.size() == 1);
  CHECK(report.splits[0].name == "rows");
}

TEST_CASE("a split that cannot be read is reported, and nothing at all is an error") {
  const TemporaryDirectory folder;
  CHECK_THROWS_AS(audited(folder.path()), ConfigError);
  CHECK_THROWS_AS(audited(folder.path() / "absent.jsonl"), ConfigError);
  write(folder.path() / "train.jsonl", "{\"text\": \"a row\"}\n");
  std::filesystem::create_symlink("/proc/self/mem", folder.path() / "test.jsonl");
  const AuditReport report = audited(folder.path());
  REQUIRE(report.splits.size() == 2);
  CHECK(report.splits[0].num_rows == 1);
  CHECK(report.splits[1].error.starts_with("read_failed: "));
}

}  // namespace
