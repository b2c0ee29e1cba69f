// The head and its loss in one, for a float32 matrix on the processor: chunks of tokens among threads, logits of a
// thread's chunk alone, and the gradients made at once. Oracle: the composed form in objectives/head_loss.cpp.
#pragma once

#include <ATen/ATen.h>

namespace forgelm::engine {

/// What is wanted of it; tensors that are not defined are not. All contiguous.
struct HeadGradients {
  at::Tensor x_ND;       ///< [N, D], written
  at::Tensor weight_VD;  ///< [V, D], added to
};

/// Whether fused_head_loss() can compute with this matrix.
bool can_fuse_head(const at::Tensor& x_ND, const at::Tensor& weight_VD, bool wants_weight_gradient);

/// Writes each token's loss (float32 [N]) and whether its target is the largest logit (int64 [N]); gradients are those
/// of the losses' sum. x_ND, weight_VD float32, targets_N int64, contiguous.
void fused_head_loss(const at::Tensor& x_ND, const at::Tensor& weight_VD, const at::Tensor& targets_N,
                     const at::Tensor& losses_N, const at::Tensor& is_correct_N, const HeadGradients& gradients);

}  // namespace forgelm::engine
