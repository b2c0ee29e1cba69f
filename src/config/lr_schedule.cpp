#include "forgelm/config/lr_schedule.hpp"

#include <algorithm>
#include <cmath>

namespace forgelm::config {
namespace {

constexpr double kPi = 3.14159265358979323846;

/// Inverse square root without a warm-up counts from this step, as in transformers.
constexpr double kDefaultTimescale = 10'000.0;

double decay(LrScheduler scheduler, double step, double warmup, double total) {
  const double progress = std::min(1.0, (step - warmup) / std::max(1.0, total - warmup));
  switch (scheduler) {
    case LrScheduler::linear: return 1.0 - progress;
    case LrScheduler::cosine: return 0.5 * (1.0 + std::cos(kPi * progress));
    case LrScheduler::inverse_sqrt: {
      const double timescale = warmup > 0 ? warmup : kDefaultTimescale;
      return 1.0 / std::sqrt((step + timescale - warmup) / timescale);
    }
    case LrScheduler::constant:
    case LrScheduler::constant_with_warmup: return 1.0;
  }
  return 1.0;
}

}  // namespace

std::int64_t num_warmup_steps(const TrainingSection& training, std::int64_t total_steps) {
  if (training.warmup_steps) return *training.warmup_steps;
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(total_steps) * training.warmup_ratio));
}

double learning_rate_at(const TrainingSection& training, std::int64_t step, std::int64_t total_steps) {
  if (training.lr_scheduler == LrScheduler::constant) return training.learning_rate;
  const std::int64_t warmup = num_warmup_steps(training, total_steps);
  if (step < warmup)
    return training.learning_rate * static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(1, warmup));
  const double factor = decay(training.lr_scheduler, static_cast<double>(step), static_cast<double>(warmup),
                              static_cast<double>(total_steps));
  const double lifted = training.lr_scheduler == LrScheduler::constant_with_warmup
                            ? factor
                            : training.min_lr_ratio + (1.0 - training.min_lr_ratio) * factor;
  return training.learning_rate * std::max(0.0, lifted);
}

}  // namespace forgelm::config
