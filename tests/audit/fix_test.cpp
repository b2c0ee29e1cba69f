// The cleaned copy: what goes, what is masked, that every other byte stays, that cleaning it again changes nothing, and
// what is refused.
#include "forgelm/audit/fix.hpp"

#include <fstream>
#include <random>

#include "audit/entities.hpp"
#include "audit/row_fixer.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using namespace forgelm::audit;
using test::TemporaryDirectory;
namespace fs = std::filesystem;

const std::string kCard = "4111 1111 1111 1111";
const std::string kToken = cat("glpat", "-a1B2c3D4e5F6g7H8i9J0");

void write(const fs::path& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

AuditOptions options_for(const fs::path& input, int num_workers = 1) {
  AuditOptions options;
  options.input = input.native();
  options.num_workers = num_workers;
  return options;
}

FixResult fixed(const fs::path& input, const fs::path& folder, const std::vector<std::string>& given = {},
                AuditOptions options = {}) {
  options.input = input.native();
  FixRules rules;
  for (const std::string& rule : given) rules.set(rule);
  return fix_data(options, audit_data(options), rules, folder);
}

/// What becomes of one file of rows.
std::string cleaned(std::string_view text, const std::vector<std::string>& given = {}) {
  const TemporaryDirectory folder;
  write(folder / "rows.jsonl", text);
  fixed(folder / "rows.jsonl", folder / "out", given);
  return read_file(folder / "out" / "rows.jsonl");
}

std::vector<Json> changes_of(const fs::path& folder) {
  std::vector<Json> all;
  for (const std::string& line : split(read_file(folder / kFixEvidenceFolder / kFixChangesName), '\n'))
    if (!line.empty()) all.push_back(parse_json(line).value());
  return all;
}

TEST_CASE("masks stand in place of what was found, and every other byte stays") {
  CHECK(
      cleaned(cat("\xEF\xBB\xBF", R"({ "n":1.50e3,"t":"\u00e9\/ )", kCard, R"(, \ud83d\ude00","z" : [ {"k":"a\tb )",
                  kToken, R"("} ],"n2":12345678901234567890 })", "\r\n\n  \n", R"({"text":"plain","x":NaN})")) ==
      cat("\xEF\xBB\xBF",
          R"({ "n":1.50e3,"t":"\u00e9\/ [REDACTED], \ud83d\ude00","z" : [ {"k":"a\tb [REDACTED-SECRET]"} ],"n2":12345678901234567890 })",
          "\r\n\n  \n", R"({"text":"plain","x":NaN})"));
}

TEST_CASE("the words around a mask keep their blanks") {
  CHECK(cleaned(cat(R"({"text": "pay )", kCard, R"(  today, or )", kCard, "-\"}\n")) ==
        "{\"text\": \"pay [REDACTED]  today, or [REDACTED]-\"}\n");
}

TEST_CASE("a value that hides behind escapes is masked as well") {
  CHECK(cleaned(R"({"text": "\u0034111 1111\u0020111\u0031 1111."})"
                "\n") == "{\"text\": \"[REDACTED].\"}\n");
}

TEST_CASE("rules say what is masked, what goes and what stays; later ones win") {
  const std::string rows =
      cat(R"({"text": "mail a.b@mail.de or )", kCard, "\"}\n", R"({"text": "ring +49 30 1234 5678"})", "\n");
  CHECK(cleaned(rows) ==
        cat(R"({"text": "mail a.b@mail.de or [REDACTED]"})", "\n", R"({"text": "ring +49 30 1234 5678"})", "\n"));
  CHECK(cleaned(rows, {"pii=mask"}) ==
        "{\"text\": \"mail [REDACTED] or [REDACTED]\"}\n{\"text\": \"ring [REDACTED]\"}\n");
  CHECK(cleaned(rows, {"pii=mask", "email=keep"}) ==
        "{\"text\": \"mail a.b@mail.de or [REDACTED]\"}\n{\"text\": \"ring [REDACTED]\"}\n");
  CHECK(cleaned(rows, {"pii-medium=drop"}) == cat(R"({"text": "ring +49 30 1234 5678"})", "\n"));
  CHECK(cleaned(rows, {"pii=keep"}) == rows);
}

TEST_CASE("rows that cannot be trained on go: unreadable, no object, no text") {
  const std::string rows = "{\"text\": \"one\"}\n{broken\n[1]\n\"text\"\n{\"text\": \"  \"}\n{\"text\": \"two\"}\n";
  CHECK(cleaned(rows) == "{\"text\": \"one\"}\n{\"text\": \"two\"}\n");
  CHECK(cleaned(rows, {"unreadable=keep", "no-text=keep"}) == rows);
}

