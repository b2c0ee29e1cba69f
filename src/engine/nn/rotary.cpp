#include "engine/nn/rotary.hpp"

#include <utility>

#include "engine/kernels/fused.hpp"
#include "engine/torch.hpp"

namespace forgelm::engine {

Rope::Rope(formats::RopeConfig config, std::int64_t head_dim, std::int64_t max_positions, at::Device device,
           std::vector<std::int64_t> axes)
    : config_(std::move(config)), head_dim_(head_dim), max_positions_(max_positions), device_(device) {
  // Also of the kinds that depend on lengths: what is wrong with the configuration shows here.
  fixed_ = rope_frequencies(config_, head_dim_, max_positions_, max_positions_);
  fixed_.inverse = fixed_.inverse.to(device_);
  if (axes.empty()) return;
  TORCH_CHECK(static_cast<std::int64_t>(axes.size()) == fixed_.inverse.size(0), "each of the ", fixed_.inverse.size(0),
              " rotated pairs needs an axis, and there are ", axes.size());
  axes_ = at::tensor(at::ArrayRef<std::int64_t>(axes), at::kLong).to(device_);
}

RopeFrequencies Rope::frequencies(const Row& row) const {
  if (!depends_on_length(config_.kind)) return fixed_;
  std::vector<at::Tensor> parts;
  for (std::size_t i = 0; i + 1 < row.starts.size(); ++i) {
    const std::int64_t length = row.starts[i + 1] - row.starts[i];
    const auto own = rope_frequencies(config_, head_dim_, max_positions_, length);
    parts.push_back(own.inverse.unsqueeze(0).expand({length, -1}));
  }
  return {at::cat(parts, 0).to(device_), fixed_.attention_scale};
}

void Rope::write_angles(const at::Tensor& positions_AT, at::ScalarType dtype, Row& row) const {
  const at::NoGradGuard no_graph;
  const RopeFrequencies own = frequencies(row);
  const at::Tensor positions = positions_AT.to(at::kFloat);
  const at::Tensor turned = axes_.defined() ? positions.index_select(0, axes_).t() : positions[0].unsqueeze(1);
  const at::Tensor half = turned * own.inverse;
  const at::Tensor angles_T1K = at::cat({half, half}, -1).unsqueeze(1);
  row.cos_T1K = (angles_T1K.cos() * own.attention_scale).to(dtype);
  row.sin_T1K = (angles_T1K.sin() * own.attention_scale).to(dtype);
}

at::Tensor rotate(const at::Tensor& x_THK, const Row& row) {
  if (can_fuse({&x_THK, &row.cos_T1K})) return fused_rotate(x_THK, row.cos_T1K, row.sin_T1K);
  const std::int64_t dim = row.cos_T1K.size(2);
  const bool is_partial = dim < x_THK.size(2);
  const at::Tensor turned = is_partial ? x_THK.narrow(2, 0, dim) : x_THK;
  const auto halves = turned.chunk(2, -1);
  const at::Tensor across = at::cat({-halves[1], halves[0]}, -1);
  const at::Tensor y = turned * row.cos_T1K + across * row.sin_T1K;
  return is_partial ? at::cat({y, x_THK.narrow(2, dim, x_THK.size(2) - dim)}, -1) : y;
}

}  // namespace forgelm::engine
