// Causal attention in blocks over a row of sequences, with its own backward pass: nothing of the size of the scores is
// ever kept. Oracle: the composed form in nn/attend.cpp.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace forgelm::engine {

/// q_THK, k_TNK, v_TNK on the processor, of one type (float32, bfloat16), H a multiple of N; sequence i is the tokens
/// [starts[i], starts[i + 1]). `window`: a token sees itself and the window - 1 before it; 0: all before it.
/// -> [T, H, K]. can_fuse() says whether it may be called.
at::Tensor fused_attend(const at::Tensor& q_THK, const at::Tensor& k_TNK, const at::Tensor& v_TNK,
                        const std::vector<std::int32_t>& starts, std::int64_t window, double scale);

}  // namespace forgelm::engine
