// The writer of the audit log: the reference's line format, what stands beside the log, recovery, and refusals.
#include "forgelm/compliance/audit_log.hpp"

#include <cmath>

#include "forgelm/compliance/audit_events.hpp"
#include "forgelm/compliance/audit_identity.hpp"
#include "forgelm/compliance/checkpoint.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "support/fake_environment.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;

/// A machine with a fixed clock, and a log in a directory of its own.
struct Bench {
  Bench() { environment.now = *parse_iso_time("2026-11-21T00:10:50.176945+00:00"); }
  AuditLog open(std::string run_id = "fg-0123456789ab") {
    return AuditLog({.directory = folder.path(), .run_id = std::move(run_id)});
  }
  fs::path log() const { return folder / "audit_log.jsonl"; }
  std::vector<std::string> lines() const {
    auto all = split(read_file(log()), '\n');
    REQUIRE(all.back().empty());
    all.pop_back();
    return all;
  }
  Checkpoint checkpoint() const { return parse_checkpoint(read_file(checkpoint_path(log().native()))).value(); }

  test::FakeEnvironment environment;
  ScopedEnvironment scope{environment};
  test::TemporaryDirectory folder{test::memory_directory()};
};

TEST_CASE("an entry is the text that the reference writes, with seq behind the details") {
  Bench bench;
  AuditLog log = bench.open();
  log.record({"pipeline.initialized", Json::object({{"model", "m\u00e9\n"}, {"rate", 1e-5}, {"nan", std::nan("")}})});
  bench.environment.now.microseconds -= 176945;
  log.record({"training.started"});
  const auto lines = bench.lines();
  REQUIRE(lines.size() == 2);
  CHECK(
      lines[0] ==
      R"({"timestamp": "2026-11-21T00:10:50.176945+00:00", "run_id": "fg-0123456789ab", "operator": "tester@testhost", )"
      R"("event": "pipeline.initialized", "prev_hash": "genesis", "model": "m\u00e9\n", "rate": 1e-05, "nan": "nan", "seq": 0})");
  CHECK(lines[1] == cat(R"({"timestamp": "2026-11-21T00:10:50+00:00", "run_id": "fg-0123456789ab", "operator": )"
                        R"("tester@testhost", "event": "training.started", "prev_hash": ")",
                        sha256_hex(lines[0]), R"(", "seq": 1})"));
}

TEST_CASE("beside the log stand the manifest of its first line and the checkpoint of all") {
  Bench bench;
  AuditLog log = bench.open();
  for (int i = 0; i < 3; ++i) log.record({"training.started"});
  const auto lines = bench.lines();
  const Json manifest = parse_json(read_file(bench.log().native() + ".manifest.json")).value();
  CHECK(manifest.at("audit_log").text() == "audit_log.jsonl");
  CHECK(manifest.at("run_id").text() == "fg-0123456789ab");
  CHECK(manifest.at("first_entry_sha256").text() == sha256_hex(lines[0]));
  const Checkpoint checkpoint = bench.checkpoint();
  CHECK(checkpoint.origin == cat("forgelm/audit/", sha256_hex(lines[0]).substr(0, 32)));
  CHECK(checkpoint.num_entries() == 3);
  CHECK(checkpoint.size_bytes == fs::file_size(bench.log()));
  CHECK(checkpoint.head == sha256_hex(lines[2]));
  const auto node = [](const Sha256Digest& a, const Sha256Digest& b) {
    return sha256(cat("\x01", bytes_of(a), bytes_of(b)));
  };
  CHECK(checkpoint.root == node(node(merkle_leaf(lines[0]), merkle_leaf(lines[1])), merkle_leaf(lines[2])));
}

TEST_CASE("names that are no events, and details that would hide the envelope, are refused") {
  Bench bench;
  AuditLog log = bench.open();
  CHECK_THROWS_AS(log.record({"training.startd"}), RunError);
  CHECK_THROWS_AS(log.record({"training.started", Json::object({{"prev_hash", "genesis"}})}), RunError);
  CHECK_THROWS_AS(log.record({"training.started", Json::array()}), RunError);
  CHECK_FALSE(fs::exists(bench.log()));
  log.record({"human_approval.granted", Json::object({{"run_id", "fg-ffffffffffff"}})});
  CHECK(bench.lines()[0].find(R"("run_id": "fg-ffffffffffff", "operator")") != std::string::npos);
  CHECK(audit_events().size() > 42);
  std::size_t num_theirs = 0;
  for (const auto& event : audit_events()) {
    num_theirs += !event.is_ours;
    CHECK(find_audit_event(event.name) == &event);
  }
  CHECK(num_theirs == 42);
}

TEST_CASE("who acts is named, or the log does not open") {
  Bench bench;
  CHECK(audit_operator() == "tester@testhost");
  CHECK(audit_approver() == "tester");
  bench.environment.variables["FORGELM_OPERATOR"] = "ci-7";
  CHECK(audit_operator() == "ci-7");
  CHECK(audit_approver() == "ci-7");
  bench.environment.variables.clear();
  bench.environment.user.reset();
  CHECK_THROWS_AS(bench.open(), ConfigError);
  CHECK_THROWS_AS(audit_approver(), ConfigError);
  bench.environment.variables["FORGELM_ALLOW_ANONYMOUS_OPERATOR"] = "1";
  bench.environment.host.clear();
  CHECK(audit_operator() == "anonymous@unknown-host");
  CHECK(audit_approver() == "anonymous");
}

