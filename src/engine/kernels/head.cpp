// The trap: memory. A chunk's logits are the largest thing there is in training a small model, and each thread has its
// own; the more threads, the smaller chunks become, down to a size that still fills the kernels.
#include "engine/kernels/head.hpp"

#include <algorithm>
#include <vector>

#include "engine/kernels/fused.hpp"
#include "engine/kernels/parallel.hpp"
#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

/// Tokens of a chunk: enough that reading the matrix once for each chunk does not count.
constexpr std::int64_t kMostTokens = 192, kFewestTokens = 48;
/// Logits of all threads together: 128 MiB, unless even the smallest chunks need more.
constexpr std::int64_t kMostLogits = std::int64_t{1} << 25;
constexpr std::int64_t kRowsPerTask = 1024;

/// Chunks of one size, as many as give every thread the same work.
std::int64_t chunk_tokens(std::int64_t num_tokens, std::int64_t vocabulary, std::int64_t num_threads) {
  const std::int64_t fit = kMostLogits / (vocabulary * num_threads) / 16 * 16;
  const std::int64_t most = std::clamp(fit, kFewestTokens, kMostTokens);
  const auto divided = [](std::int64_t a, std::int64_t b) { return (a + b - 1) / b; };
  const std::int64_t num_chunks = divided(divided(num_tokens, most), num_threads) * num_threads;
  return std::min(most, divided(divided(num_tokens, num_chunks), 16) * 16);
}

}  // namespace

bool can_fuse_head(const at::Tensor& x_ND, const at::Tensor& weight_VD, bool wants_weight_gradient) {
  return x_ND.scalar_type() == at::kFloat && can_fuse({&x_ND, &weight_VD}) && weight_VD.is_contiguous() &&
         x_ND.size(0) > 0 && (!wants_weight_gradient || weight_VD.size(1) % 16 == 0);
}

void fused_head_loss(const at::Tensor& x_ND, const at::Tensor& weight_VD, const at::Tensor& targets_N,
                     const at::Tensor& losses_N, const at::Tensor& is_correct_N, const HeadGradients& gradients) {
  const HeadKernels& kernels = cpu_kernels().head;
  const std::int64_t num_tokens = x_ND.size(0), size = x_ND.size(1), vocabulary = weight_VD.size(0);
  TORCH_CHECK(weight_VD.size(1) == size && targets_N.size(0) == num_tokens && x_ND.is_contiguous() &&
                  weight_VD.is_contiguous() && targets_N.is_contiguous(),
              "a head of ", weight_VD.sizes(), " on rows of ", x_ND.sizes());
  const std::int64_t num_threads = at::get_num_threads();
  const std::int64_t step = chunk_tokens(num_tokens, vocabulary, num_threads);
  const std::int64_t num_chunks = (num_tokens + step - 1) / step, at_once = std::min(num_threads, num_chunks);
  const std::int64_t scratch_size = kernels.numbers({step, size, vocabulary});
  const at::Tensor scratch = at::empty({at_once, scratch_size}, at::kFloat);
  float* memory = scratch.mutable_data_ptr<float>();
  const auto shape_of = [&](std::int64_t chunk) {
    return HeadShape{std::min(step, num_tokens - chunk * step), size, vocabulary};
  };
  const bool wants_x = gradients.x_ND.defined();
  const auto tensors_of = [&](std::int64_t chunk) {
    const std::int64_t at = chunk * step;
    return HeadTensors{weight_VD.const_data_ptr<float>(),
                       x_ND.const_data_ptr<float>() + at * size,
                       targets_N.const_data_ptr<std::int64_t>() + at,
                       losses_N.mutable_data_ptr<float>() + at,
                       is_correct_N.mutable_data_ptr<std::int64_t>() + at,
                       wants_x ? gradients.x_ND.mutable_data_ptr<float>() + at * size : nullptr};
  };
  for (std::int64_t first = 0; first < num_chunks; first += at_once) {
    const std::int64_t last = std::min(num_chunks, first + at_once);
    parallel_for(first, last, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t chunk = begin; chunk < end; ++chunk) {
        kernels.loss(shape_of(chunk), tensors_of(chunk), memory + (chunk - first) * scratch_size);
        if (gradients.weight_VD.defined())
          kernels.prepare_weight_gradient(shape_of(chunk), tensors_of(chunk), memory + (chunk - first) * scratch_size);
      }
    });
    if (!gradients.weight_VD.defined()) continue;
    float* weight_gradient = gradients.weight_VD.mutable_data_ptr<float>();
    const std::int64_t num_tasks = (vocabulary + kRowsPerTask - 1) / kRowsPerTask;
    parallel_for(0, num_tasks, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t task = begin; task < end; ++task)
        for (std::int64_t chunk = first; chunk < last; ++chunk)
          kernels.add_weight_gradient(shape_of(chunk), tensors_of(chunk), memory + (chunk - first) * scratch_size,
                                      weight_gradient, task * kRowsPerTask,
                                      std::min(vocabulary, (task + 1) * kRowsPerTask));
    });
  }
}

}  // namespace forgelm::engine
