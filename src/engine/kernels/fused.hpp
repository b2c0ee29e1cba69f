// Fused forms of what a model is composed of, with their own backward passes: one pass over memory where libtorch's
// operations make many. Each has its oracle, the composed form, beside its caller in src/engine/nn; tests compare both.
// They take contiguous float32 or bfloat16 on the processor; callers ask can_fuse() first and use the composed form
// otherwise.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <initializer_list>

#include "engine/kernels/cpu/kernels.hpp"

namespace forgelm::engine {

/// The kernels for what libtorch takes this processor for, with AMX where the system grants it. ATEN_CPU_CAPABILITY
/// lowers the choice: "default", "avx2", "avx512".
const CpuKernels& cpu_kernels();

/// Whether kernels take numbers of this type there.
bool has_fused_forms(at::Device device, at::ScalarType type);

/// True when kernels take all of them, they are of one type, and fused forms are wanted.
bool can_fuse(std::initializer_list<const at::Tensor*> tensors);

/// While it lives, composed forms are used in the whole process: for tests and benchmarks.
class ComposedForms {
 public:
  ComposedForms() noexcept;
  ~ComposedForms();
  ComposedForms(const ComposedForms&) = delete;
  ComposedForms& operator=(const ComposedForms&) = delete;
};

/// RMSNorm::forward. x_TD, weight_D of one type -> [T, D].
at::Tensor fused_rms_norm(const at::Tensor& x_TD, const at::Tensor& weight_D, double epsilon);

/// silu(gate) * up, of one shape.
at::Tensor fused_swiglu(const at::Tensor& gate, const at::Tensor& up);

/// rotate() of nn/rotary.hpp: x_THK, and the row's angles.
at::Tensor fused_rotate(const at::Tensor& x_THK, const at::Tensor& cos_T1K, const at::Tensor& sin_T1K);

/// Writes the negative log-likelihood of each row's target to losses_C (float32) and whether the target is its largest
/// number to is_correct_C (int64). When `makes_gradient`, logits_CV become the gradient of the losses' sum.
void cross_entropy_in_place(const at::Tensor& logits_CV, const at::Tensor& targets_C, const at::Tensor& losses_C,
                            const at::Tensor& is_correct_C, bool makes_gradient);

}  // namespace forgelm::engine
