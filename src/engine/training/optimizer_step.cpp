#include "engine/training/optimizer_step.hpp"

#include <algorithm>
#include <cmath>

#include "engine/errors.hpp"
#include "engine/training/metric_sums.hpp"
#include "engine/training/micro_batches.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

constexpr std::size_t kMaxRowsInMessage = 8;

bool is_finite(const at::Tensor& tensor) { return std::isfinite(tensor.sum().item<double>()); }

}  // namespace

GradientMaker::GradientMaker(DecoderModel& model, Objective& objective, const std::vector<TrainedWeight>& weights,
                             Ranks& ranks, const data::PreparedData& data, const StepRules& rules)
    : model_(model), objective_(objective), weights_(weights), ranks_(ranks), data_(data), rules_(rules) {}

StepGradients GradientMaker::make(std::int64_t step, double epoch, const std::vector<data::Batch>& micro_batches) {
  StepGradients out;
  std::vector<double> counts = {0, 0, 0};  // what the loss is of, tokens, learnt tokens
  for (const data::Batch& batch : micro_batches) {
    counts[0] += objective_.count(batch);
    counts[1] += static_cast<double>(num_tokens(batch));
    counts[2] += static_cast<double>(num_learnt(batch));
  }
  ranks_.sum(counts);
  const double count = std::max(counts[0], 1.0);  // a step without anything to learn has the loss 0
  forget_gradients();
  std::vector<at::Tensor> sums;
  MetricSums metrics;
  for (std::size_t i = 0; i < micro_batches.size(); ++i) {
    LossSum loss = backward(step, i, micro_batches[i], count);
    sums.push_back(loss.sum.detach());
    metrics.add(loss.metrics);
  }
  sum_gradients_over_ranks();
  out.norm = clip_gradients(weights_, rules_.max_grad_norm);

  // The losses come over from the device here, all at once.
  std::vector<double> total = {0};
  if (!sums.empty()) {
    const at::Tensor losses = at::stack(sums).to(at::kCPU, at::kDouble);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const double sum = losses[static_cast<std::int64_t>(i)].item<double>();
      if (!std::isfinite(sum)) fail("loss", sum, step, epoch, i, micro_batches);
      total[0] += sum;
    }
  }
  ranks_.sum(total);
  if (!std::isfinite(out.norm))
    fail("gradient norm", out.norm, step, epoch, first_without_finite_gradient(step, micro_batches, count),
         micro_batches);
  out.loss = total[0] / count;
  out.num_tokens = static_cast<std::uint64_t>(counts[1]);
  out.num_learnt_tokens = static_cast<std::uint64_t>(counts[2]);
  out.metrics = metrics.divided_by(count, ranks_);
  return out;
}

LossSum GradientMaker::backward(std::int64_t step, std::size_t number, const data::Batch& batch, double count) {
  const at::AutoGradMode with_gradients(true);
  pass_allocation(FORGELM_FAILPOINT("train.allocate"));
  const Randomness randomness{rules_.seed, static_cast<std::uint64_t>(step), static_cast<std::uint64_t>(number),
                              static_cast<std::uint64_t>(ranks_.rank())};
  PassOptions options;
  options.mode = {&randomness, rules_.recomputes_blocks};
  options.neftune_noise_alpha = rules_.neftune_noise_alpha;
  LossSum loss = objective_.loss(model_, batch, options);
  if (loss.sum.requires_grad()) (loss.sum / count).backward();
  return loss;
}

void GradientMaker::forget_gradients() {
  for (const TrainedWeight& trained : weights_) trained.weight->value.mutable_grad() = at::Tensor();
}

void GradientMaker::sum_gradients_over_ranks() {
  if (ranks_.size() == 1) return;
  std::vector<at::Tensor> gradients;
  for (const TrainedWeight& trained : weights_) {
    at::Tensor& gradient = trained.weight->value.mutable_grad();
    if (!gradient.defined()) gradient = at::zeros_like(trained.weight->value);
    gradients.push_back(gradient);
  }
  ranks_.sum(gradients);
}

/// The micro-batches again, one by one; their number when it takes all of them together.
std::size_t GradientMaker::first_without_finite_gradient(std::int64_t step,
                                                         const std::vector<data::Batch>& micro_batches, double count) {
  for (std::size_t i = 0; i < micro_batches.size(); ++i) {
    forget_gradients();
    static_cast<void>(backward(step, i, micro_batches[i], count));
    for (const TrainedWeight& trained : weights_)
      if (const at::Tensor& gradient = trained.weight->value.grad(); gradient.defined() && !is_finite(gradient))
        return i;
  }
  return micro_batches.size();
}

void GradientMaker::fail(const char* what, double value, std::int64_t step, double epoch, std::size_t culprit,
                         const std::vector<data::Batch>& micro_batches) const {
  const bool is_one = culprit < micro_batches.size();
  std::vector<data::Batch> named = micro_batches;
  if (is_one) named = {micro_batches[culprit]};
  std::vector<std::string> shown, all;
  for (const data::Batch& batch : named) {
    shown.push_back(describe_rows(batch, *data_.train, data_.sources, kMaxRowsInMessage));
    all.push_back(describe_rows(batch, *data_.train, data_.sources, batch.examples.size()));
  }
  const std::string batch = is_one ? cat("micro-batch ", culprit + 1, " of ", micro_batches.size())
                                   : cat("all ", micro_batches.size(), " micro-batches together");
  throw RunError(RunErrorKind::diverged,
                 cat("the ", what, " is ", value, " at step ", step + 1, " (epoch ", epoch, "), in ", batch, ": ",
                     join(shown, "; ")),
                 "nothing was changed by this step; look at these rows (counted from 0), then try a smaller "
                 "training.learning_rate, a training.max_grad_norm, or training.precision: float32",
                 {{"step", std::to_string(step + 1)},
                  {"epoch", cat(epoch)},
                  {"batch", batch},
                  {"rows", join(all, "; ")},
                  {"value", cat(value)}});
}

}  // namespace forgelm::engine
