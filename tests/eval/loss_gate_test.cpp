// The loss gate's verdicts. Expected verdicts and reasons are those of the reference's execute_evaluation_checks
// (forgelm 0.11.1), save that a failure fails whatever auto_revert says, and that the baseline counts whenever it is
// there.
#include <cmath>
#include <limits>

#include "forgelm/config/load.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/eval/gate.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using eval::Verdict;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

config::JobConfig job_with(const std::string& evaluation) {
  const auto loaded = config::read_job(
      cat("model: {name_or_path: m}\nlora: {}\ntraining: {}\ndata: {dataset_name_or_path: d.jsonl}\n", evaluation),
      "job.yaml");
  INFO(render(loaded.diagnostics, DiagnosticStyle::text));
  REQUIRE(loaded.ok());
  return loaded.job;
}

eval::GateReport judge(const config::JobConfig& job, std::optional<double> loss, std::optional<double> baseline) {
  return eval::run_gates({job, "staged", "run", loss, baseline}, [](const eval::GateResult&) {});
}

struct Case {
  std::string evaluation;
  std::optional<double> loss, measured_baseline;
  Verdict verdict;
  std::string reason;
};

}  // namespace

TEST_CASE("loss gate: verdicts") {
  const Case cases[] = {
      {"{max_acceptable_loss: 2.0}", 2.0, {}, Verdict::passed, ""},
      {"{max_acceptable_loss: 2.0}", std::nextafter(2.0, 3.0), {}, Verdict::failed, "threshold"},
      {"{max_acceptable_loss: 2.0}", 1.0, 0.5, Verdict::failed, "threshold"},
      {"{max_acceptable_loss: 2.0}", 0.5, 0.5, Verdict::passed, ""},
      {"{baseline_loss: 1.5}", 1.5, {}, Verdict::passed, ""},
      {"{baseline_loss: 1.5}", 1.6, {}, Verdict::failed, "threshold"},
      {"{baseline_loss: 1.5}", 1.4, 1.0, Verdict::passed, ""},  // what the job gives counts, not what was measured
      {"{baseline_loss: 0.0}", 0.1, {}, Verdict::failed, "threshold"},
      {"{auto_revert: true}", 1.0, 1.0, Verdict::passed, ""},
      {"{auto_revert: true}", 1.1, 1.0, Verdict::failed, "threshold"},
      {"{auto_revert: true}", 1.1, {}, Verdict::skipped, ""},  // nothing to compare with
      {"{auto_revert: true}", kNan, 1.0, Verdict::failed, "nan_inf"},
      {"{auto_revert: true}", kInfinity, 1.0, Verdict::failed, "nan_inf"},
      {"{auto_revert: true}", -kInfinity, 1.0, Verdict::failed, "nan_inf"},
      {"{auto_revert: true}", 1.0, kNan, Verdict::failed, "threshold"},  // nothing vouches for the model
      {"{max_acceptable_loss: 2.0}", kNan, {}, Verdict::failed, "nan_inf"},
      {"{max_acceptable_loss: 2.0}", {}, {}, Verdict::skipped, ""},
      {"{max_acceptable_loss: 2.0, baseline_loss: 1.0}", 3.0, {}, Verdict::failed, "threshold"},
  };
  for (const Case& one : cases) {
    INFO(one.evaluation << " loss " << (one.loss ? cat(*one.loss) : "none") << " baseline "
                        << (one.measured_baseline ? cat(*one.measured_baseline) : "none"));
    const auto job = job_with(cat("evaluation: ", one.evaluation, "\n"));
    const auto report = judge(job, one.loss, one.measured_baseline);
    REQUIRE(report.results.size() == 1);
    const auto& result = report.results.front();
    CHECK(result.name == "loss");
    CHECK(result.verdict == one.verdict);
    CHECK(result.reason == one.reason);
    CHECK_FALSE(result.detail.empty());
    CHECK((report.failure() != nullptr) == (one.verdict == Verdict::failed));
    // As in the reference, a gate with nothing to judge by says nothing to the log.
    REQUIRE(result.events.size() == (one.verdict == Verdict::skipped ? 0 : 1));
    if (result.events.empty()) continue;
    const Json& details = result.events.front().details;
    CHECK(details.at("passed") == Json(one.verdict == Verdict::passed));
    const Json given = job.evaluation->max_acceptable_loss ? Json(*job.evaluation->max_acceptable_loss) : Json();
    CHECK(details.at("max_acceptable_loss") == given);
  }
}

TEST_CASE("loss gate: a bound that is no number fails, and nothing is invented for a loss that was not measured") {
  auto job = job_with("evaluation: {auto_revert: true}\n");
  job.evaluation->max_acceptable_loss = kNan;
  const auto report = judge(job, std::nullopt, std::nullopt);
  REQUIRE(report.failure() != nullptr);
  CHECK(report.failure()->reason == "invalid_threshold");
  CHECK(report.failure()->events.front().details.at("eval_loss").is_null());
}

TEST_CASE("loss gate: the event has the reference's keys in its order, and a diverged loss as text") {
  const auto report = judge(job_with("evaluation: {max_acceptable_loss: 2.0}\n"), kNan, 2.5);
  const auto& event = report.results.front().events.front();
  CHECK(event.name == "evaluation.loss_gate_completed");
  CHECK(dump(event.details) ==
        R"({"passed": false, "eval_loss": "nan", "max_acceptable_loss": 2.0, "baseline_loss": 2.5})");
}

TEST_CASE("loss gate: only a job that sets a bound, a baseline or auto_revert asks for it") {
  for (const char* evaluation : {"", "evaluation: {}\n", "evaluation: {require_human_approval: true}\n"}) {
    const auto job = job_with(evaluation);
    CHECK_FALSE(eval::is_loss_gate_asked_for(job));
    CHECK_FALSE(eval::needs_measured_baseline(job));
    CHECK(judge(job, 9.0, 1.0).results.empty());
  }
  CHECK(eval::needs_measured_baseline(job_with("evaluation: {max_acceptable_loss: 2.0}\n")));
  CHECK_FALSE(eval::needs_measured_baseline(job_with("evaluation: {auto_revert: true, baseline_loss: 2.0}\n")));
}
