#include "engine/training/evaluation.hpp"

#include <algorithm>

#include "engine/errors.hpp"
#include "engine/training/metric_sums.hpp"
#include "engine/training/micro_batches.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"

namespace forgelm::engine {

EvaluationSet evaluation_set(std::shared_ptr<const data::ExampleList> examples, double fraction) {
  if (!examples || examples->size() == 0) return {};
  const auto share = static_cast<std::uint64_t>(static_cast<double>(examples->size()) * fraction);
  const std::uint64_t num_examples = std::clamp<std::uint64_t>(share, 1, examples->size());
  return {std::move(examples), num_examples};
}

std::optional<Evaluation> evaluate(DecoderModel& model, Objective& objective, const EvaluationSet& set,
                                   std::int64_t batch_size, Ranks& ranks, const std::function<bool()>& wants_stop) {
  const at::NoGradGuard no_grad;
  data::BatchOptions options;
  options.batch_size = static_cast<std::uint32_t>(batch_size);
  options.shuffle = false;
  options.num_epochs = 1;
  options.rank = static_cast<std::uint32_t>(ranks.rank());
  options.world_size = static_cast<std::uint32_t>(ranks.size());
  data::BatchStream stream(set.examples, options);
  std::vector<double> sums = {0, 0, 0};  // of losses, of what they count, of learnt tokens
  MetricSums metrics;
  bool is_first = true;
  while (auto batch = stream.next()) {
    // Unshuffled, an example's number is its place; those beyond the share that is used come last.
    const auto end = std::lower_bound(batch->examples.begin(), batch->examples.end(), set.num_examples);
    const auto num_used = static_cast<std::size_t>(end - batch->examples.begin());
    if (num_used == 0) break;
    if (!is_first && wants_stop()) return std::nullopt;
    is_first = false;
    const data::Batch used = std::move(cut(*std::move(batch), num_used).front());
    pass_allocation(FORGELM_FAILPOINT("evaluate.allocate"));
    const LossSum loss = objective.loss(model, used, {});
    sums[0] += loss.sum.item<double>();
    sums[1] += loss.count;
    sums[2] += static_cast<double>(num_learnt(used));
    metrics.add(loss.metrics);
  }
  ranks.sum(sums);
  if (sums[1] == 0)
    throw RunError(RunErrorKind::data, "no token of the evaluation rows is learnt, so that they have no loss",
                   "data.eval_split: none evaluates nothing");
  return Evaluation{sums[0] / sums[1], static_cast<std::uint64_t>(sums[2]), metrics.divided_by(sums[1], ranks)};
}

}  // namespace forgelm::engine
