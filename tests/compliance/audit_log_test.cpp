// The writer of the audit log: the reference's line format, what stands beside the log, recovery, and refusals.
#include "forgelm/compliance/audit_log.hpp"

#include <fstream>

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
  test::TemporaryDirectory folder;
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

}  // namespace
}  // namespace forgelm::compliance
