// attend(): causal attention over a row of sequences, none of which sees another. The one place where scores are
// computed: a fused form for rows takes its place here. Oracle: transformers' eager attention.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "engine/nn/randomness.hpp"
#include "engine/nn/row.hpp"

namespace forgelm::engine {

/// Of attention weights; none unless `randomness` is there and the probability positive.
struct AttentionDropout {
  double probability = 0;
  const Randomness* randomness = nullptr;
  std::uint64_t site = 0;
};

/// q_THK, k_TNK, v_TNK (H a multiple of N) -> [T, H, K].
at::Tensor attend(const at::Tensor& q_THK, const at::Tensor& k_TNK, const at::Tensor& v_TNK, const Row& row,
                  double scale, const AttentionDropout& dropout);

}  // namespace forgelm::engine
