// What becomes of a model that its gates judged: what stands in the folder, in the record and in the audit log after
// each verdict, and that a refused model is never at its place.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <limits>

#include "forgelm/core/error.hpp"
#include "forgelm/formats/checkpoint_folder.hpp"
#include "workplace.hpp"

namespace {

using namespace forgelm;
using pipeline::RunState;
using test::Workplace;
namespace fs = std::filesystem;

using Names = std::vector<std::string>;

constexpr const char* kBound = "evaluation: {max_acceptable_loss: 5.0}\n";
constexpr const char* kReverts = "evaluation: {auto_revert: true}\n";

/// Files below a folder that hold a text.
std::vector<fs::path> files_with(const fs::path& folder, const std::string& text) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && read_file(entry.path()).find(text) != std::string::npos) out.push_back(entry.path());
  return out;
}

Json details_of(const RecordingAuditSink& audit, const std::string& name) {
  Json details;
  for (const AuditEvent& event : audit.events())
    if (event.name == name) details = event.details;
  return details;
}

/// Hears a run.
struct Listener final : pipeline::RunListener {
  Names heard;
  void on_started(const std::string&) override { heard.emplace_back("started"); }
  void on_ended(const pipeline::RunResult& result) override { heard.emplace_back(to_string(result.state)); }
  void on_failed(const std::string&, const std::string& what) override { heard.push_back("failed: " + what); }
};

}  // namespace

TEST_CASE("run gates: a model that passes takes its place, and the log has the events in their order") {
  Workplace here;
  Listener listener;
  here.listeners = {&listener};
  here.sections = kBound;
  const auto result = here.run();
  CHECK(result.state == RunState::finished);
  CHECK(pipeline::exit_code_of(result.state) == ExitCode::ok);
  CHECK(fs::exists(here.model()));
  const Names names = here.audit.names();
  REQUIRE(names.size() >= 4);
  CHECK(Names(names.begin(), names.begin() + 3) ==
        Names{"pipeline.initialized", "training.started", "evaluation.loss_gate_completed"});
  CHECK(names.back() == "pipeline.completed");
  CHECK(details_of(here.audit, "pipeline.initialized").at("trainer_type") == Json("sft"));
  CHECK(details_of(here.audit, "pipeline.completed").at("metrics_summary").at("eval_loss") == Json(6.0 - 0.1 * 12));
  const Json gate = here.record().at("gates").items().front();
  CHECK(gate.at("verdict") == Json("passed"));
  CHECK(gate.at("figures").at("baseline_loss") == Json(6.0));
  CHECK(gate.at("figures").at("baseline") == Json("measured"));
  CHECK(here.record().at("metrics").at("baseline_eval_loss") == Json(6.0));
  CHECK(listener.heard == Names{"started", "finished"});
}

TEST_CASE("run gates: a refused model never is at its place; without auto_revert it waits where its run names it") {
  Workplace here;
  Listener listener;
  here.training.weights = "the good one";
  here.run();
  here.training.weights = "the refused one";
  here.training.final_loss = 5.5;
  here.sections = kBound;
  here.listeners = {&listener};
  const auto result = here.run();
  CHECK(result.state == RunState::rejected);
  CHECK(pipeline::exit_code_of(result.state) == ExitCode::gate_failed);
  CHECK_FALSE(result.is_reverted);
  CHECK(result.message.find("5.5000 is above evaluation.max_acceptable_loss") != std::string::npos);
  CHECK(here.weights() == "the good one");
  CHECK(result.staging == pipeline::staging_path(here.model(), result.run_id));
  CHECK(result.final_model == result.staging);
  CHECK(read_file(result.staging / "adapter_model.safetensors") == "the refused one");
  CHECK(here.record().at("state") == Json("rejected"));
  CHECK(here.record().at("staging_path") == Json(result.staging.native()));
  CHECK(details_of(here.audit, "evaluation.loss_gate_completed").at("passed") == Json(false));
  CHECK(here.audit.names().back() == "compliance.artifacts_exported");  // of the refusal; and no completion
  CHECK(details_of(here.audit, "human_approval.required").is_null());
  CHECK(listener.heard == Names{"started", "rejected"});
  // Another bound judges the same weights without training again.
  here.sections = "evaluation: {max_acceptable_loss: 5.8}\n";
  const auto again = here.run("auto");
  CHECK(again.state == RunState::finished);
  CHECK(here.weights() == "the refused one");
}

