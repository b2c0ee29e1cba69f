// AdamW of one weight, spelled out: what the fused form computes for many at once, for devices that have none, and what
// tests compare it with. Source: Loshchilov and Hutter 2017, arXiv 1711.05101. Oracle: torch.optim.AdamW.
#pragma once

#include <ATen/ATen.h>

namespace forgelm::engine {

/// `step` counts this update, from 1. Everything is float32 and of one shape; `value`, `exp_avg` and `exp_avg_sq`
/// change.
void adamw_step(const at::Tensor& value, const at::Tensor& gradient, const at::Tensor& exp_avg,
                const at::Tensor& exp_avg_sq, double step, double learning_rate, double weight_decay);

}  // namespace forgelm::engine
