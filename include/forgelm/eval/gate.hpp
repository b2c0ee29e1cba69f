// Gates: what a trained model has to pass before it takes its place. They judge the staged model; what comes of a
// refusal is the run's matter (src/pipeline/run.cpp). One file in src/eval/gates defines one gate; the list of all and
// their order are made here, so that a gate joins without a change to whoever runs them.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/config/job.hpp"
#include "forgelm/core/audit_sink.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::eval {

/// The order of the gates: cheap before dear, so that a model that fails early costs little.
enum class GatePlace { loss, benchmark, regression, suite, safety, judge };

enum class Verdict {
  passed,
  failed,
  skipped,  ///< there was nothing to judge by; counts as passed, and says why
};
const char* to_string(Verdict verdict) noexcept;

/// What gates judge by. All of it outlives the judging.
struct GateInput {
  const config::JobConfig& job;
  std::filesystem::path model;          ///< the staged model's folder
  std::filesystem::path run_folder;     ///< where result files go
  std::optional<double> eval_loss;      ///< of the staged model; may be NaN or infinite
  std::optional<double> baseline_loss;  ///< the same measure on the model before training
};

struct GateResult {
  std::string_view name;  ///< of the gate: "loss"
  Verdict verdict = Verdict::passed;
  /// Why it failed, as the audit log has it: "threshold", "nan_inf", "invalid_threshold", "benchmark", "safety",
  /// "judge". Empty when it did not.
  std::string reason;
  std::string detail;                   ///< for people: why it failed or was skipped, or what was compared
  Json figures = Json(Json::Object());  ///< what was measured and compared, for the run's record
  Json metrics = Json(Json::Object());  ///< what joins the run's metrics
  std::vector<AuditEvent> events;       ///< to be recorded, in order

  bool is_failed() const noexcept { return verdict == Verdict::failed; }
};

struct GateSpec {
  std::string_view name;
  GatePlace place;
  /// Whether a job asks for the gate.
  bool (*is_asked_for)(const config::JobConfig& job);
  /// Errors: RunError for what kept it from judging. A model that does not do is a verdict, not an error.
  GateResult (*judge)(const GateInput& input);
};

/// All gates, by file name (generated from src/eval/gates).
std::span<const GateSpec* const> all_gate_specs();

/// All gates in the order in which they judge.
const std::vector<const GateSpec*>& gates_in_order();

struct GateReport {
  std::vector<GateResult> results;  ///< of the gates that judged, in order
  /// The first that failed; nullptr when none did.
  const GateResult* failure() const noexcept;
};

/// The gates that the job asks for judge in order. `told` hears each result before the next gate judges, and ends the
/// run by throwing. When the job reverts what is refused, the first refusal is the last verdict; otherwise all are
/// heard, so that the record is whole.
GateReport run_gates(const GateInput& input, const std::function<void(const GateResult&)>& told);

/// The same for gates of the caller's choice, in that order.
GateReport run_gates(std::span<const GateSpec* const> gates, const GateInput& input,
                     const std::function<void(const GateResult&)>& told);

/// Whether a job sets a bound or a baseline for the evaluation loss, or auto_revert, which reverts what worsens it.
bool is_loss_gate_asked_for(const config::JobConfig& job);
/// Whether a gate of this job compares with the loss of the model before training, which then has to be measured.
bool needs_measured_baseline(const config::JobConfig& job);

}  // namespace forgelm::eval
