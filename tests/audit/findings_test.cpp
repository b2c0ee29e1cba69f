// Findings for other programs: places in the file, levels, fingerprints, what
// is left out.
#include "forgelm/audit/findings.hpp"

#include <fstream>
#include <set>

#include "audit/entities.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using namespace forgelm::audit;
using test::TemporaryDirectory;
namespace fs = std::filesystem;

const std::string kCard = "4111 1111 1111 1111";

AuditReport audited(const fs::path& path, std::string_view text, std::size_t max_findings = 10'000) {
  std::ofstream(path) << text;
  AuditOptions options;
  options.input = path.native();
  options.max_findings = max_findings;
  return audit_data(options);
}

const Json& run_of(const Json& log) { return log.at("runs").items().at(0); }
std::vector<Json> results_of(const Json& log) { return run_of(log).at("results").items(); }
Json physical(const Json& result) { return result.at("locations").items().at(0).at("physicalLocation"); }

TEST_CASE("a finding in JSON lines has its bytes and columns in the file") {
  const TemporaryDirectory folder;
  const std::string text = cat("\xEF\xBB\xBF", R"({"a": ")", kCard, "\"}\r\n\n", R"({"b": "é \u00e9 😀 \ud83d\ude00 )",
                               kCard, R"(; )", kCard, R"(", "a": ["x", {"c": "no\n)", kCard, "\"}]}\n");
  const Json log = sarif_log(audited(folder / "rows.jsonl", text), folder.path());
  std::size_t at = 0;
  std::vector<std::string> fields;
  for (const Json& result : results_of(log)) {
    const Json region = physical(result).at("region");
    at = text.find(kCard, at + 1);
    CHECK(static_cast<std::size_t>(region.at("byteOffset").integer()) == at);
    CHECK(region.at("byteLength").integer() == 19);
    CHECK(region.at("endColumn").integer() - region.at("startColumn").integer() == 19);
    fields.push_back(
        cat(region.at("startLine").integer(), ":", region.at("startColumn").integer(), " ",
            result.at("locations").items()[0].at("logicalLocations").items()[0].at("fullyQualifiedName").text()));
  }
  // Columns count UTF-16 units; the byte order mark is none.
  CHECK(fields == std::vector<std::string>{"1:8 a", "3:33 b", "3:54 b", "3:98 a[1].c"});
  CHECK(physical(results_of(log)[0]).at("artifactLocation").at("uri").text() == "rows.jsonl");
  CHECK(dump(log).find(kCard) == std::string::npos);
}

TEST_CASE(
    "other formats have a line and no columns; a file elsewhere has an "
    "address") {
  const TemporaryDirectory folder;
  const Json log = sarif_log(audited(folder / "a b.csv", cat("text\nfine\n", kCard, "\n")), "/somewhere/else");
  const Json place = physical(results_of(log).at(0));
  CHECK(dump(place.at("region")) == R"({"startLine": 3})");
  CHECK(place.at("artifactLocation").at("uri").text() == cat("file://", folder.path().native(), "/a%20b.csv"));
}

TEST_CASE("fingerprints stay as lines come and go, and tell findings apart") {
  const TemporaryDirectory folder;
  const std::string row = cat(R"({"a": ")", kCard, R"(", "b": ")", kCard, "\"}\n");
  const auto prints = [&](const std::string& text) {
    std::multiset<std::string> all;
    for (const Json& result : results_of(sarif_log(audited(folder / "rows.jsonl", text), folder.path())))
      all.insert(result.at("partialFingerprints").at("primaryLocationLineHash").text());
    return all;
  };
  const auto before = prints(row + row);
  CHECK(std::set<std::string>(before.begin(), before.end()).size() == 4);
  CHECK(prints("{\"a\": \"another row\"}\n\n" + row + row) == before);
}

TEST_CASE("what is not listed is said, and the worst is what is listed") {
  const TemporaryDirectory folder;
  std::string rows;
  for (int i = 0; i < 30; ++i) rows += cat(R"({"a": "mail )", i, R"(x@mail.de"})", "\n");
  rows += cat(R"({"a": ")", kCard, "\"}\n");
  const AuditReport report = audited(folder / "rows.jsonl", rows);
  const Json log = sarif_log(report, folder.path(), 5);
  CHECK(results_of(log).size() == 5);
  CHECK(results_of(log).back().at("ruleId").text() == "credit_card");
  CHECK(run_of(log)
            .at("invocations")
            .items()[0]
            .at("toolExecutionNotifications")
            .items()[0]
            .at("message")
            .at("text")
            .text() ==
        "26 of 31 findings are not listed here; all are counted "
        "in data_audit_report.json");

  const auto problems = finding_diagnostics(report, folder.path());
  REQUIRE(problems.size() == 11);
  CHECK(problems[0].severity == Severity::error);
  CHECK(problems[0].spot.file == "rows.jsonl");
  CHECK(problems[0].spot.line == 31);
  CHECK(problems[9].message == "e-mail address 8********e in a, characters 5 to 15");
  CHECK(problems[10].message == "and 21 more, in data_audit_report.json");
  // Findings that the report itself does not list are counted too.
  const auto fewer = finding_diagnostics(audited(folder / "rows.jsonl", rows, 12), folder.path());
  CHECK(fewer.back().message == "and 21 more, in data_audit_report.json");
}