TEST_CASE("an unfinished last write is cut off, kept, and named by an entry") {
  Bench bench;
  bench.open().record({"training.started"});
  const std::string torn = R"({"timestamp": "2026-11-21T00:)";
  AppendFile(bench.log()).append(torn);
  const auto offset = read_file(bench.log()).size() - torn.size();
  bench.open().record({"pipeline.failed"});
  const auto lines = bench.lines();
  REQUIRE(lines.size() == 3);
  const Json entry = parse_json(lines[1]).value();
  CHECK(entry.at("event").text() == "audit.recovered");
  CHECK(entry.at("offset").integer() == static_cast<std::int64_t>(offset));
  CHECK(entry.at("cut_bytes").integer() == static_cast<std::int64_t>(torn.size()));
  CHECK(entry.at("cut_sha256").text() == sha256_hex(torn));
  CHECK(read_file(bench.folder / entry.at("kept_at").text()) == torn);
  CHECK(bench.checkpoint().num_entries() == 3);
}

TEST_CASE("a log that was cut, changed or taken away does not go on, save by permission and on the record") {
  struct Attack {
    const char* name;
    const char* reason;
    void (*make)(const fs::path& log);
  };
  const auto reason_of = [](const fs::path& log) {
    const auto lines = split(read_file(log), '\n');
    for (const auto& line : lines)
      if (line.find("audit.rerooted") != std::string::npos) return parse_json(line).value().at("reason").text();
    return std::string();
  };
  const Attack attacks[] = {
      {"cut by an entry", "cut",
       [](const fs::path& log) {
         const std::string text = read_file(log);
         write_file_durably(log, text.substr(0, text.rfind('\n', text.size() - 2) + 1));
       }},
      {"cut to nothing", "log_missing", [](const fs::path& log) { write_file_durably(log, ""); }},
      {"removed", "log_missing", [](const fs::path& log) { fs::remove(log); }},
      {"removed with its checkpoint", "log_missing",
       [](const fs::path& log) {
         fs::remove(log);
         fs::remove(checkpoint_path(log.native()));
       }},
      {"last line edited", "rewritten",
       [](const fs::path& log) {
         std::string text = read_file(log);
         text[text.size() - 5] = '7';
         write_file_durably(log, text);
       }},
      {"first line edited", "rewritten",
       [](const fs::path& log) {
         std::string text = read_file(log);
         text[20] = '9';
         write_file_durably(log, text);
       }},
      {"checkpoint removed", "checkpoint_missing",
       [](const fs::path& log) { fs::remove(checkpoint_path(log.native())); }},
      {"checkpoint damaged", "checkpoint",
       [](const fs::path& log) { write_file_durably(checkpoint_path(log.native()), "forgelm"); }},
      {"manifest damaged", "manifest",
       [](const fs::path& log) { write_file_durably(log.native() + ".manifest.json", "{"); }},
      {"an entry added that continues nothing", "rewritten",
       [](const fs::path& log) { AppendFile(log).append("{\"prev_hash\": \"00\"}\n"); }},
  };
  for (const Attack& attack : attacks) {
    INFO(attack.name);
    Bench bench;
    AuditLog log = bench.open();
    for (int i = 0; i < 3; ++i) log.record({"training.started"});
    attack.make(bench.log());
    CHECK_THROWS_AS(log.record({"training.started"}), RunError);
    CHECK_THROWS_AS(bench.open(), ConfigError);
    bench.environment.variables["FORGELM_ALLOW_AUDIT_REROOT"] = "1";
    AuditLog again = bench.open();
    again.record({"training.started"});
    CHECK(reason_of(bench.log()) == attack.reason);
    bench.environment.variables.clear();
    bench.open().record({"training.started"});  // what was permitted is behind it
  }
}

TEST_CASE("the anchor is a second copy of the checkpoint, and a log behind it does not go on") {
  Bench bench;
  const fs::path anchor = bench.folder / "anchor";
  AuditLog log({.directory = bench.folder / "out", .anchor_path = anchor});
  log.record({"training.started"});
  const std::string first_log = read_file(log.path());
  const std::string first_note = read_file(anchor);
  CHECK(first_note == read_file(checkpoint_path(log.path().native())));
  log.record({"training.started"});
  write_file_durably(log.path(), first_log);  // log and checkpoint put back, as from a backup
  write_file_durably(checkpoint_path(log.path().native()), first_note);
  CHECK_THROWS_AS(log.record({"training.started"}), RunError);

  // Another log has another anchor; in a folder each has its name.
  CHECK_THROWS_AS(AuditLog({.directory = bench.folder / "other", .anchor_path = anchor}), ConfigError);
  fs::create_directory(bench.folder / "vault");
  for (const char* name : {"a", "b"}) {
    bench.environment.now.microseconds += 1;
    AuditLog({.directory = bench.folder / name, .anchor_path = bench.folder / "vault"}).record({"training.started"});
  }
  CHECK(std::distance(fs::directory_iterator(bench.folder / "vault"), {}) == 2);

  // An anchor that cannot be written is an error, and the entry is there.
  AuditLog lost({.directory = bench.folder / "lost", .anchor_path = bench.folder / "nowhere" / "anchor"});
  CHECK_THROWS_AS(lost.record({"training.started"}), RunError);
  CHECK(fs::file_size(lost.path()) > 0);
}

}  // namespace
}  // namespace forgelm::compliance