TEST_CASE("bytes that are not UTF-8 are replaced, dropped or kept with their row") {
  const std::string rows = cat("{\"text\": \"a\xff\x62 ", kCard, ".\"}\n{\"text\": \"fine\"}\n");
  CHECK(cleaned(rows) == "{\"text\": \"a\xEF\xBF\xBD\x62 [REDACTED].\"}\n{\"text\": \"fine\"}\n");
  CHECK(cleaned(rows, {"encoding=drop"}) == "{\"text\": \"fine\"}\n");
  CHECK(cleaned(rows, {"encoding=keep"}) == "{\"text\": \"a\xff\x62 [REDACTED].\"}\n{\"text\": \"fine\"}\n");
}

TEST_CASE("rows are the same when all that training reads of them is") {
  const std::string first = R"({"prompt": "p", "completion": "yes", "label": true})";
  const std::string rows = cat(first, "\n", R"({"label":true,"completion":"\u0079es","prompt":"p","id":7})", "\n",
                               R"({"prompt": "p", "completion": "yes", "label": false})", "\n",
                               R"({"prompt": "q", "completion": "yes", "label": true})", "\n");
  CHECK(cleaned(rows) == cat(first, "\n", R"({"prompt": "p", "completion": "yes", "label": false})", "\n",
                             R"({"prompt": "q", "completion": "yes", "label": true})", "\n"));
  CHECK(cleaned(rows, {"exact-duplicates=keep"}) == rows);
  // Columns that training does not know: all of them count.
  CHECK(cleaned("{\"a\": \"x\", \"b\": 1}\n{\"a\": \"x\", \"b\": 2}\n{\"b\": 1, \"a\": \"x\"}\n") ==
        "{\"a\": \"x\", \"b\": 1}\n{\"a\": \"x\", \"b\": 2}\n");
  // Numbers that only Python reads are told apart.
  const std::string python = "{\"a\": \"x\", \"b\": NaN}\n{\"a\": \"x\", \"b\": Infinity}\n";
  CHECK(cleaned(python) == python);
}

TEST_CASE("rows that differ in a secret alone are one row once it is masked") {
  CHECK(cleaned(cat(R"({"text": "pay )", kCard, ".\"}\n", R"({"text": "pay 5555 5555 5555 4444."})", "\n")) ==
        "{\"text\": \"pay [REDACTED].\"}\n");
}

TEST_CASE("near-duplicates and rows of low quality go when asked") {
  const std::string words = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen";
  const std::string rows =
      cat(R"({"text": ")", words, ".\"}\n", R"({"text": "!!! ??? 123 !!!"})", "\n", R"({"text": ")", words, "!\"}\n");
  CHECK(cleaned(rows) == rows);
  CHECK(cleaned(rows, {"near-duplicates=drop"}) ==
        cat(R"({"text": ")", words, ".\"}\n", R"({"text": "!!! ??? 123 !!!"})", "\n"));
  CHECK(cleaned(rows, {"low_alpha_ratio=drop"}) ==
        cat(R"({"text": ")", words, ".\"}\n", R"({"text": ")", words, "!\"}\n"));
}

TEST_CASE("what two strings hold only together cannot be masked, and the row goes") {
  const std::string begin = cat("-----BEGIN ", "RSA PRIVATE KEY-----"), end = cat("-----END ", "RSA PRIVATE KEY-----");
  const std::string rows =
      cat(R"({"messages": [{"role": "user", "content": ")", begin,
          R"(\nMIIB"}, {"role": "assistant", "content": "AAAA\n)", end, "\"}]}\n{\"text\": \"stays\"}\n");
  CHECK(cleaned(rows) == "{\"text\": \"stays\"}\n");
  CHECK(cleaned(rows, {"secrets=keep"}) == rows);
}

TEST_CASE("rows that a later split has go from the earlier one, never the other way round") {
  const auto row = [](int i) {
    return cat(R"({"prompt": "question number )", i, R"( of many different ones )", i * 7919,
               R"(", "completion": "answer )", i * 104729, "\"}\n");
  };
  for (const DedupMethod method : {DedupMethod::simhash, DedupMethod::minhash}) {
    const TemporaryDirectory folder;
    fs::create_directory(folder / "data");
    write(folder / "data" / "train.jsonl", row(1) + row(2) + row(3) + row(4));
    write(folder / "data" / "dev.jsonl", row(2) + row(5) + row(6));
    write(folder / "data" / "test.jsonl", row(3) + row(6) + row(6));
    AuditOptions options;
    options.dedup_method = method;
    const FixResult result = fixed(folder / "data", folder / "out", {}, options);
    CHECK(read_file(folder / "out" / "train.jsonl") == row(1) + row(4));
    CHECK(read_file(folder / "out" / "dev.jsonl") == row(2) + row(5));
    CHECK(read_file(folder / "out" / "test.jsonl") == row(3) + row(6));
    CHECK(result.splits.at(0).dropped == Counts{{"leaks", 2}});
    for (const Leak& leak : result.cleaned.leaks) CHECK(leak.num_in_a + leak.num_in_b == 0);
    fixed(folder / "data", folder / "all", {"leaks=keep"}, options);
    CHECK(read_file(folder / "all" / "train.jsonl") == row(1) + row(2) + row(3) + row(4));
  }
}

