// The kernels as functions of tensors. Rows are divided among threads; since a row's result does not depend on that,
// nor does anything here, except the gradient of a norm's weight, whose rows are summed in pieces of a fixed size.
#include "engine/kernels/fused.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <utility>

#include "engine/kernels/cpu/sets.hpp"
#include "engine/kernels/numbers.hpp"
#include "engine/kernels/parallel.hpp"
#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

constexpr std::int64_t kNumbersPerTask = 16384;
constexpr std::int64_t kRowsPerSum = 256;

std::atomic<int> num_composed{0};

/// Calls `work` with the kernels and the C++ type for tensors of the type of `like`.
template <class Work>
void with_kernels(const at::Tensor& like, Work work) {
  with_type_of(like, [&]<class T>(T) {
    if constexpr (sizeof(T) == 4) work(cpu_kernels().float32, T{});
    else work(cpu_kernels().bfloat16, T{});
  });
}

std::int64_t rows_per_task(std::int64_t row_size) {
  return std::max<std::int64_t>(1, kNumbersPerTask / std::max<std::int64_t>(1, row_size));
}

using Variables = torch::autograd::variable_list;
using Context = torch::autograd::AutogradContext;

class RmsNormFunction : public torch::autograd::Function<RmsNormFunction> {
 public:
  static at::Tensor forward(Context* context, const at::Tensor& x_TD, const at::Tensor& weight_D, double epsilon) {
    const std::int64_t size = x_TD.size(-1), num_rows = x_TD.numel() / std::max<std::int64_t>(1, size);
    at::Tensor y_TD = at::empty_like(x_TD);
    const at::Tensor scales_T = at::empty({num_rows}, x_TD.options().dtype(at::kFloat));
    with_kernels(x_TD, [&]<class T>(const RowKernels<T>& kernels, T) {
      parallel_for(0, num_rows, rows_per_task(size), [&](std::int64_t begin, std::int64_t end) {
        kernels.norm_forward(constant_numbers<T>(x_TD), constant_numbers<T>(weight_D), numbers<T>(y_TD),
                             numbers<float>(scales_T), begin, end, size, static_cast<float>(epsilon));
      });
    });
    context->save_for_backward({x_TD, weight_D, scales_T});
    return y_TD;
  }

  static Variables backward(Context* context, Variables from_above) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x_TD = saved[0], &weight_D = saved[1], &scales_T = saved[2];
    const at::Tensor above_TD = from_above[0].contiguous();
    const std::int64_t size = x_TD.size(-1), num_rows = scales_T.size(0);
    const bool wants_x = context->needs_input_grad(0), wants_weight = context->needs_input_grad(1);
    const std::int64_t num_sums = (num_rows + kRowsPerSum - 1) / kRowsPerSum;
    at::Tensor x_gradient, sums;
    if (wants_x) x_gradient = at::empty_like(x_TD);
    if (wants_weight) sums = at::zeros({num_sums, size}, scales_T.options());
    with_kernels(x_TD, [&]<class T>(const RowKernels<T>& kernels, T) {
      const auto piece = [&](std::int64_t begin, std::int64_t end, float* sum) {
        kernels.norm_backward(constant_numbers<T>(above_TD), constant_numbers<T>(x_TD), constant_numbers<T>(weight_D),
                              constant_numbers<float>(scales_T), wants_x ? numbers<T>(x_gradient) : nullptr, sum, begin,
                              end, size);
      };
      if (wants_weight)
        parallel_for(0, num_sums, 1, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin; i < end; ++i)
            piece(i * kRowsPerSum, std::min(num_rows, (i + 1) * kRowsPerSum), numbers<float>(sums) + i * size);
        });
      else
        parallel_for(0, num_rows, rows_per_task(size),
                     [&](std::int64_t begin, std::int64_t end) { piece(begin, end, nullptr); });
    });
    return {x_gradient, wants_weight ? sums.sum(0).to(weight_D.scalar_type()) : at::Tensor(), at::Tensor()};
  }
};

class SwigluFunction : public torch::autograd::Function<SwigluFunction> {
 public:
  static at::Tensor forward(Context* context, const at::Tensor& gate, const at::Tensor& up) {
    at::Tensor y = at::empty_like(gate);
    with_kernels(gate, [&]<class T>(const RowKernels<T>& kernels, T) {
      parallel_for(0, gate.numel(), kNumbersPerTask, [&](std::int64_t begin, std::int64_t end) {
        kernels.swiglu_forward(constant_numbers<T>(gate), constant_numbers<T>(up), numbers<T>(y), begin, end);
      });
    });
    context->save_for_backward({gate, up});
    return y;
  }

