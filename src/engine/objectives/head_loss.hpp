// The language-model head and its cross-entropy, for a given list of rows, in chunks: the logits of a whole batch never
// exist at once, and the gradient of a chunk is computed while its logits are there. This is the place for a fused
// form.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "engine/nn/decoder.hpp"

namespace forgelm::engine {

struct HeadLoss {
  at::Tensor sum;          ///< float32 scalar: negative log-likelihood in nats, differentiable
  at::Tensor num_correct;  ///< int64 scalar: rows whose greatest logit is their target's
};

/// rows_ND are hidden states behind the last norm, targets_N (int64) the tokens that they should predict; N > 0. The
/// gradient reaches the rows and whatever is trained in the head's slot, be it a matrix, a bias or an adapter. The
/// result does not depend on `rows_per_chunk` beyond the rounding of matrix products; 0 lets the vocabulary decide.
HeadLoss head_loss(DecoderModel& model, const at::Tensor& rows_ND, const at::Tensor& targets_N, const ForwardMode& mode,
                   std::int64_t rows_per_chunk);

}  // namespace forgelm::engine
