// Rows are summed in groups whose number depends on the rows alone, and the groups' sums in their order: the result
// does not depend on threads.
#include "engine/kernels/lora.hpp"

#include <algorithm>

#include "engine/kernels/fused.hpp"
#include "engine/kernels/parallel.hpp"
#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

constexpr std::int64_t kRowsOfGroup = 384, kMostGroups = 32;

}  // namespace

LoraGradients fused_lora_gradients(const at::Tensor& x_TI, const at::Tensor& above_TO, const at::Tensor& a_RI,
                                   const at::Tensor& b_OR, double scale, bool wants_slopes) {
  TORCH_CHECK(x_TI.is_contiguous() && above_TO.is_contiguous() && a_RI.is_contiguous() && b_OR.is_contiguous(),
              "gradients of LoRA are computed on contiguous rows");
  const LoraKernels& kernels = cpu_kernels().lora;
  const std::int64_t num_rows = x_TI.size(0), in = x_TI.size(1), out = above_TO.size(1), rank = a_RI.size(0);
  const std::int64_t wide = (rank + kernels.rank_unit - 1) / kernels.rank_unit * kernels.rank_unit;
  const std::int64_t num_groups = std::clamp<std::int64_t>(num_rows / kRowsOfGroup, 1, kMostGroups);
  const std::int64_t rows = (num_rows + num_groups - 1) / num_groups;
  const at::Tensor sums = at::zeros({num_groups, in + out, wide}, x_TI.options());
  LoraGradients gradients;
  if (wants_slopes) gradients.slopes_TR = at::empty({num_rows, rank}, x_TI.options());
  parallel_for(0, num_groups, 1, [&](std::int64_t begin, std::int64_t end) {
    const at::Tensor scratch = at::empty({kernels.numbers({rows, in, out, rank})}, at::kFloat);
    float* memory = scratch.mutable_data_ptr<float>();
    kernels.pack({rows, in, out, rank}, a_RI.const_data_ptr<float>(), b_OR.const_data_ptr<float>(), memory);
    for (std::int64_t group = begin; group < end; ++group) {
      const std::int64_t first = group * rows, count = std::min(rows, num_rows - first);
      if (count <= 0) break;
      float* a_sums = sums.mutable_data_ptr<float>() + group * (in + out) * wide;
      kernels.add_gradients({count, in, out, rank}, x_TI.const_data_ptr<float>() + first * in,
                            above_TO.const_data_ptr<float>() + first * out, a_sums, a_sums + in * wide,
                            wants_slopes ? gradients.slopes_TR.mutable_data_ptr<float>() + first * rank : nullptr,
                            memory);
    }
  });
  const at::Tensor total = (num_groups == 1 ? sums[0] : sums.sum(0)).mul_(scale);
  gradients.a_RI = total.narrow(0, 0, in).narrow(1, 0, rank).t().contiguous();
  gradients.b_OR = total.narrow(0, in, out).narrow(1, 0, rank).contiguous();
  if (wants_slopes) gradients.slopes_TR.mul_(scale);
  return gradients;
}

}  // namespace forgelm::engine
