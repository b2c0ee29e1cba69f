// What all layers need to know of a row of tokens, made once for a forward pass: where sequences begin, the angles of
// their positions, and the mask of a sliding window.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace forgelm::engine {

struct Row {
  std::vector<std::int32_t> starts;    ///< of sequences, T the last
  at::Tensor cos_T1K, sin_T1K;         ///< in the type of the activations; K counts the rotated part of a head alone
  std::optional<std::int64_t> window;  ///< a token sees itself and the window - 1 tokens before it
  at::Tensor window_mask_SS;  ///< added to scores, 0 or -inf; undefined where no sequence is longer or attend() fuses
};

/// 0 where token j may be seen from token i (0 <= i - j < window), else -inf.
at::Tensor make_window_mask(std::int64_t length, std::int64_t window, const at::TensorOptions& options);

}  // namespace forgelm::engine
