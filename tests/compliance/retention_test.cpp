// What is past its time: as the reference counts it, and where we count more.
#include "forgelm/compliance/retention.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "forgelm/core/env.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"
#include "support/fake_environment.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
namespace fs = std::filesystem;

constexpr double kDay = 86400.0;

void set_age(const fs::path& path, double now, double days) {
  const double moment = now - days * kDay;
  const timespec time{static_cast<time_t>(moment), static_cast<long>((moment - std::floor(moment)) * 1e9)};
  const timespec times[2] = {time, time};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

class Folder {
 public:
  Folder() : scope_(fake_) { fake_.now = {std::int64_t{1'800'000'000} * 1000000}; }
  void add(const std::string& name, double age_days) const {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    write_file_durably(path, "x");
    for (fs::path one = path; one != folder_.path(); one = one.parent_path()) set_age(one, 1.8e9, age_days);
  }
  const fs::path& path() const { return folder_.path(); }
  std::vector<compliance::RetentionExcess> excesses(const config::RetentionSection& section = {}) const {
    return compliance::retention_excesses(section, folder_.path());
  }

 private:
  test::TemporaryDirectory folder_;
  test::FakeEnvironment fake_;
  ScopedEnvironment scope_;
};

std::string event(const std::string& run, const std::string& timestamp) {
  return dump(Json::object({{"timestamp", timestamp}, {"run_id", run}})) + "\n";
}

}  // namespace

TEST_CASE("retention: violations are the reference's, with their ages and where these come from") {
  std::ifstream lines(FORGELM_SOURCE_DIR "/tests/golden/retention/cases.jsonl");
  std::size_t num_cases = 0, num_violations = 0;
  for (std::string line; std::getline(lines, line); ++num_cases) {
    const Json golden = parse_json(line).value();
    INFO(line);
    const Folder folder;
    for (const auto& [name, days] : golden.at("files").members()) folder.add(name, days.real());
    if (const Json& log = golden.at("log"); !log.is_null()) {
      std::string text;
      for (const Json& entry : log.items()) text += entry.text() + "\n";
      write_file_durably(folder.path() / "audit_log.jsonl", text);
      set_age(folder.path() / "audit_log.jsonl", 1.8e9, 3000);
    }
    config::RetentionSection section;
    const auto take = [&](const char* key, std::int64_t& value) {
      if (const Json* given = golden.at("retention").find(key)) value = given->integer();
    };
    take("audit_log_retention_days", section.audit_log_retention_days);
    take("staging_ttl_days", section.staging_ttl_days);
    take("ephemeral_artefact_retention_days", section.ephemeral_artefact_retention_days);
    take("raw_documents_retention_days", section.raw_documents_retention_days);
    auto found = folder.excesses(section);
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    Json violations = Json::array();
    for (auto& excess : found) {
      excess.path = fs::path(excess.path).lexically_relative(folder.path()).native();
      violations.push(to_json(excess));
    }
    CHECK(dump(violations) == dump(golden.at("violations")));
    num_violations += found.size();
  }
  CHECK(num_cases == 11);
  CHECK(num_violations > 25);
}

TEST_CASE("retention: a staged model is found whatever the final model's folder is, and so is an earlier run") {
  const Folder folder;
  folder.add("export.staging.fg-a/x", 8);
  folder.add("earlier-fg-b/forgelm_run.json", 100);
  folder.add("checkpoint-4/x", 1000);
  const auto found = folder.excesses();
  REQUIRE(found.size() == 2);
  CHECK(found[0].artefact_kind == "earlier_run[fg-b]");
  CHECK(found[1].artefact_kind == "staging_dir[fg-a]");
}

TEST_CASE("retention: a bundle that names its run has that run's age, not the log's") {
  const Folder folder;
  fs::create_directories(folder.path() / "compliance");
  write_file_durably(folder.path() / "compliance/compliance_report.json", "{\"run_id\": \"fg-new\"}");
  write_file_durably(folder.path() / "audit_log.jsonl",
                     event("fg-old", "2026-08-01T00:00:00+00:00") + event("fg-new", "2027-01-10T00:00:00+00:00"));
  CHECK(folder.excesses().empty());
  write_file_durably(folder.path() / "compliance/compliance_report.json", "{\"run_id\": \"fg-old\"}");
  CHECK(folder.excesses().size() == 1);
}

TEST_CASE("retention: a folder that is not there has nothing in excess") {
  CHECK(compliance::retention_excesses({}, "/nonexistent/folder").empty());
}

TEST_CASE("retention: an excess is one line of JSON") {
  const Folder folder;
  folder.add("raw_documents/x", 91);
  const std::string line = compliance::excess_line(folder.excesses(), config::RetentionEnforce::warn_on_excess);
  CHECK(line.find('\n') == std::string::npos);
  REQUIRE(line.starts_with("retention.excess "));
  const Json document = parse_json(line.substr(17)).value();
  CHECK(document.at("enforce").text() == "warn_on_excess");
  CHECK(document.at("count") == Json(1));
  CHECK(document.at("violations").items().at(0).at("artefact_kind").text() == "raw_documents[raw_documents]");
}

TEST_CASE("retention: horizons shorter than the law's are told") {
  for (const auto& minimum : compliance::legal_minimums()) {
    INFO(minimum.artefact_kind);
    CHECK(minimum.days >= 180);
    CHECK(minimum.law.provision.starts_with("Article"));
    // The same figure in the table of law, in its own unit.
    CHECK(static_cast<double>(minimum.days) >= minimum.law.number * (minimum.law.id == "logs_kept_months" ? 30 : 365));
    CHECK(parse_iso_time(cat(minimum.applies_from, "T00:00:00Z")).has_value());
  }
  config::RetentionSection section;
  CHECK(compliance::horizons_below_law(section, false).empty());
  section.audit_log_retention_days = 179;
  CHECK(compliance::horizons_below_law(section, false).size() == 1);
  CHECK(compliance::horizons_below_law(section, true).size() == 2);
  section.audit_log_retention_days = 0;  // kept for ever
  section.ephemeral_artefact_retention_days = 0;
  CHECK(compliance::horizons_below_law(section, true).empty());
}