TEST_CASE("run gates: auto_revert leaves nothing that holds the refused weights") {
  for (const char* action : {"keep", "compress", "delete"}) {
    INFO(action);
    Workplace here;
    here.training.weights = "the refused weights";
    here.training.final_loss = 6.5;
    here.sections = kReverts;
    // What a writer that died left half-written, and a checkpoint that an earlier end of this run had packed.
    here.training.before_save = [&] {
      fs::create_directories(here.out() / ".checkpoint-12.half");
      write_file_durably(here.out() / ".checkpoint-12.half/weights", "the refused weights");
      write_file_durably(here.out() / "checkpoint-2.tar.gz", "the refused weights");
    };
    const auto result = here.run({}, cat(", checkpoint_action: ", action));
    CHECK(result.state == RunState::rejected);
    CHECK(result.is_reverted);
    CHECK(result.final_model.empty());
    CHECK(result.staging.empty());
    CHECK(files_with(here.out(), "the refused weights").empty());
    for (const std::string& name : here.names()) {
      INFO(name);
      CHECK(name.find("checkpoint") == std::string::npos);
      CHECK(name.find("final_model") == std::string::npos);
    }
    CHECK(here.record().at("reverted") == Json(true));
    const Json reverted = details_of(here.audit, "model.reverted");
    CHECK(reverted.at("reason") == Json("threshold"));
    CHECK(reverted.at("detail").text().find("worse than the baseline's 6.0000") != std::string::npos);
    const Names last = here.audit.names();
    CHECK(std::find(last.begin(), last.end(), "model.reverted") <
          std::find(last.begin(), last.end(), "compliance.artifacts_exported"));
  }
}

TEST_CASE("run gates: a revert spares the model, the checkpoints and the records of an earlier run") {
  Workplace here;
  here.training.weights = "the good one";
  const auto good = here.run();
  here.training.weights = "the refused one";
  here.training.final_loss = 6.5;
  here.sections = kReverts;
  CHECK(here.run().is_reverted);
  CHECK(here.weights() == "the good one");
  CHECK(fs::exists(here.out() / cat("earlier-", good.run_id) / "checkpoint-12" / "COMMITTED"));
  CHECK(files_with(here.out(), "the refused one").empty());
}

TEST_CASE("run gates: a deletion that fails is on record before and after, and the paths stay named") {
  Workplace here;
  here.training.final_loss = std::numeric_limits<double>::quiet_NaN();
  here.sections = kReverts;
  here.training.before_save = [] { failpoint::arm("revert.remove", failpoint::Action::error, EACCES); };
  const auto result = here.run();
  CHECK(result.state == RunState::rejected);
  CHECK_FALSE(result.is_reverted);
  REQUIRE_FALSE(result.staging.empty());
  CHECK(fs::exists(result.staging));
  CHECK_FALSE(fs::exists(here.model()));
  CHECK(details_of(here.audit, "model.reverted").at("reason") == Json("nan_inf"));
  const Json failed = details_of(here.audit, "model.revert_failed");
  CHECK(failed.at("reason") == Json("nan_inf"));
  CHECK(failed.at("error_class") == Json("PermissionError"));
  CHECK(failed.at("path") == Json(result.staging.native()));
  // The next run is not in its way.
  failpoint::disarm_all();
  here.training.before_save = [] {};
  here.training.final_loss = 1.0;
  CHECK(here.run().state == RunState::finished);
}

TEST_CASE("run gates: nothing is removed when the log cannot say so first") {
  class RefusesReverts final : public AuditSink {
   public:
    void record(const AuditEvent& event) override {
      if (event.name == "model.reverted") throw RunError(RunErrorKind::out_of_disk, "the log is full");
    }
  } refuses;
  Workplace here;
  here.training.final_loss = 6.5;
  here.sections = kReverts;
  pipeline::RunOptions options;
  options.shows_progress = false;
  options.open_training = [&](engine::TrainingRequest request) { return here.training.open(std::move(request)); };
  options.open_audit = [&](const config::JobConfig&, const fs::path&, const std::string&) {
    return std::make_unique<test::SinkReference>(refuses);
  };
  CHECK_THROWS_AS(pipeline::run_job(here.job(), options), RunError);
  CHECK(fs::exists(here.out() / "checkpoint-12"));
  CHECK_FALSE(fs::exists(here.model()));
  CHECK(here.record().at("state") == Json("failed"));
}

