// The loss gate: the evaluation loss of the final weights against a bound (max_acceptable_loss) and against a baseline
// (baseline_loss, or, when that is null, the loss of the model before training). Any worsening fails. It applies to a
// job that sets a bound, a baseline or auto_revert.
#include <cmath>
#include <cstdio>

#include "forgelm/core/text.hpp"
#include "forgelm/eval/gate.hpp"

namespace forgelm::eval {
extern const GateSpec gate_loss;

namespace {

std::string short_loss(double loss) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", loss);
  return text;
}

Json json_of(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

GateResult judge(const GateInput& input) {
  const config::EvaluationSection& evaluation = *input.job.evaluation;
  const std::optional<double> bound = evaluation.max_acceptable_loss;
  std::optional<double> baseline = evaluation.baseline_loss ? evaluation.baseline_loss : input.baseline_loss;
  GateResult result;
  const std::optional<double> loss = input.eval_loss;
  std::vector<std::string> breaches;
  if (bound && !std::isfinite(*bound)) {
    result.reason = "invalid_threshold";
    breaches.push_back(cat("evaluation.max_acceptable_loss is ", *bound, ", which no loss can be compared with"));
  } else if (loss && !std::isfinite(*loss)) {
    result.reason = "nan_inf";
    breaches.push_back(cat("the evaluation loss is ", *loss, ": training diverged"));
  } else if (loss) {
    if (bound && *loss > *bound)
      breaches.push_back(cat("the evaluation loss ", short_loss(*loss),
                             " is above evaluation.max_acceptable_loss, which is ", short_loss(*bound)));
    // A baseline that is no number compares with nothing, and then nothing vouches for the model.
    if (baseline && !(*loss <= *baseline))
      breaches.push_back(
          cat("the evaluation loss ", short_loss(*loss), " is worse than the baseline's ", short_loss(*baseline)));
    if (!breaches.empty()) result.reason = "threshold";
  }
  if (!breaches.empty()) {
    result.verdict = Verdict::failed;
    result.detail = join(breaches, "; ");
  } else if (loss && !bound && !baseline) {
    result.verdict = Verdict::skipped;
    result.detail = "the loss of the model before training was not measured, and there is no bound to compare with";
  } else if (!loss) {
    result.verdict = Verdict::skipped;
    result.detail = "there are no evaluation rows, so that there is no evaluation loss to judge by";
  } else {
    result.detail = cat("the evaluation loss is ", short_loss(*loss),
                        bound ? cat(", at most ", short_loss(*bound), " was asked for") : std::string(),
                        baseline ? cat(", the baseline's is ", short_loss(*baseline)) : std::string());
  }
  const bool is_passed = result.verdict != Verdict::failed;
  result.figures = Json::object({{"eval_loss", json_of(loss)},
                                 {"max_acceptable_loss", json_of(bound)},
                                 {"baseline_loss", json_of(baseline)},
                                 {"baseline", evaluation.baseline_loss ? "given"
                                              : baseline               ? "measured"
                                                                       : "none"}});
  if (!evaluation.baseline_loss && baseline) result.metrics.set("baseline_eval_loss", *baseline);
  if (result.verdict != Verdict::skipped)
    result.events.push_back({"evaluation.loss_gate_completed", Json::object({{"passed", is_passed},
                                                                             {"eval_loss", json_of(loss)},
                                                                             {"max_acceptable_loss", json_of(bound)},
                                                                             {"baseline_loss", json_of(baseline)}})});
  return result;
}

}  // namespace

const GateSpec gate_loss = {
    .name = "loss",
    .place = GatePlace::loss,
    .is_asked_for = is_loss_gate_asked_for,
    .judge = judge,
};

bool is_loss_gate_asked_for(const config::JobConfig& job) {
  return job.evaluation &&
         (job.evaluation->auto_revert || job.evaluation->max_acceptable_loss || job.evaluation->baseline_loss);
}

bool needs_measured_baseline(const config::JobConfig& job) {
  return is_loss_gate_asked_for(job) && !job.evaluation->baseline_loss;
}

}  // namespace forgelm::eval
