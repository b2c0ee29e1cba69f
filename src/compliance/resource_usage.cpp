#include "forgelm/compliance/resource_usage.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

#include "forgelm/compliance/law.hpp"
#include "forgelm/core/rounding.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

/// The reference's table: list prices of cloud GPUs, and for consumer cards electricity and wear.
constexpr GpuPrice kPrices[] = {
    {"Tesla T4", 0.35},
    {"Tesla P100", 0.45},
    {"Tesla V100", 1.00},
    {"Tesla K80", 0.20},
    {"NVIDIA A10G", 0.75},
    {"NVIDIA A100-SXM4-40GB", 1.50},
    {"NVIDIA A100-SXM4-80GB", 2.00},
    {"NVIDIA A100 80GB PCIe", 2.00},
    {"NVIDIA H100 80GB HBM3", 3.50},
    {"NVIDIA H100 SXM5 80GB", 3.95},
    {"NVIDIA H200", 4.50},
    {"NVIDIA L4", 0.50},
    {"NVIDIA L40S", 1.20},
    {"NVIDIA B200", 5.00},
    {"NVIDIA GeForce RTX 3090", 0.15},
    {"NVIDIA GeForce RTX 4090", 0.20},
};

constexpr double kBytesPerGib = 1024.0 * 1024 * 1024;
constexpr double kSecondsPerHour = 3600;

/// How the run's operations stand to the base model's, or to the fallback where those are not declared.
Json share_of(double flops, std::optional<double> base_model_flops) {
  const LawEntry& share = law("modifier_compute_share");
  const LawEntry& indicative = law("gpai_indicative_flops");
  const double threshold = share.number * base_model_flops.value_or(indicative.number);
  const bool is_above = flops > threshold;
  Json out = Json::object();
  out.set("base_model_flops", base_model_flops ? Json(*base_model_flops) : Json());
  out.set("ratio", base_model_flops ? Json(flops / *base_model_flops) : Json());
  out.set("threshold_flops", threshold);
  out.set("exceeds_threshold", is_above);
  const char* const against = base_model_flops
                                  ? "a third of the base model's declared training compute"
                                  : "a third of the indicative compute of a general-purpose model (the "
                                    "base model's own is not declared: compliance.base_model_training_flops)";
  out.set("verdict", is_above ? cat("this run used more than ", against,
                                    ": who places its model on the market is to be taken for the provider of a new "
                                    "general-purpose model, if the base model is one")
                              : cat("this run used no more than ", against));
  return out.set("source", share.source);
}

}  // namespace

std::optional<GpuRate> gpu_rate(std::string_view gpu_name, std::optional<double> configured) {
  if (gpu_name.empty()) return std::nullopt;  // no GPU ran
  if (configured) return GpuRate{*configured, "user_config"};
  for (const GpuPrice& price : kPrices)
    if (price.name == gpu_name) return GpuRate{price.usd_per_hour, "auto_detected"};
  std::vector<GpuPrice> by_length(std::begin(kPrices), std::end(kPrices));
  std::stable_sort(by_length.begin(), by_length.end(),
                   [](const GpuPrice& a, const GpuPrice& b) { return a.name.size() > b.name.size(); });
  const std::string wanted = ascii_lower(gpu_name);
  for (const GpuPrice& price : by_length) {
    const std::string known = ascii_lower(price.name);
    if (wanted.find(known) != std::string::npos || known.find(wanted) != std::string::npos)
      return GpuRate{price.usd_per_hour, "fuzzy_match"};
  }
  return std::nullopt;
}

double training_flops(const ComputeFacts& compute) {
  const auto tokens = static_cast<double>(compute.num_tokens);
  return (4 * static_cast<double>(compute.num_weights) + 2 * static_cast<double>(compute.num_trained)) * tokens;
}

Json resource_usage(const ComputeFacts& compute, std::optional<double> gpu_cost_per_hour,
                    std::optional<double> base_model_flops) {
  Json usage = Json::object();
  if (compute.is_gpu) {
    usage.set("gpu_model", compute.device_name);
    usage.set("peak_vram_gb", rounded(static_cast<double>(compute.peak_memory_bytes) / kBytesPerGib, 2));
    usage.set("gpu_count", compute.num_devices);
  }
  usage.set("training_duration_seconds", rounded(compute.seconds, 1));
  if (compute.is_gpu) {
    const double gpu_hours = compute.seconds / kSecondsPerHour * compute.num_devices;
    usage.set("gpu_hours", rounded(gpu_hours, 3));
    if (const auto rate = gpu_rate(compute.device_name, gpu_cost_per_hour)) {
      usage.set("cost_source", rate->source);
      usage.set("gpu_cost_per_hour_usd", rate->usd_per_hour);
      usage.set("estimated_cost_usd", rounded(gpu_hours * rate->usd_per_hour, 4));
    } else {
      usage.set("cost_note", "no price is known for this GPU: set training.gpu_cost_per_hour");
    }
  } else {
    usage.set("cost_note", "no GPU ran, so none is billed; the time of a processor has no price here");
  }
  usage.set("device", Json::object({{"kind", compute.is_gpu ? "gpu" : "cpu"},
                                    {"name", compute.device_name},
                                    {"num_devices", compute.num_devices},
                                    {"num_threads", compute.num_threads},
                                    {"peak_memory_bytes", compute.peak_memory_bytes}}));
  const double flops = training_flops(compute);
  const bool is_full = compute.num_trained == compute.num_weights;
  Json counted = Json::object({{"training", flops},
                               {"formula", is_full ? "6 N D" : "4 N D + 2 T D"},
                               {"N_weights", compute.num_weights},
                               {"T_trained", compute.num_trained},
                               {"D_tokens", compute.num_tokens}});
  counted.set(
      "method",
      "2 N D forward, 2 N D for the gradients of activations, 2 T D for those of trained weights (Kaplan et al., "
      "Scaling Laws for Neural Language Models, 2020, section 2.1; Hoffmann et al., 2022, appendix F)");
  counted.set("excludes", Json::array({"attention scores", "recomputation of activations", "evaluation and generation",
                                       "the optimizer's own arithmetic"}));
  counted.set("share_of_base_model", share_of(flops, base_model_flops));
  usage.set("flops", std::move(counted));
  usage.set("energy",
            Json::object({{"is_known", false}, {"note", "the energy used was not measured, and is not estimated"}}));
  return usage;
}

}  // namespace forgelm::compliance
