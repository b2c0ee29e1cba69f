// The learning rate as a function of (step, total steps) and of nothing else, so that a resumed run, a printed table
// and the trainer agree. Formulas: transformers 5.23 optimization.get_*_schedule; min_lr_ratio lifts the decaying part.
#pragma once

#include <cstdint>

#include "forgelm/config/sections/training.hpp"

namespace forgelm::config {

/// Optimizer steps of warm-up: `warmup_steps` when set, else ceil(total * warmup_ratio).
std::int64_t num_warmup_steps(const TrainingSection& training, std::int64_t total_steps);

/// The learning rate of optimizer step `step`, counted from 0 (the first step of a warm-up has rate 0).
double learning_rate_at(const TrainingSection& training, std::int64_t step, std::int64_t total_steps);

}  // namespace forgelm::config
