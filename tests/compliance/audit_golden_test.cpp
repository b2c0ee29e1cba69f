// The audit log against the reference (tools/golden/audit_log, made by Python forgelm 0.11.1): its logs verify here
// with its verdicts, and the writer here gives its bytes.
#include <cmath>

#include "forgelm/compliance/audit_log.hpp"
#include "forgelm/core/files.hpp"
#include "log_tools.hpp"
#include "support/fake_environment.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;
using namespace test_tools;

const fs::path kGolden = fs::path(FORGELM_SOURCE_DIR) / "tests" / "golden" / "audit_log";

TEST_CASE("audit golden: the writer gives the reference's bytes, tags and all") {
  const Json verdicts = parse_json(read_file(kGolden / "verdicts.json")).value();
  test::FakeEnvironment environment;
  environment.variables["FORGELM_AUDIT_SECRET"] = verdicts.at("secret").text();
  const ScopedEnvironment scope(environment);
  const test::TemporaryDirectory folder;
  AuditLog log({.directory = folder.path(), .run_id = "fg-0123456789ab"});
  const std::vector<AuditEvent> events = {
      {"pipeline.initialized",
       Json::object({{"model", "m\u00e9\u2028\U0001f600\x7f\"\\/\b"}, {"trainer_type", "sft"}})},
      {"training.started"},
      {"evaluation.loss_gate_completed", Json::object({{"passed", false},
                                                       {"eval_loss", std::nan("")},
                                                       {"max_acceptable_loss", 1e-05},
                                                       {"baseline_loss", HUGE_VAL}})},
      {"benchmark.evaluation_completed",
       Json::object({{"passed", true},
                     {"average", 0.1},
                     {"scores", Json::object({{"b", 1e22}, {"a", 100000.0}, {"c", -0.0}, {"d", 5e-324}})},
                     {"failure_reason", nullptr}})},
      {"human_approval.required", Json::object({{"gate", "final_model"},
                                                {"reason", ""},
                                                {"metrics", Json::object()},
                                                {"staging_path", "/o/final.staging"},
                                                {"run_id", "fg-0123456789ab"},
                                                {"config_hash", "sha256:00"}})},
      {"compliance.artifacts_exported",
       Json::object({{"output_dir", "o"}, {"files", Json::array({"a", "b"})}, {"governance_ok", true}})},
      {"pipeline.completed",
       Json::object({{"success", true}, {"metrics_summary", Json::object({{"eval_loss", 9007199254740993}})}})},
  };
  const UtcTime start = *parse_iso_time("2026-11-21T00:10:50.176945+00:00");
  for (std::size_t i = 0; i < events.size(); ++i) {
    // The reference looked at the clock once more, for the manifest; its third tick had no fraction.
    const std::int64_t tick = i == 0 ? 0 : static_cast<std::int64_t>(i) + 1;
    environment.now.microseconds = start.microseconds + tick * 3000000 - (tick == 3 ? 176945 : 0);
    log.record(events[i]);
    environment.now.microseconds = start.microseconds + 3000000;
  }
  CHECK(lines_of(read_file(log.path())) == lines_of(read_file(kGolden / "lines.jsonl")));
}

TEST_CASE("audit golden: the genesis manifest has the reference's bytes") {
  test::FakeEnvironment environment;
  environment.variables["FORGELM_AUDIT_SECRET"] =
      parse_json(read_file(kGolden / "verdicts.json")).value().at("secret").text();
  const ScopedEnvironment scope(environment);
  const test::TemporaryDirectory folder;
  environment.now = *parse_iso_time("2026-11-21T00:10:50.176945+00:00");
  AuditLog log({.directory = folder.path(), .run_id = "fg-0123456789ab"});
  log.record({"pipeline.initialized",
              Json::object({{"model", "m\u00e9\u2028\U0001f600\x7f\"\\/\b"}, {"trainer_type", "sft"}})});
  // Its clock went on by a tick between entry and manifest.
  std::string expected = read_file(kGolden / "lines.jsonl.manifest.json");
  const std::size_t at = expected.find("00:10:53.176945");
  REQUIRE(at != std::string::npos);
  expected.replace(at, 15, "00:10:50.176945");
  CHECK(read_file(log.path().native() + ".manifest.json") == expected);
}

TEST_CASE("audit golden: logs of the reference, whole and changed, get its verdicts") {
  const Json verdicts = parse_json(read_file(kGolden / "verdicts.json")).value();
  std::size_t num_valid = 0;
  for (const Json& golden : verdicts.at("cases").items()) {
    AuditVerifyOptions options;
    if (!golden.at("secret").is_null()) options.secret = golden.at("secret").text();
    options.requires_tags = golden.at("require_hmac").boolean();
    INFO(dump(golden));
    const auto result = verify_audit_file(kGolden / (golden.at("log").text() + ".jsonl"), options);
    INFO((result.errors.empty() ? "" : result.errors.front()));
    CHECK(result.is_valid() == golden.at("valid").boolean());
    num_valid += result.is_valid();
    const Json& kind = golden.at("kind");
    if (kind == Json("encoding")) continue;  // the reference then counts nothing
    CHECK(static_cast<std::int64_t>(result.num_entries) == golden.at("entries_count").integer());
    CHECK(result.is_without_evidence == (kind == Json("empty")));
    if (kind != Json("integrity")) continue;
    const std::string line = cat("line ", golden.at("line").integer());
    const std::string& error = result.errors.front();
    CHECK((error.find("manifest") != std::string::npos || error.find(line + ":") != std::string::npos ||
           error.find(line + " ") != std::string::npos));
  }
  CHECK(num_valid > 10);
}

TEST_CASE("audit golden: a log of the reference is gone on with, and from there on has a checkpoint") {
  test::FakeEnvironment environment;
  environment.variables["FORGELM_AUDIT_SECRET"] =
      parse_json(read_file(kGolden / "verdicts.json")).value().at("secret").text();
  const ScopedEnvironment scope(environment);
  const test::TemporaryDirectory folder;
  fs::copy(kGolden / "keyed.jsonl", folder / "audit_log.jsonl");
  fs::copy(kGolden / "keyed.jsonl.manifest.json", folder / "audit_log.jsonl.manifest.json");
  AuditLog log({.directory = folder.path()});
  log.record({"training.started"});
  const auto lines = lines_of(read_file(log.path()));
  REQUIRE(lines.size() == 9);
  CHECK(place_of(lines[7], "num_entries").second == 1);
  CHECK(lines[7].find("audit.checkpoint_adopted") != std::string::npos);
  CHECK(lines[8].find(R"("seq": 8, "_hmac")") != std::string::npos);
  const auto result =
      verify_audit_file(log.path(), {.secret = environment.variables["FORGELM_AUDIT_SECRET"], .requires_tags = true});
  CHECK(result.is_valid());
  CHECK(result.checkpoints.items().at(0).at("num_entries").integer() == 9);
}

}  // namespace
}  // namespace forgelm::compliance