TEST_CASE("the change list names file, line, field, rule and kind, and never the value") {
  const TemporaryDirectory folder;
  write(folder / "rows.jsonl", cat("{\"text\": \"first\"}\n\n", R"({"a": {"b": ")", kToken, " and ", kToken,
                                   "\"}}\n{broken\n{\"text\": \"first\"}\n"));
  const FixResult result = fixed(folder / "rows.jsonl", folder / "out");
  const auto changes = changes_of(folder / "out");
  REQUIRE(changes.size() == 3);
  CHECK(result.num_changes == 3);
  CHECK(
      dump(changes[0]) ==
      R"({"file": "rows.jsonl", "line": 3, "row": 1, "action": "mask", "rule": "secrets=mask", "kind": "gitlab_token", "field": "a.b", "count": 2})");
  CHECK(
      dump(changes[1]) ==
      R"({"file": "rows.jsonl", "line": 4, "row": 2, "action": "drop", "rule": "unreadable=drop", "kind": null, "field": null, "count": 1})");
  CHECK(
      dump(changes[2]) ==
      R"({"file": "rows.jsonl", "line": 5, "row": 3, "action": "drop", "rule": "exact-duplicates=drop", "kind": null, "field": null, "count": 1})");

  const fs::path evidence = folder / "out" / kFixEvidenceFolder;
  const Json manifest = parse_json(read_file(evidence / kFixManifestName)).value();
  const Json& file = manifest.at("files").items().at(0);
  CHECK(file.at("source").at("sha256").text() == sha256_file(folder / "rows.jsonl"));
  CHECK(file.at("cleaned").at("sha256").text() == sha256_file(folder / "out" / "rows.jsonl"));
  CHECK(file.at("source").at("rows").integer() == 4);
  CHECK(file.at("cleaned").at("rows").integer() == 2);
  CHECK(manifest.at("changes").at("sha256").text() == sha256_file(evidence / kFixChangesName));
  CHECK(manifest.at("report").at("sha256").text() == sha256_file(evidence / kReportName));
  const Json report = parse_json(read_file(evidence / kReportName)).value();
  CHECK(report.at("source_path").text() == (folder / "out" / "rows.jsonl").native());
  CHECK(report.at("files").items().at(0).at("sha256").text() == file.at("cleaned").at("sha256").text());
  for (const auto& entry : fs::recursive_directory_iterator(folder / "out"))
    if (entry.is_regular_file()) CHECK(read_file(entry.path()).find(kToken) == std::string::npos);
}

/// Rows of random text with things to find, some of them twice.
std::string random_rows(unsigned seed, int count) {
  std::mt19937 random(seed);
  const std::vector<std::string> pieces = {kCard,
                                           kToken,
                                           "a.b@mail.de",
                                           "+49 30 1234 5678",
                                           "plain words",
                                           "key=",
                                           "\\n",
                                           "1111",
                                           " ",
                                           "DE89 3704 0044 0532 0130 00",
                                           "\\u0034",
                                           "AKIA",
                                           "ABCDEFGHIJKLMNOP",
                                           ".",
                                           "@mail.de",
                                           "é"};
  std::string rows;
  for (int i = 0; i < count; ++i) {
    std::string text;
    for (unsigned k = random() % 8; k > 0; --k) text += pieces[random() % pieces.size()];
    rows += cat(R"({"text": ")", text, R"(", "n": )", random() % 3, ", \"m\": [\"", pieces[random() % pieces.size()],
                "\"]}\n");
    if (random() % 20 == 0) rows += "{broken\n";
  }
  return rows;
}

TEST_CASE("cleaning a cleaned copy changes nothing, and its gates pass") {
  for (unsigned seed = 0; seed < 12; ++seed) {
    const TemporaryDirectory folder;
    fs::create_directory(folder / "data");
    write(folder / "data" / "train.jsonl", random_rows(seed, 150));
    write(folder / "data" / "test.jsonl", random_rows(seed + 100, 30));
    std::vector<std::string> rules;
    if (seed % 3 > 0) rules = {"pii=mask", "near-duplicates=drop"};
    if (seed % 3 == 2) rules.insert(rules.end(), {"quality=drop", "email=drop"});
    INFO(seed);
    const FixResult first = fixed(folder / "data", folder / "once", rules);
    CHECK_FALSE(first.cleaned.secrets_gate.has_failed);
    CHECK_FALSE(first.cleaned.pii_gate.has_failed);
    const FixResult second = fixed(folder / "once", folder / "twice", rules);
    CHECK(second.num_changes == 0);
    for (const char* name : {"train.jsonl", "test.jsonl"})
      CHECK(read_file(folder / "once" / name) == read_file(folder / "twice" / name));
  }
}