  static Variables backward(Context* context, Variables from_above) {
    const auto saved = context->get_saved_variables();
    const at::Tensor above = from_above[0].contiguous();
    at::Tensor gate_gradient = at::empty_like(saved[0]), up_gradient = at::empty_like(saved[1]);
    with_kernels(above, [&]<class T>(const RowKernels<T>& kernels, T) {
      parallel_for(0, above.numel(), kNumbersPerTask, [&](std::int64_t begin, std::int64_t end) {
        kernels.swiglu_backward(constant_numbers<T>(above), constant_numbers<T>(saved[0]),
                                constant_numbers<T>(saved[1]), numbers<T>(gate_gradient), numbers<T>(up_gradient),
                                begin, end);
      });
    });
    return {gate_gradient, up_gradient};
  }
};

at::Tensor turned(const at::Tensor& x_THK, const at::Tensor& cos_T1K, const at::Tensor& sin_T1K, float direction) {
  at::Tensor y_THK = at::empty_like(x_THK);
  const std::int64_t num_heads = x_THK.size(1), head_size = x_THK.size(2);
  with_kernels(x_THK, [&]<class T>(const RowKernels<T>& kernels, T) {
    parallel_for(0, x_THK.size(0), rows_per_task(num_heads * head_size), [&](std::int64_t begin, std::int64_t end) {
      kernels.rotate(constant_numbers<T>(x_THK), constant_numbers<T>(cos_T1K), constant_numbers<T>(sin_T1K),
                     numbers<T>(y_THK), begin, end, num_heads, head_size, cos_T1K.size(2), direction);
    });
  });
  return y_THK;
}

/// A rotation; its way back turns the other way round.
class RotateFunction : public torch::autograd::Function<RotateFunction> {
 public:
  static at::Tensor forward(Context* context, const at::Tensor& x_THK, const at::Tensor& cos_T1K,
                            const at::Tensor& sin_T1K) {
    context->save_for_backward({cos_T1K, sin_T1K});
    return turned(x_THK, cos_T1K, sin_T1K, 1);
  }

  static Variables backward(Context* context, Variables from_above) {
    const auto saved = context->get_saved_variables();
    return {turned(from_above[0].contiguous(), saved[0], saved[1], -1), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

const CpuKernels& cpu_kernels() {
  static const CpuKernels& chosen = []() -> const CpuKernels& {
    const std::string capability = at::get_cpu_capability();
    const bool is_lowered = std::getenv("ATEN_CPU_CAPABILITY") != nullptr;
    const CpuKernels* kernels = nullptr;
    // libtorch has no name for AMX: it is what goes beyond AVX-512, where nobody asked for less.
    if (capability == "AVX512" && !is_lowered) kernels = kernels_named("amx");
    if (capability == "AVX512" && kernels == nullptr) kernels = kernels_named("avx512");
    if (capability == "AVX2") kernels = kernels_named("avx2");
    return kernels != nullptr ? *kernels : baseline::kKernels;
  }();
  return chosen;
}

bool has_fused_forms(at::Device device, at::ScalarType type) {
  return device.is_cpu() && (type == at::kFloat || type == at::kBFloat16);
}

bool can_fuse(std::initializer_list<const at::Tensor*> tensors) {
  if (num_composed.load(std::memory_order_relaxed) > 0) return false;
  const at::ScalarType type = (*tensors.begin())->scalar_type();
  return std::all_of(tensors.begin(), tensors.end(), [type](const at::Tensor* tensor) {
    return has_fused_forms(tensor->device(), tensor->scalar_type()) && tensor->scalar_type() == type;
  });
}

ComposedForms::ComposedForms() noexcept { ++num_composed; }
ComposedForms::~ComposedForms() { --num_composed; }

at::Tensor fused_rms_norm(const at::Tensor& x_TD, const at::Tensor& weight_D, double epsilon) {
  return RmsNormFunction::apply(x_TD.contiguous(), weight_D.contiguous(), epsilon);
}

at::Tensor fused_swiglu(const at::Tensor& gate, const at::Tensor& up) {
  return SwigluFunction::apply(gate.contiguous(), up.contiguous());
}

at::Tensor fused_rotate(const at::Tensor& x_THK, const at::Tensor& cos_T1K, const at::Tensor& sin_T1K) {
  return RotateFunction::apply(x_THK.contiguous(), cos_T1K.contiguous(), sin_T1K.contiguous());
}

void cross_entropy_in_place(const at::Tensor& logits_CV, const at::Tensor& targets_C, const at::Tensor& losses_C,
                            const at::Tensor& is_correct_C, bool makes_gradient) {
  TORCH_CHECK(logits_CV.is_contiguous() && targets_C.is_contiguous() && losses_C.is_contiguous() &&
                  is_correct_C.is_contiguous(),
              "the loss is computed on contiguous rows");
  with_kernels(logits_CV, [&]<class T>(const RowKernels<T>& kernels, T) {
    parallel_for(0, logits_CV.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
      kernels.cross_entropy(numbers<T>(logits_CV), constant_numbers<std::int64_t>(targets_C), numbers<float>(losses_C),
                            numbers<std::int64_t>(is_correct_C), begin, end, logits_CV.size(1), makes_gradient);
    });
  });
}

}  // namespace forgelm::engine
