// The gradients of one optimizer step: micro-batch after micro-batch, each loss divided by the count of the whole step,
// so that how it is cut into micro-batches changes nothing but rounding. Invariant: the optimizer is not touched here;
// whatever is thrown leaves weights and moments as they were.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/nn/decoder.hpp"
#include "engine/objectives/objective.hpp"
#include "engine/optimizers/optimizer.hpp"
#include "engine/training/ranks.hpp"
#include "forgelm/data/prepare.hpp"

namespace forgelm::engine {

struct StepGradients {
  double loss = 0;
  double norm = 0;  ///< before clipping
  std::uint64_t num_tokens = 0, num_learnt_tokens = 0;
  std::vector<std::pair<std::string, double>> metrics;
};

struct StepRules {
  std::uint64_t seed = 42;
  double max_grad_norm = 0;
  double neftune_noise_alpha = 0;
  bool recomputes_blocks = false;
};

class GradientMaker {
 public:
  /// All of them must outlive it.
  GradientMaker(DecoderModel& model, Objective& objective, const std::vector<TrainedWeight>& weights, Ranks& ranks,
                const data::PreparedData& data, const StepRules& rules);

  /// Fills the gradients of the trained weights, clipped. `step` counts from 0, `epoch` is for messages; no micro-batch
  /// is empty, but a rank may have none.
  /// RunError(diverged) that names the micro-batch when the loss or the norm is not finite.
  StepGradients make(std::int64_t step, double epoch, const std::vector<data::Batch>& micro_batches);

 private:
  LossSum backward(std::int64_t step, std::size_t number, const data::Batch& batch, double count);
  void forget_gradients();
  void sum_gradients_over_ranks();
  [[noreturn]] void fail(const char* what, double value, std::int64_t step, double epoch, std::size_t culprit,
                         const std::vector<data::Batch>& micro_batches) const;
  std::size_t first_without_finite_gradient(std::int64_t step, const std::vector<data::Batch>& micro_batches,
                                            double count);

  DecoderModel& model_;
  Objective& objective_;
  const std::vector<TrainedWeight>& weights_;
  Ranks& ranks_;
  const data::PreparedData& data_;
  const StepRules rules_;
};

}  // namespace forgelm::engine
