// What a run used and cost: time, device, memory, money and floating-point operations. A price is only ever that of
// what ran: a processor is not billed as a GPU, and without a price there is no cost. Operations are counted by the
// usual formula, so that they can be compared with what others declare.
#pragma once

#include <optional>
#include <string_view>

#include "forgelm/compliance/run_facts.hpp"

namespace forgelm::compliance {

struct GpuPrice {
  std::string_view name;  ///< as the driver has it
  double usd_per_hour;
};

/// USD per GPU and hour, and how it was found: "user_config", "auto_detected" (the table has the very name) or
/// "fuzzy_match" (one name is part of the other; the longest name of the table first).
struct GpuRate {
  double usd_per_hour = 0;
  std::string_view source;
};

/// Nothing for a GPU that nobody gave a price for.
std::optional<GpuRate> gpu_rate(std::string_view gpu_name, std::optional<double> configured);

/// Operations of training: 4ND + 2TD for N weights of which T are trained, on D tokens (2ND forward, 2ND for the
/// gradients of activations, 2TD for those of trained weights), which is 6ND when all are trained.
double training_flops(const ComputeFacts& compute);

/// The reference's keys (those of the GPU only when one ran), and ours: device, flops, energy.
/// `base_model_flops`: what the job declares of the base model's training.
Json resource_usage(const ComputeFacts& compute, std::optional<double> gpu_cost_per_hour,
                    std::optional<double> base_model_flops);

}  // namespace forgelm::compliance
