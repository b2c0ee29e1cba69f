// The loops for the processor that libtorch lacks or has slowly: one table of functions for each instruction set, made
// from one source (cpu/kernels.inc). They know nothing of tensors: pointers, sizes, rows [begin, end), so that the
// caller decides about threads. Invariants: a row's result does not depend on the other rows, nor on how rows are
// divided among threads; whatever T is, sums and functions are computed in float32.
// The trap: what is compiled for an instruction set must not leave inline functions of the standard library behind,
// which the linker could give to everybody; these files include none.
#pragma once

#include <cstddef>
#include <cstdint>

namespace forgelm::engine {

/// T is float, or std::uint16_t for the bits of bfloat16.
template <class T>
struct RowKernels {
  /// y = x / sqrt(mean(x^2) + eps) * weight, in rows of `size`; `scales` keeps 1 / sqrt(...) of each row.
  void (*norm_forward)(const T* x, const T* weight, T* y, float* scales, std::int64_t begin, std::int64_t end,
                       std::int64_t size, float eps);
  /// From the gradient of y that of x. `weight_gradient`, float32 and of `size`, is added to; null: not wanted.
  void (*norm_backward)(const T* from_above, const T* x, const T* weight, const float* scales, T* x_gradient,
                        float* weight_gradient, std::int64_t begin, std::int64_t end, std::int64_t size);

  /// y = silu(gate) * up, numbers [begin, end).
  void (*swiglu_forward)(const T* gate, const T* up, T* y, std::int64_t begin, std::int64_t end);
  void (*swiglu_backward)(const T* from_above, const T* gate, const T* up, T* gate_gradient, T* up_gradient,
                          std::int64_t begin, std::int64_t end);

  /// Tokens [begin, end) of x, `num_heads` heads of `head_size` each, the first `turned` numbers of a head turned by the
  /// angles of the token's row in cosines and sines ([T, turned], each half of a row the same). `direction` is 1, or -1
  /// for the way back.
  void (*rotate)(const T* x, const T* cosines, const T* sines, T* y, std::int64_t begin, std::int64_t end,
                 std::int64_t num_heads, std::int64_t head_size, std::int64_t turned, float direction);

  /// Rows of logits, `size` each: the negative logarithm of the target's share, and whether the target is the largest
  /// (the first of equals). When `makes_gradient`, the logits become the gradient of that: shares less one at the
  /// target.
  void (*cross_entropy)(T* logits, const std::int64_t* targets, float* losses, std::int64_t* is_correct,
                        std::int64_t begin, std::int64_t end, std::int64_t size, bool makes_gradient);
};

struct CpuKernels {
  const char* name;  ///< "baseline", "avx2", "avx512"
  RowKernels<float> float32;
  RowKernels<std::uint16_t> bfloat16;
};

namespace baseline {
extern const CpuKernels kKernels;
}
#ifdef FORGELM_X86_KERNELS
namespace avx2 {
extern const CpuKernels kKernels;
}
namespace avx512 {
extern const CpuKernels kKernels;
}
#endif

}  // namespace forgelm::engine
