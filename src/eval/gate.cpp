// The order of the gates, and their run.
#include "forgelm/eval/gate.hpp"

#include <algorithm>

namespace forgelm::eval {

const char* to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::passed: return "passed";
    case Verdict::failed: return "failed";
    case Verdict::skipped: return "skipped";
  }
  return "unknown";
}

const std::vector<const GateSpec*>& gates_in_order() {
  static const std::vector<const GateSpec*> kGates = [] {
    std::vector<const GateSpec*> gates(all_gate_specs().begin(), all_gate_specs().end());
    std::sort(gates.begin(), gates.end(), [](const auto* a, const auto* b) { return a->place < b->place; });
    return gates;
  }();
  return kGates;
}

const GateResult* GateReport::failure() const noexcept {
  const auto found =
      std::find_if(results.begin(), results.end(), [](const auto& result) { return result.is_failed(); });
  return found == results.end() ? nullptr : &*found;
}

GateReport run_gates(std::span<const GateSpec* const> gates, const GateInput& input,
                     const std::function<void(const GateResult&)>& told) {
  const bool ends_at_failure = input.job.evaluation && input.job.evaluation->auto_revert;
  GateReport report;
  for (const GateSpec* gate : gates) {
    if (!gate->is_asked_for(input.job)) continue;
    GateResult result = gate->judge(input);
    result.name = gate->name;
    told(result);
    report.results.push_back(std::move(result));
    if (ends_at_failure && report.results.back().is_failed()) break;
  }
  return report;
}

GateReport run_gates(const GateInput& input, const std::function<void(const GateResult&)>& told) {
  return run_gates(gates_in_order(), input, told);
}

}  // namespace forgelm::eval