TEST_CASE("the copy does not depend on the number of threads") {
  const TemporaryDirectory folder;
  write(folder / "rows.jsonl", random_rows(5, 30000));
  AuditOptions options;
  fixed(folder / "rows.jsonl", folder / "one", {"near-duplicates=drop"}, options);
  options.num_workers = 3;
  fixed(folder / "rows.jsonl", folder / "three", {"near-duplicates=drop"}, options);
  CHECK(read_file(folder / "one" / "rows.jsonl") == read_file(folder / "three" / "rows.jsonl"));
  CHECK(read_file(folder / "one" / "audit" / kFixChangesName) ==
        read_file(folder / "three" / "audit" / kFixChangesName));
}

TEST_CASE("other formats become JSON lines") {
  const TemporaryDirectory folder;
  write(folder / "a.csv", cat("text,label\n\"pay ", kCard, ".\",x\nplain,y\nplain,y\n"));
  fixed(folder / "a.csv", folder / "csv");
  CHECK(read_file(folder / "csv" / "a.jsonl") ==
        "{\"text\":\"pay [REDACTED].\",\"label\":\"x\"}\n{\"text\":\"plain\",\"label\":\"y\"}\n");
  write(folder / "b.json", cat(R"([{"text": "é", "n": 1.5}, {"text": ")", kToken, "\"}]"));
  fixed(folder / "b.json", folder / "json");
  CHECK(read_file(folder / "json" / "b.jsonl") == "{\"text\":\"é\",\"n\":1.5}\n{\"text\":\"[REDACTED-SECRET]\"}\n");
}

TEST_CASE("an old copy is replaced; what no run made, and the data itself, are not touched") {
  const TemporaryDirectory folder;
  fs::create_directory(folder / "data");
  write(folder / "data" / "train.jsonl", "{\"text\": \"one\"}\n");
  fixed(folder / "data", folder / "out");
  write(folder / "data" / "train.jsonl", "{\"text\": \"two\"}\n");
  fixed(folder / "data", folder / "out");
  CHECK(read_file(folder / "out" / "train.jsonl") == "{\"text\": \"two\"}\n");
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator{}) ==
        2);  // data and out, no staging

  write(folder / "out" / "notes.txt", "mine");
  CHECK_THROWS_AS(fixed(folder / "data", folder / "out"), ConfigError);
  CHECK(read_file(folder / "out" / "notes.txt") == "mine");
  fs::create_directory(folder / "other");
  write(folder / "other" / "file", "x");
  for (const fs::path& target : {folder / "other", folder / "data", folder / "data" / "sub", folder.path(),
                                 folder / "data" / "train.jsonl", folder / "absent" / "sub"}) {
    INFO(target);
    CHECK_THROWS_AS(fixed(folder / "data", target), ConfigError);
  }
  CHECK_THROWS_AS(fixed(folder / "data" / "train.jsonl", folder / "data"), ConfigError);
  CHECK(read_file(folder / "data" / "train.jsonl") == "{\"text\": \"two\"}\n");
}

TEST_CASE("data that changes after its audit, or cannot be read, leaves nothing behind") {
  const TemporaryDirectory folder;
  fs::create_directory(folder / "data");
  write(folder / "data" / "train.jsonl", "{\"text\": \"one\"}\n");
  const AuditOptions options = options_for(folder / "data");
  const AuditReport report = audit_data(options);
  write(folder / "data" / "train.jsonl", "{\"text\": \"another\"}\n");
  CHECK_THROWS_AS(fix_data(options, report, FixRules(), folder / "out"), RunError);
  fs::create_symlink("/proc/self/mem", folder / "data" / "test.jsonl");
  CHECK_THROWS_AS(fixed(folder / "data", folder / "out"), RunError);
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator{}) == 1);
}

TEST_CASE("rules that say nothing, or what cannot be done, are refused") {
  FixRules rules;
  for (const char* rule : {"", "secrets", "secrets=", "secrets=hide", "=mask", "emial=mask", "leaks=mask",
                           "quality=mask", "pii-worst=mask"}) {
    INFO(rule);
    CHECK_THROWS_AS(rules.set(rule), ConfigError);
  }
  CHECK_NOTHROW(rules.set("encoding=mask"));
  for (const Kind& kind : all_kinds().first(num_pattern_kinds())) CHECK_NOTHROW(rules.set(cat(kind.name, "=drop")));
  for (const Kind& kind : entity_kinds()) CHECK_THROWS_AS(rules.set(cat(kind.name, "=drop")), ConfigError);
}

}  // namespace
