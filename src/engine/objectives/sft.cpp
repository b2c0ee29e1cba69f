#include <cmath>
#include <vector>

#include "engine/objectives/head_loss.hpp"
#include "engine/objectives/objective.hpp"
#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

at::Tensor int64_tensor(const std::vector<std::int32_t>& values, at::Device device) {
  at::Tensor result = at::empty({static_cast<std::int64_t>(values.size())}, at::kLong);
  std::copy(values.begin(), values.end(), result.mutable_data_ptr<std::int64_t>());
  return result.to(device);
}

class SftObjective final : public Objective {
 public:
  explicit SftObjective(std::int64_t rows_per_chunk) : rows_per_chunk_(rows_per_chunk) {}

  double count(const data::Batch& batch) const override {
    return batch.parts.empty() ? 0.0 : static_cast<double>(batch.parts.front().num_learnt);
  }

  LossSum loss(DecoderModel& model, const data::Batch& batch, const PassOptions& options) override {
    LossSum result;
    result.count = count(batch);
    if (result.count == 0) {  // an empty batch of a rank, or rows whose answers were cut off
      result.sum = at::zeros({}, at::TensorOptions(at::kFloat).device(model.device()));
      result.sum.requires_grad_(at::GradMode::is_enabled());
      result.metrics.emplace_back("mean_token_accuracy", at::zeros_like(result.sum));
      return result;
    }
    const data::SequenceBatch& part = batch.parts.front();
    ForwardInput input = forward_input(part, model.device());
    const Randomness* randomness = options.mode.randomness;
    if (options.neftune_noise_alpha != 0 && randomness != nullptr) {
      input.embeddings_TD =
          with_neftune_noise(model.embed(input.ids_T), input.starts, options.neftune_noise_alpha, *randomness);
      input.ids_T.reset();
    }
    std::vector<std::int32_t> rows;
    std::vector<std::int32_t> targets;
    for (std::size_t t = 1; t < part.ids.size(); ++t) {
      if (part.is_learnt[t] == 0) continue;
      rows.push_back(
          static_cast<std::int32_t>(t - 1));  // the token before predicts; a sequence's first is never learnt
      targets.push_back(part.ids[t]);
    }
    const at::Tensor rows_ND = model.hidden(input, options.mode).index_select(0, int64_tensor(rows, model.device()));
    const HeadLoss head =
        head_loss(model, rows_ND, int64_tensor(targets, model.device()), options.mode, rows_per_chunk_);
    result.sum = head.sum;
    result.metrics.emplace_back("mean_token_accuracy", head.num_correct);
    return result;
  }

 private:
  std::int64_t rows_per_chunk_;
};

}  // namespace

Objective::~Objective() = default;

at::Tensor with_neftune_noise(const at::Tensor& embeddings_TD, const std::vector<std::int32_t>& starts, double alpha,
                              const Randomness& randomness) {
  static const std::uint64_t site = site_of("neftune");
  const std::int64_t width = embeddings_TD.size(1);
  at::Tensor strength_T1 = at::empty({embeddings_TD.size(0), 1}, at::kFloat);
  for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
    const std::int64_t length = starts[i + 1] - starts[i];
    strength_T1.narrow(0, starts[i], length).fill_(alpha / std::sqrt(static_cast<double>(length * width)));
  }
  const at::Tensor noise_TD =
      at::empty(embeddings_TD.sizes(), embeddings_TD.options().dtype(at::kFloat).requires_grad(false))
          .uniform_(-1, 1, randomness.generator(site, embeddings_TD.device()))
          .mul_(strength_T1.to(embeddings_TD.device()));
  return embeddings_TD + noise_TD.to(embeddings_TD.scalar_type());
}

ForwardInput forward_input(const data::SequenceBatch& batch, at::Device device) {
  ForwardInput input;
  input.ids_T = int64_tensor(batch.ids, device);
  input.positions_AT = int64_tensor(batch.positions, device).unsqueeze(0);
  input.starts = batch.starts;
  input.max_length = batch.max_length;
  return input;
}

std::unique_ptr<Objective> make_sft_objective(std::int64_t rows_per_chunk) {
  return std::make_unique<SftObjective>(rows_per_chunk);
}

}  // namespace forgelm::engine