TEST_CASE("run gates: a gate without anything to judge by is skipped, and says so in the record") {
  Workplace here;
  here.training.evaluates = false;
  here.sections = kBound;
  CHECK(here.run().state == RunState::finished);
  CHECK(here.record().at("gates").items().front().at("verdict") == Json("skipped"));
  CHECK(details_of(here.audit, "evaluation.loss_gate_completed").is_null());
}

TEST_CASE("run gates: a model that needs approval waits, and the request names what was measured") {
  Workplace here;
  Listener listener;
  here.listeners = {&listener};
  here.sections = "evaluation: {require_human_approval: true, max_acceptable_loss: 6.0}\n";
  const auto result = here.run();
  CHECK(result.state == RunState::awaiting_approval);
  CHECK(pipeline::exit_code_of(result.state) == ExitCode::awaiting_approval);
  CHECK_FALSE(fs::exists(here.model()));
  CHECK(result.staging == pipeline::staging_path(here.model(), result.run_id));
  CHECK(result.final_model == result.staging);
  CHECK(fs::exists(result.staging / "adapter_model.safetensors"));
  CHECK(here.audit.names().back() == "human_approval.required");
  const Json request = details_of(here.audit, "human_approval.required");
  Names keys;
  for (const auto& [key, value] : request.members()) keys.push_back(key);
  REQUIRE(keys.size() >= 6);
  CHECK(Names(keys.begin(), keys.begin() + 6) ==
        Names{"gate", "reason", "metrics", "staging_path", "run_id", "config_hash"});
  CHECK(request.at("staging_path") == Json(result.staging.native()));
  CHECK(request.at("run_id") == Json(result.run_id));
  CHECK(request.find("four_eyes") == nullptr);
  CHECK(here.record().at("state") == Json("awaiting_approval"));
  CHECK(listener.heard == Names{"started", "awaiting_approval"});
  here.sections = "evaluation: {require_human_approval: true, four_eyes: true}\n";
  here.run();
  CHECK(details_of(here.audit, "human_approval.required").at("four_eyes") == Json(true));
  CHECK(fs::exists(result.staging));  // the other one still waits
}

TEST_CASE("run gates: a refused model is not put before a person") {
  Workplace here;
  here.training.final_loss = 6.5;
  here.sections = "evaluation: {require_human_approval: true, max_acceptable_loss: 6.0}\n";
  CHECK(here.run().state == RunState::rejected);
  CHECK(details_of(here.audit, "human_approval.required").is_null());
}

TEST_CASE("run gates: a run that breaks or is interrupted says so in the log, and listeners that throw are no matter") {
  struct Throws final : pipeline::RunListener {
    void on_started(const std::string&) override { throw RunError(RunErrorKind::network, "nobody listens"); }
    void on_failed(const std::string&, const std::string&) override { throw std::runtime_error("nobody listens"); }
  } throws;
  Workplace here;
  Listener listener;
  here.listeners = {&throws, &listener};
  here.training.after_step = [](std::int64_t step) {
    if (step == 3) throw RunError(RunErrorKind::diverged, "the loss is not finite");
  };
  CHECK_THROWS_AS(here.run(), RunError);
  CHECK(here.audit.names() == Names{"pipeline.initialized", "training.started", "compliance.governance_exported",
                                    "compliance.governance_section_missing", "compliance.artifacts_exported",
                                    "pipeline.failed"});
  CHECK(details_of(here.audit, "pipeline.failed").at("error") == Json("the loss is not finite"));
  CHECK(listener.heard == Names{"started", "failed: the loss is not finite"});
  here.training.after_step = [](std::int64_t step) {
    if (step == 6) ::raise(SIGTERM);
  };
  CHECK(here.run().state == RunState::interrupted);
  CHECK(here.audit.names().back() == "pipeline.interrupted");
  CHECK(details_of(here.audit, "pipeline.interrupted").at("step") == Json(6));
}

TEST_CASE("run gates: the baseline of a resumed run is that of its beginning") {
  Workplace here;
  here.sections = kBound;
  here.training.after_step = [](std::int64_t step) {
    if (step == 6) ::raise(SIGTERM);
  };
  here.run();
  here.training.after_step = [](std::int64_t) {};
  CHECK(here.run("auto").state == RunState::finished);
  CHECK(here.record().at("gates").items().front().at("figures").at("baseline_loss") == Json(6.0));
}
