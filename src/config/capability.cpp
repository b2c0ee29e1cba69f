// The one table of what this build can do. A capability becomes available in the change that implements it.
#include "forgelm/config/capability.hpp"

#include <cstddef>
#include <iterator>

namespace forgelm::config {
namespace {

constexpr CapabilityInfo kCapabilities[] = {
    {Capability::job, "job files", Effect::weights, true},
    {Capability::training, "training", Effect::weights, true},
    {Capability::data_reading, "reading and rendering of training data", Effect::weights, true},
    {Capability::data_mixing, "mixing of data sets", Effect::weights, true},
    {Capability::data_registry, "registered data sets", Effect::verdict, true},
    {Capability::packing, "packing", Effect::weights, true},
    {Capability::quantization, "base models in 4 bits", Effect::weights, true},
    {Capability::eight_bit_base, "base models in 8 bits", Effect::weights, false},
    {Capability::half_precision, "training in float16", Effect::weights, false},
    {Capability::dora, "DoRA adapters", Effect::weights, false},
    {Capability::pissa, "PiSSA adapters", Effect::weights, false},
    {Capability::galore, "GaLore", Effect::weights, false},
    {Capability::long_context, "rotary scaling and sliding-window attention", Effect::weights, true},
    {Capability::mixture_of_experts, "mixture-of-experts models", Effect::weights, false},
    {Capability::vision, "vision-language models", Effect::weights, false},
    {Capability::preference_training, "preference training (DPO, SimPO, ORPO, KTO)", Effect::weights, false},
    {Capability::grpo, "GRPO", Effect::weights, false},
    {Capability::ppo, "PPO", Effect::weights, false},
    {Capability::reward_training, "reward modelling", Effect::weights, false},
    {Capability::continued_pretraining, "continued pre-training", Effect::weights, false},
    {Capability::distributed, "training on several devices", Effect::weights, false},
    {Capability::hub_access, "access to the Hugging Face Hub", Effect::weights, false},
    {Capability::loss_gate, "the loss gate", Effect::verdict, true},
    {Capability::benchmark_gate, "the benchmark gate", Effect::verdict, false},
    {Capability::safety_gate, "the safety gate", Effect::verdict, false},
    {Capability::judge_gate, "the judge gate", Effect::verdict, false},
    {Capability::regression_gate, "the regression gate", Effect::verdict, false},
    {Capability::suite_gate, "evaluation suites, metrics beyond perplexity and other best checkpoints", Effect::verdict,
     false},
    {Capability::approval, "human approval", Effect::verdict, true},
    {Capability::compliance_record, "the compliance record", Effect::evidence, true},
    {Capability::cost_record, "the cost record", Effect::evidence, true},
    {Capability::webhooks, "webhooks", Effect::notice, true},
    {Capability::experiment_tracking, "experiment tracking", Effect::notice, false},
    {Capability::monitoring, "export of metrics", Effect::notice, true},
    {Capability::retention, "retention rules", Effect::verdict, true},
    {Capability::run_control, "run names, limits and retries", Effect::verdict, false},
    {Capability::registry, "the model registry", Effect::evidence, false},
    {Capability::merging, "merging of adapters", Effect::command, false},
    {Capability::synthesis, "generation of data", Effect::command, false},
    {Capability::ingestion, "ingestion of documents", Effect::command, false},
    {Capability::pipelines, "pipelines", Effect::weights, false},
};

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < std::size(kCapabilities); ++i)
    if (static_cast<std::size_t>(kCapabilities[i].capability) != i) return false;
  return true;
}
static_assert(is_in_order(), "the table follows the order of the enumerators");
static_assert(std::size(kCapabilities) == static_cast<std::size_t>(Capability::pipelines) + 1,
              "a capability has no row");

}  // namespace

const CapabilityInfo& info(Capability capability) { return kCapabilities[static_cast<std::size_t>(capability)]; }

}  // namespace forgelm::config
