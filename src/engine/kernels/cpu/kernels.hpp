// The loops for the processor that libtorch lacks or has slowly: one table of functions for each instruction set, made
// from one source (cpu/kernels.inc), and what AMX does better. They know nothing of tensors: pointers, sizes, rows
// [begin, end), so that the caller decides about threads. Invariants: a row's result does not depend on the other rows,
// nor on how rows are divided among threads; whatever T is, sums and functions are computed in float32. The trap: what
// is compiled for an instruction set must not leave inline functions of the standard library behind, which the linker
// could give to everybody; these files include none.
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

  /// Tokens [begin, end) of x, `num_heads` heads of `head_size` each, the first `turned` numbers of a head turned by
  /// the angles of the token's row in cosines and sines ([T, turned], each half of a row the same). `direction` is 1,
  /// or -1 for the way back.
  void (*rotate)(const T* x, const T* cosines, const T* sines, T* y, std::int64_t begin, std::int64_t end,
                 std::int64_t num_heads, std::int64_t head_size, std::int64_t turned, float direction);

  /// Rows of logits, `size` each: the negative logarithm of the target's share, and whether the target is the largest
  /// (the first of equals). When `makes_gradient`, the logits become the gradient of that: shares less one at the
  /// target.
  void (*cross_entropy)(T* logits, const std::int64_t* targets, float* losses, std::int64_t* is_correct,
                        std::int64_t begin, std::int64_t end, std::int64_t size, bool makes_gradient);
};

/// One sequence and head of causal attention: rows of `size` numbers, one a token, `stride` apart for queries and what
/// has their shape, `key_stride` apart for keys and values.
struct AttentionShape {
  std::int64_t length, size, stride, key_stride;
  float scale;          ///< of the scores
  std::int64_t window;  ///< a token sees itself and the window - 1 before it; 0: all before it
};

/// For one head of keys and values: pointers to its first token, and to the first of the query heads that share it,
/// which lie `size` numbers apart.
template <class T>
struct AttentionTensors {
  const T *q, *k, *v, *y, *above;  ///< y: what forward() gave; above: its gradient
  const float* log_sums;           ///< of the first query head's first token
  std::int64_t log_sums_stride;    ///< from head to head
  T *q_gradient, *k_gradient, *v_gradient;
};

/// Scratch memory is counted in float32 and given by the caller, aligned or not.
template <class T>
struct AttentionKernels {
  std::int64_t (*key_numbers)(std::int64_t length, std::int64_t size);
  /// Keys and values of a head as forward() wants them, in key_numbers() of memory.
  void (*pack_keys)(const AttentionShape& shape, const T* k, const T* v, float* packed);
  std::int64_t query_block;  ///< the most queries of one call of forward()
  std::int64_t (*forward_numbers)(std::int64_t size);
  /// Queries [query, query + num_queries): y, and of each the logarithm of its sum of exponentials, to the base that
  /// backward() takes for heads of this size.
  void (*forward)(const AttentionShape& shape, const float* packed, const T* q, T* y, float* log_sums,
                  std::int64_t query, std::int64_t num_queries, float* scratch);
  std::int64_t (*backward_numbers)(std::int64_t length, std::int64_t size);
  void (*backward)(const AttentionShape& shape, const AttentionTensors<T>& tensors, std::int64_t num_queries_per_key,
                   float* scratch);
};

/// A chunk of tokens before a head [vocabulary, size] without a bias, all float32.
struct HeadShape {
  std::int64_t count, size, vocabulary;
};
struct HeadTensors {
  const float *weight, *x;      ///< [vocabulary, size], [count, size]
  const std::int64_t* targets;  ///< [count]
  float* losses;                ///< of each token
  std::int64_t* is_correct;     ///< whether the target is the largest logit (the first of equals)
  float* x_gradient;            ///< of the losses' sum; null: not wanted
};
struct HeadKernels {
  std::int64_t (*numbers)(const HeadShape& shape);  ///< of scratch memory, in float32
  void (*loss)(const HeadShape& shape, const HeadTensors& tensors, float* scratch);
  /// For the gradient of the matrix, after loss() in the same scratch; then its rows [begin, end) are added to.
  void (*prepare_weight_gradient)(const HeadShape& shape, const HeadTensors& tensors, float* scratch);
  void (*add_weight_gradient)(const HeadShape& shape, const HeadTensors& tensors, float* scratch,
                              float* weight_gradient, std::int64_t begin, std::int64_t end);
};

/// Rows of a LoRA pair A [rank, in], B [out, rank], all float32.
struct LoraShape {
  std::int64_t rows, in, out, rank;
};
struct LoraKernels {
  std::int64_t rank_unit;                           ///< sums have their rank rounded up to it
  std::int64_t (*numbers)(const LoraShape& shape);  ///< of scratch memory, in float32; does not depend on the rows
  void (*pack)(const LoraShape& shape, const float* a, const float* b, float* scratch);
  /// After pack() in the same scratch: adds x^T (above B) to a_sums [in, rank rounded up] and above^T (x A^T) to b_sums
  /// [out, rank rounded up]; writes above B to slopes [rows, rank], unless null.
  void (*add_gradients)(const LoraShape& shape, const float* x, const float* above, float* a_sums, float* b_sums,
                        float* slopes, float* scratch);
};

struct CpuKernels {
  const char* name;  ///< "baseline", "avx2", "avx512", "amx"
  RowKernels<float> float32;
  RowKernels<std::uint16_t> bfloat16;
  AttentionKernels<float> attention_float32;
  AttentionKernels<std::uint16_t> attention_bfloat16;
  HeadKernels head;
  LoraKernels lora;
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
namespace amx {
extern const AttentionKernels<std::uint16_t> kAttention;
}
#endif

}  // namespace forgelm::engine
