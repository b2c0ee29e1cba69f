// Objective: what is learnt, as a map from a batch to a sum and a count in float32. The trainer divides once, by the
// count of the whole optimizer step over micro-batches and ranks; an objective never divides by its own batch.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/nn/decoder.hpp"
#include "forgelm/data/batches.hpp"

namespace forgelm::engine {

struct LossSum {
  at::Tensor sum;    ///< float32 scalar on the model's device, with its graph; backward() works with a count of 0 too
  double count = 0;  ///< what the sum is of
  /// Sums too, to be divided by `count`: "mean_token_accuracy". Scalars on the model's device, so that a step that adds
  /// them up waits for the device once.
  std::vector<std::pair<std::string, at::Tensor>> metrics;
};

/// How a batch goes through the model besides: what the trainer adds to it.
struct PassOptions {
  ForwardMode mode;
  double neftune_noise_alpha = 0;  ///< 0: none; only where mode.randomness is there
};

class Objective {
 public:
  virtual ~Objective();
  /// What loss() of this batch will count, known before any computing: tokens for SFT.
  virtual double count(const data::Batch& batch) const = 0;
  /// Errors: none of its own; a sum that is not finite is the trainer's to find.
  virtual LossSum loss(DecoderModel& model, const data::Batch& batch, const PassOptions& options) = 0;
};

/// Negative log-likelihood of the learnt tokens, in nats. The head runs on the rows that carry loss alone, in chunks.
/// Oracle: transformers' ForCausalLMLoss with num_items_in_batch. `rows_per_chunk` 0 lets the vocabulary decide.
std::unique_ptr<Objective> make_sft_objective(std::int64_t rows_per_chunk = 0);

/// NEFTune: uniform noise of +- alpha / sqrt(length x D) on the embeddings of each sequence. Source: Jain et al. 2023,
/// arXiv 2310.05914. transformers' neftune_post_forward_hook has the padded length of the batch in place of the
/// sequence's own, so its noise depends on what a sequence is batched with; this one does not.
at::Tensor with_neftune_noise(const at::Tensor& embeddings_TD, const std::vector<std::int32_t>& starts, double alpha,
                              const Randomness& randomness);

/// A sequence batch on the model's device, with the positions of its tokens.
ForwardInput forward_input(const data::SequenceBatch& batch, at::Device device);

}  // namespace forgelm::engine
