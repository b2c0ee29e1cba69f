// A run's notices as a receiver gets them, and retention rules before a run.
#include <algorithm>

#include "forgelm/compliance/audit_verify.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/http.hpp"
#include "forgelm/core/text.hpp"
#include "support/http_server.hpp"
#include "workplace.hpp"

namespace {

using namespace forgelm;
using pipeline::RunState;

class Receiver {
 public:
  explicit Receiver(int status = 200)
      : server_([status](const test::ReceivedRequest&, test::ServerConnection& to) {
          to.send(test::answer(status, ""));
        }) {}
  std::string section() const {
    return cat("webhook: {url: '", server_.url("/the-token-of-this-receiver"),
               "', allow_private_destinations: true}\n");
  }
  std::vector<Json> notices() const {
    std::vector<Json> notices;
    for (const auto& request : server_.requests()) notices.push_back(parse_json(request.body).value());
    return notices;
  }
  std::vector<std::string> events() const {
    std::vector<std::string> events;
    for (const Json& notice : notices()) events.push_back(notice.at("event").text());
    return events;
  }

 private:
  test::HttpServer server_;
};

std::vector<std::string> outcomes(const Json& record) {
  std::vector<std::string> outcomes;
  for (const Json& notice : record.at("notices").items()) outcomes.push_back(notice.at("outcome").text());
  return outcomes;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("notices: a run tells of its start and its success, and its record says that it did") {
  const Receiver receiver;
  test::Workplace here;
  here.sections = receiver.section();
  const auto result = here.run();
  REQUIRE(receiver.events() == Texts{"training.start", "training.success"});
  CHECK(receiver.notices()[0].at("run_name").text() == "model_finetune");
  CHECK(receiver.notices()[1].at("metrics").at("eval_loss") == result.metrics.at("eval_loss"));
  CHECK(outcomes(here.record()) == Texts{"delivered", "delivered"});
  CHECK(dump(here.record()).find("the-token-of-this-receiver") == std::string::npos);
  CHECK(here.record().at("state").text() == "finished");
}

TEST_CASE("notices: the receiver gets the audit log's checkpoint, which finds a log that was written anew") {
  const Receiver receiver;
  test::Workplace here;
  here.keeps_audit_in_memory = false;
  here.environment.variables["FORGELM_OPERATOR"] = "desk";
  here.sections = receiver.section();
  here.run();
  const auto notices = receiver.notices();
  REQUIRE(notices.size() == 2);
  const std::string log = (here.out() / "audit_log.jsonl").native();
  const std::string last = notices[1].at("audit_checkpoint").text();
  CHECK(notices[1].members().back().first == "audit_checkpoint");  // behind the reference's keys
  CHECK(last == read_file(log + ".checkpoint"));
  CHECK(notices[0].at("audit_checkpoint").text() != last);
  // As an anchor it covers all that was recorded, and speaks against another log.
  compliance::AuditVerifyOptions options;
  options.anchor = last;
  CHECK(compliance::verify_audit_file(log, options).is_valid());
  for (const char* ending : {"", ".checkpoint", ".manifest.json"}) std::filesystem::remove(log + ending);
  here.run();
  CHECK_FALSE(compliance::verify_audit_file(log, options).is_valid());
  // A log without a checkpoint says nothing, and the notice goes out.
  here.keeps_audit_in_memory = true;
  std::filesystem::remove(log + ".checkpoint");
  here.run();
  CHECK(receiver.notices().back().find("audit_checkpoint") == nullptr);
}

TEST_CASE("notices: a run that fails, is refused, reverted, or waits for approval tells so") {
  const auto notices_of = [](const std::string& sections, bool breaks) {
    const Receiver receiver;
    test::Workplace here;
    here.sections = receiver.section() + sections;
    if (breaks)
      here.training.after_step = [](std::int64_t step) {
        if (step == 6) throw RunError(RunErrorKind::diverged, "the loss is not finite");
      };
    try {
      here.run();
    } catch (const RunError&) {
    }
    CHECK(outcomes(here.record()) == Texts{"delivered", "delivered"});
    return receiver.notices().back();
  };
  const Json failed = notices_of("", true);
  CHECK(failed.at("event").text() == "training.failure");
  CHECK(failed.at("reason").text() == "the loss is not finite");
  const Json refused = notices_of("evaluation: {max_acceptable_loss: 0.5}\n", false);
  CHECK(refused.at("event").text() == "training.failure");
  const Json reverted = notices_of("evaluation: {max_acceptable_loss: 0.5, auto_revert: true}\n", false);
  CHECK(reverted.at("event").text() == "training.reverted");
  CHECK(reverted.at("reason").text().ends_with(" Artifacts discarded."));
  const Json waiting = notices_of("evaluation: {require_human_approval: true}\n", false);
  CHECK(waiting.at("event").text() == "approval.required");
  CHECK(waiting.at("model_path").text().find(".staging.fg-") != std::string::npos);
}

TEST_CASE("notices: a receiver that does not take them changes nothing about the run") {
  const Receiver receiver(404);
  test::Workplace here;
  here.sections = receiver.section();
  CHECK(here.run().state == RunState::finished);
  CHECK(outcomes(here.record()) == Texts{"failed", "failed"});
  test::Workplace refused;
  refused.sections = "webhook: {url: 'http://169.254.169.254/'}\n";
  CHECK(refused.run().state == RunState::finished);
  CHECK(outcomes(refused.record()) == Texts{"refused", "refused"});
}

TEST_CASE("notices: of an offline job they are noted as not sent") {
  test::Workplace here;
  here.sections = "webhook: {url: 'https://hooks.example.org/'}\n";
  auto job = here.job();
  job.job.model.offline = true;
  pipeline::RunOptions options;
  options.shows_progress = false;
  options.open_training = [&](engine::TrainingRequest request) { return here.training.open(std::move(request)); };
  options.open_audit = [&](const config::JobConfig&, const std::filesystem::path&, const std::string&) {
    return std::make_unique<test::SinkReference>(here.audit);
  };
  CHECK(pipeline::run_job(job, options).state == RunState::finished);
  CHECK(outcomes(here.record()) == Texts{"not_sent", "not_sent"});
  set_offline(false);
}

TEST_CASE("retention: a run begins, warns or does not begin, as the job says") {
  test::Workplace here;
  std::filesystem::create_directories(here.out() / "raw_documents");
  here.environment.now = {std::int64_t{4'000'000'000} * 1000000};
  std::string log;
  const auto run_with = [&](const std::string& enforce) {
    log.clear();
    set_log_level(LogLevel::INFO);
    set_log_sink([&](LogLevel level, std::string_view line) {
      if (level == LogLevel::WARNING || level == LogLevel::INFO) log += cat(line, "\n");
    });
    here.sections = cat("retention: {enforce: ", enforce, "}\n");
    const auto result = here.run();
    set_log_sink({});
    return result;
  };
  const auto blocked = run_with("block_on_excess");
  CHECK(blocked.state == RunState::rejected);
  CHECK(pipeline::exit_code_of(blocked.state) == ExitCode::gate_failed);
  CHECK(blocked.message.find("raw_documents") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(here.out() / "forgelm_run.json"));
  CHECK(log.find("[WARNING] forgelm.retention: retention.excess {\"enforce\": \"block_on_excess\", \"count\": 1") !=
        std::string::npos);
  CHECK(run_with("warn_on_excess").state == RunState::finished);
  CHECK(log.find("[WARNING] forgelm.retention: retention.excess {") != std::string::npos);
  CHECK(run_with("log_only").state == RunState::finished);
  CHECK(log.find("[INFO] forgelm.retention: retention.excess {") != std::string::npos);
  std::filesystem::remove_all(here.out() / "raw_documents");
  here.sections = "retention: {enforce: block_on_excess, staging_ttl_days: 0, ephemeral_artefact_retention_days: 0}\n";
  CHECK(here.run().state == RunState::finished);
}
