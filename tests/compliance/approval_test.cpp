// Approvals one by one: what is shown, what a decision leaves, and every refusal. Keys, states and refusals are the
// reference's (forgelm 0.11.1, cli/subcommands/_approve.py and _approvals.py). All sequences: approval_states_test.cpp.
#include "forgelm/compliance/approval.hpp"

#include <cerrno>
#include <fstream>
#include <functional>

#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/text.hpp"
#include "staged_run.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using compliance::ApprovalStatus;
using test::StagedRun;
namespace fs = std::filesystem;

Json last_entry(const fs::path& log) {
  const std::string text = read_file(log);
  const std::size_t begin = text.rfind('\n', text.size() - 2);
  return parse_json(text.substr(begin == std::string::npos ? 0 : begin + 1)).value();
}

/// The log as the reference would have written it, with one member of the request changed.
void rewrite_request(const StagedRun& run, const std::string& key, Json value) {
  const std::string text = read_file(run.log());
  const std::size_t begin = text.rfind('\n', text.size() - 2) + 1;
  Json entry = parse_json(text.substr(begin)).value();
  entry.set(key, std::move(value));
  std::string changed = text.substr(0, begin) + dump(entry) + "\n";
  std::ofstream(run.log(), std::ios::binary) << changed;
  fs::remove(run.log().native() + ".checkpoint");  // nothing beside the log knows of the change
}

}  // namespace

TEST_CASE("approval: what waits is shown with its age and what was measured") {
  StagedRun run;
  run.environment.now.microseconds += 90'500'000;
  const auto pending = compliance::pending_approvals(run.folder());
  REQUIRE(pending.size() == 1);
  CHECK(pending[0].run_id == test::kRunId);
  CHECK(pending[0].staging == run.staging());
  CHECK(pending[0].is_staged);
  CHECK(pending[0].age_seconds == 90.5);
  CHECK(pending[0].metrics.at("eval_loss") == Json(1.25));
  CHECK(pending[0].config_hash == Json("sha256:1234"));
  CHECK(pending[0].reason == Json("require_human_approval=true"));
  const auto history = compliance::approval_history(run.folder(), test::kRunId);
  CHECK(history.status == ApprovalStatus::pending);
  CHECK(history.chain.size() == 1);
  CHECK(history.staging_contents ==
        std::vector<std::string>{"adapter_config.json", "adapter_model.safetensors", "model_integrity.json"});
  CHECK(history.corruption.empty());
  CHECK_THROWS_AS(compliance::approval_history(run.folder(), "fg-none"), ConfigError);
  CHECK(compliance::pending_approvals(run.folder() / "none").empty());
  CHECK_THROWS_AS(compliance::approval_history(run.folder() / "none", test::kRunId), ConfigError);
}

TEST_CASE("approval: an approved model takes its place, and the log says who let it") {
  StagedRun run;
  const auto decision = compliance::approve(run.request("looks good"));
  CHECK(decision.integrity_failure.empty());
  CHECK(decision.approver == "bob");
  CHECK(decision.final_model == run.place());
  CHECK(decision.strategy == "rename");
  CHECK_FALSE(decision.was_granted_before);
  CHECK(StagedRun::is_whole(run.place()));
  CHECK_FALSE(fs::exists(run.staging()));
  const Json entry = last_entry(run.log());
  CHECK(entry.at("event") == Json("human_approval.granted"));
  CHECK(entry.at("gate") == Json("final_model"));
  CHECK(entry.at("run_id") == Json(test::kRunId));
  CHECK(entry.at("approver") == Json("bob"));
  CHECK(entry.at("comment") == Json("looks good"));
  CHECK(entry.at("promote_strategy") == Json("rename"));
  CHECK(run.is_log_intact());
  CHECK(compliance::pending_approvals(run.folder()).empty());
  CHECK(compliance::approval_history(run.folder(), test::kRunId).status == ApprovalStatus::granted);
}

