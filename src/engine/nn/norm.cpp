#include "engine/nn/norm.hpp"

#include <utility>

#include "engine/kernels/fused.hpp"

namespace forgelm::engine {

RmsNorm::RmsNorm(WeightPtr weight, double epsilon) : weight_(std::move(weight)), epsilon_(epsilon) {}

at::Tensor RmsNorm::forward(const at::Tensor& x_TD) const {
  const at::Tensor weight_D = in_type_of(*weight_, x_TD);
  if (can_fuse({&x_TD, &weight_D})) return fused_rms_norm(x_TD, weight_D, epsilon_);
  const at::Tensor wide_TD = x_TD.to(at::kFloat);
  const at::Tensor mean_square_T1 = wide_TD.pow(2).mean(-1, /*keepdim=*/true);
  return (wide_TD * at::rsqrt(mean_square_T1 + epsilon_)).to(x_TD.scalar_type()) * weight_D;
}

}  // namespace forgelm::engine