TEST_CASE("workflow commands cannot be forged by names of files and fields") {
  const TemporaryDirectory folder;
  const AuditReport report =
      audited(folder / "a,b:c%\n::error::x.jsonl", cat(R"({"f\n::error file=x::y,\u202e": ")", kCard, "\"}\n"));
  const std::string text = render(finding_diagnostics(report, folder.path()), DiagnosticStyle::github);
  CHECK(text == cat("::error "
                    "file=a%2Cb%3Ac%25%0A%3A%3Aerror%3A%3Ax.jsonl,line=1,title="
                    "forgelm%3A credit_card::payment card "
                    "number 41***************11 in f\\n::error "
                    "file=x::y,\\u{202e}, characters 0 to 19\n"));
}

TEST_CASE(
    "messages of SARIF hold neither links nor placeholders of the data's "
    "making") {
  const TemporaryDirectory folder;
  const Json log =
      sarif_log(audited(folder / "rows.jsonl", cat(R"({"[x](http://a.b) {0}": ")", kCard, "\"}\n")), folder.path());
  CHECK(results_of(log).at(0).at("message").at("text").text() ==
        R"(payment card number 41***************11 in \[x\](http://a.b) {{0}}, characters 0 to 19)");
}

TEST_CASE("leaks and files that cannot be read are findings of their files") {
  const TemporaryDirectory folder;
  std::ofstream(folder / "train.jsonl") << "{\"text\": \"the same row of words in both\"}\n{broken\n";
  std::ofstream(folder / "validation.jsonl") << "{\"text\": \"the same row of words in both\"}\n";
  fs::create_symlink("/proc/self/mem", folder / "test.jsonl");
  AuditOptions options;
  options.input = folder.path().native();
  const AuditReport report = audit_data(options);
  std::vector<std::string> rules;
  for (const Json& result : results_of(sarif_log(report, folder.path()))) rules.push_back(result.at("ruleId").text());
  CHECK(rules == std::vector<std::string>{"unreadable_rows", "unreadable_file", "leaked_rows"});
  CHECK(finding_diagnostics(report, folder.path()).size() == 3);
}

TEST_CASE("rules are of all kinds with a pattern, with levels by tier; of names only where a model looked") {
  const TemporaryDirectory folder;
  const Json log = sarif_log(audited(folder / "rows.jsonl", "{\"text\": \"nothing\"}\n"), folder.path());
  const auto& rules = run_of(log).at("tool").at("driver").at("rules").items();
  REQUIRE(rules.size() >= num_pattern_kinds());
  for (std::size_t i = 0; i < num_pattern_kinds(); ++i) {
    const Kind& kind = all_kinds()[i];
    CHECK(rules[i].at("id").text() == kind.name);
    CHECK((rules[i].at("defaultConfiguration").at("level").text() == "error") == (kind.tier == Tier::critical));
  }
  for (const Json& rule : rules) CHECK(rule.at("id").text() != "person");
}

/// A log less what changes with the table of kinds and the version.
Json without_rules(const Json& log) {
  Json run = run_of(log);
  Json kept = Json::object();
  for (auto& [key, value] : run.members())
    if (key != "tool") kept.set(key, value);
  for (Json& result : kept.find("results")->items()) result.set("ruleIndex", 0);
  return kept;
}

TEST_CASE("the log is the one that the published schema was found to take") {
  const TemporaryDirectory folder;
  std::filesystem::create_directory(folder / "data");
  std::ofstream(folder / "data" / "train.jsonl")
      << R"({"prompt": "Pay with card", "chosen": "4111 1111 1111 1111", "rejected": "no"})"
      << "\n"
      << R"({"messages": [{"role": "user", "content": "mail \u00e9 a.b@mail.de"}, {"role": "assistant", "content": "token )"
      << "glpat-"
      << R"(a1B2c3D4e5F6g7H8i9J0"}]})"
      << "\n{broken\n";
  std::ofstream(folder / "data" / "test.jsonl")
      << R"({"prompt": "Pay with card", "chosen": "4111 1111 1111 1111", "rejected": "no"})"
      << "\n";
  AuditOptions options;
  options.input = (folder / "data").native();
  const Json log = sarif_log(audit_data(options), folder.path());
  const Json golden = parse_json(read_file(FORGELM_SOURCE_DIR "/tests/golden/conformance/audit.sarif")).value();
  CHECK(dump(without_rules(log), {.indent = 2}) == dump(without_rules(golden), {.indent = 2}));
}

}  // namespace