TEST_CASE("approval: a rejected model stays staged") {
  StagedRun run;
  const auto decision = compliance::reject(run.request("no"));
  CHECK(decision.staging == run.staging());
  CHECK(StagedRun::is_whole(run.staging()));
  CHECK_FALSE(fs::exists(run.place()));
  const Json entry = last_entry(run.log());
  CHECK(entry.at("event") == Json("human_approval.rejected"));
  CHECK(entry.at("staging_path") == Json(run.staging().native()));
  CHECK(compliance::approval_history(run.folder(), test::kRunId).status == ApprovalStatus::rejected);
}

TEST_CASE("approval: without FORGELM_OPERATOR the approver is the bare user name; nobody is refused") {
  StagedRun run;
  run.environment.variables.erase("FORGELM_OPERATOR");
  run.environment.user = "carol";
  CHECK(compliance::approve(run.request()).approver == "carol");
  CHECK(last_entry(run.log()).at("operator") == Json("carol@testhost"));
  StagedRun other;
  other.environment.variables.erase("FORGELM_OPERATOR");
  other.environment.user.reset();
  CHECK_THROWS_AS(compliance::approve(other.request()), ConfigError);
  CHECK(other.count("human_approval.granted") == 0);
  CHECK(fs::exists(other.staging()));
}

TEST_CASE("approval: four eyes keep the run's operator from deciding, in either form of a name") {
  struct Row {
    const char *operator_name, *approver;
    bool may_decide;
  };
  for (const Row& row :
       {Row{"alice@host", "alice", false}, Row{"alice", "alice", false}, Row{"alice@host", "alice@host", false},
        Row{"alice", "alice@other", false}, Row{"alice@host", "bob", true}, Row{"alice@host", "alic", true},
        Row{"alice@bank.example", "alice@firm.example", true}}) {
    INFO(row.operator_name << " " << row.approver);
    StagedRun run({true, row.operator_name});
    run.environment.variables["FORGELM_OPERATOR"] = row.approver;
    if (row.may_decide) {
      CHECK(compliance::approve(run.request()).integrity_failure.empty());
    } else {
      CHECK_THROWS_WITH(compliance::approve(run.request()), Catch::Contains("four eyes"));
      CHECK_THROWS_WITH(compliance::reject(run.request()), Catch::Contains("four eyes"));
      CHECK(run.count("human_approval.granted") + run.count("human_approval.rejected") == 0);
      CHECK(fs::exists(run.staging()));
    }
  }
}

TEST_CASE("approval: staged files that are not those of the run are refused, and nothing is decided") {
  const auto refused = [](const std::function<void(const StagedRun&)>& change, const std::string& expected) {
    StagedRun run;
    change(run);
    const auto decision = compliance::approve(run.request());
    INFO(decision.integrity_failure);
    CHECK(decision.integrity_failure.find(expected) != std::string::npos);
    CHECK(run.count("human_approval.granted") == 0);
    CHECK_FALSE(fs::exists(run.place()));
  };
  refused([](const StagedRun& run) { write_file_durably(run.staging() / "adapter_model.safetensors", "the weightz"); },
          "not the one that passed the gates");
  refused([](const StagedRun& run) { write_file_durably(run.staging() / "more.bin", "x"); },
          "not the one that passed the gates");
  refused([](const StagedRun& run) { fs::remove(run.staging() / "adapter_config.json"); },
          "not the one that passed the gates");
  refused([](const StagedRun& run) { fs::remove(run.staging() / "model_integrity.json"); }, "has no model_integrity");
  refused(
      [](const StagedRun& run) {  // whoever changes the weights writes the manifest anew: the log knows the old one
        write_file_durably(run.staging() / "adapter_model.safetensors", "the weightz");
        compliance::ModelFolder folder(run.staging());
        compliance::write_model_integrity(folder, run.place());
      },
      "is not the one that the run recorded");
}

