// What a build of forgelm can do, as a list. Every configuration field names the capability that serves it, so that
// nothing configured is ignored in silence: a capability that is absent stops a run when it would change weights or
// verdicts, and is warned of when it only adds evidence or notices.
#pragma once

#include <string_view>

#include "forgelm/core/choices.hpp"

namespace forgelm::config {

FORGELM_CHOICES(Capability, job, training, data_reading, data_mixing, data_registry, packing, quantization,
                eight_bit_base, half_precision, dora, pissa, galore, long_context, mixture_of_experts, vision,
                preference_training, grpo, ppo, reward_training, continued_pretraining, distributed, hub_access,
                loss_gate, benchmark_gate, safety_gate, judge_gate, regression_gate, suite_gate, approval,
                compliance_record, cost_record, webhooks, experiment_tracking, monitoring, retention, run_control,
                registry, merging, synthesis, ingestion, pipelines)

/// What goes missing without a capability.
enum class Effect {
  weights,   ///< the trained model would differ: a run stops before any work
  verdict,   ///< a gate or a limit would not be applied: a run stops before any work
  evidence,  ///< a record would not be written: a warning
  notice,    ///< somebody would not be told: a warning
  command,   ///< serves another command than training: a warning
};

struct CapabilityInfo {
  Capability capability;
  std::string_view what;  ///< "preference training (DPO, SimPO, ORPO, KTO)"
  Effect effect;
  bool is_available;
};

const CapabilityInfo& info(Capability capability);

}  // namespace forgelm::config
