#include "engine/nn/attend.hpp"

#include <limits>
#include <optional>
#include <vector>

#include "engine/kernels/attention.hpp"
#include "engine/kernels/fused.hpp"
#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

/// The mask of one sequence; undefined when plain causal attention is all there is.
at::Tensor window_mask(const Row& row, std::int64_t length, const at::TensorOptions& options) {
  if (!row.window || length <= *row.window) return {};
  if (!row.window_mask_SS.defined()) return make_window_mask(length, *row.window, options);
  return row.window_mask_SS.narrow(0, 0, length).narrow(1, 0, length);
}

/// As written in the paper: what libtorch's kernels cannot draw, since their random numbers are not ours.
at::Tensor attend_with_dropout(const at::Tensor& q_1HSK, const at::Tensor& k_1NSK, const at::Tensor& v_1NSK,
                               const at::Tensor& mask_SS, double scale, double probability, at::Generator& generator) {
  const std::int64_t group = q_1HSK.size(1) / k_1NSK.size(1);
  const at::Tensor k_1HSK = k_1NSK.repeat_interleave(group, 1);
  const at::Tensor v_1HSK = v_1NSK.repeat_interleave(group, 1);
  const at::Tensor scores = at::matmul(q_1HSK, k_1HSK.transpose(2, 3)) * scale + mask_SS;
  const at::Tensor weights = at::softmax(scores, -1, at::kFloat).to(q_1HSK.scalar_type());
  const at::Tensor kept = at::empty_like(weights).bernoulli_(1 - probability, generator);
  return at::matmul(weights * kept.div_(1 - probability), v_1HSK);
}

}  // namespace

at::Tensor make_window_mask(std::int64_t length, std::int64_t window, const at::TensorOptions& options) {
  const at::Tensor index_S = at::arange(length, options.dtype(at::kLong));
  const at::Tensor distance_SS = index_S.unsqueeze(1) - index_S.unsqueeze(0);
  return at::zeros({length, length}, options)
      .masked_fill_(distance_SS.lt(0).logical_or_(distance_SS.ge(window)), -std::numeric_limits<double>::infinity());
}

at::Tensor attend(const at::Tensor& q_THK, const at::Tensor& k_TNK, const at::Tensor& v_TNK, const Row& row,
                  double scale, const AttentionDropout& dropout) {
  const bool is_grouped = q_THK.size(1) != k_TNK.size(1);
  const bool drops = dropout.randomness != nullptr && dropout.probability > 0;
  if (!drops && can_fuse({&q_THK, &k_TNK, &v_TNK}))
    return fused_attend(q_THK, k_TNK, v_TNK, row.starts, row.window.value_or(0), scale);
  at::Generator generator;
  if (drops) generator = dropout.randomness->generator(dropout.site, q_THK.device());
  std::vector<at::Tensor> parts;
  parts.reserve(row.starts.size() - 1);
  for (std::size_t i = 0; i + 1 < row.starts.size(); ++i) {
    const std::int64_t length = row.starts[i + 1] - row.starts[i];
    const auto sequence = [&](const at::Tensor& x) {
      return x.narrow(0, row.starts[i], length).transpose(0, 1).unsqueeze(0);
    };
    at::Tensor mask_SS = window_mask(row, length, q_THK.options().requires_grad(false));
    at::Tensor part_1HSK;
    if (drops) {
      if (!mask_SS.defined()) mask_SS = make_window_mask(length, length, q_THK.options());
      part_1HSK = attend_with_dropout(sequence(q_THK), sequence(k_TNK), sequence(v_TNK), mask_SS, scale,
                                      dropout.probability, generator);
    } else {
      const bool is_causal = !mask_SS.defined();
      part_1HSK =
          at::scaled_dot_product_attention(sequence(q_THK), sequence(k_TNK), sequence(v_TNK),
                                           is_causal ? std::optional<at::Tensor>() : std::optional<at::Tensor>(mask_SS),
                                           0.0, is_causal, scale, is_grouped);
    }
    parts.push_back(part_1HSK.squeeze(0).transpose(0, 1));
  }
  return at::cat(parts, 0);
}

}  // namespace forgelm::engine