TEST_CASE("approval: a log that is not what was recorded is no ground for a decision") {
  const auto distrusted = [](const std::function<std::string(const std::string&)>& change) {
    StagedRun run;
    const std::string changed = change(read_file(run.log()));
    std::ofstream(run.log(), std::ios::binary | std::ios::trunc) << changed;
    CHECK_FALSE(compliance::approve(run.request()).integrity_failure.empty());
    CHECK_FALSE(compliance::reject(run.request()).integrity_failure.empty());
    CHECK(read_file(run.log()) == changed);
    CHECK(StagedRun::is_whole(run.staging()));
    CHECK_FALSE(fs::exists(run.place()));
  };
  distrusted([](const std::string& text) { return std::string(text).replace(text.find("1.25"), 4, "0.25"); });
  distrusted([](const std::string& text) { return text.substr(text.find('\n') + 1); });
  distrusted([](const std::string& text) { return cat(text, text.substr(0, text.find('\n') + 1)); });
}

TEST_CASE("approval: a write that a crash tore off the end of the log is mended by the decision") {
  StagedRun run;
  std::ofstream(run.log(), std::ios::binary | std::ios::app) << "{\"timestamp\": \"2026-";
  CHECK(compliance::approve(run.request()).integrity_failure.empty());
  CHECK(StagedRun::is_whole(run.place()));
  CHECK(run.is_log_intact());
  CHECK(run.count("audit.recovered") == 1);
}

TEST_CASE("approval: a request that names a folder outside the run's is refused") {
  const test::TemporaryDirectory elsewhere;
  fs::create_directory(elsewhere / "final_model.staging.fg-0123456789ab");
  for (const std::string& path :
       {(elsewhere / "final_model.staging.fg-0123456789ab").native(), std::string("/etc"), std::string("../../etc")}) {
    INFO(path);
    StagedRun run;
    rewrite_request(run, "staging_path", path);
    CHECK_THROWS_WITH(compliance::approve(run.request()), Catch::Contains("not inside"));
    CHECK_THROWS_WITH(compliance::reject(run.request()), Catch::Contains("not inside"));
    CHECK_FALSE(compliance::pending_approvals(run.folder()).front().staging.has_value());
    CHECK(compliance::approval_history(run.folder(), test::kRunId).staging_contents.empty());
  }
  StagedRun run;  // out of the folder and back in by a link
  fs::remove_all(run.staging());
  fs::create_directory_symlink(elsewhere.path(), run.staging());
  CHECK_THROWS_AS(compliance::approve(run.request()), ConfigError);
  for (const std::string& inside : {run.folder().native(), (run.folder() / "sub").native()}) {
    rewrite_request(run, "staging_path", inside);
    CHECK_THROWS_AS(compliance::approve(run.request()), ConfigError);
  }
}

TEST_CASE("approval: runs that did not ask, and folders without a log, are refused and not made") {
  StagedRun run;
  auto request = run.request();
  request.run_id = "fg-another";
  CHECK_THROWS_WITH(compliance::approve(request), Catch::Contains("no human_approval.required of run \"fg-another\""));
  request = run.request();
  request.run_folder = run.folder() / "none";
  CHECK_THROWS_AS(compliance::approve(request), ConfigError);
  CHECK_FALSE(fs::exists(run.folder() / "none"));
}

TEST_CASE("approval: a model that is moved across file systems is copied, compared, and only then removed") {
  StagedRun run;
  failpoint::arm("approval.device", failpoint::Action::error, EXDEV, 1, true);
  const auto decision = compliance::approve(run.request());
  failpoint::disarm_all();
  CHECK(decision.strategy == "move");
  CHECK(StagedRun::is_whole(run.place()));
  CHECK_FALSE(fs::exists(run.staging()));
  CHECK_FALSE(fs::exists(run.place().native() + ".approving"));
}
