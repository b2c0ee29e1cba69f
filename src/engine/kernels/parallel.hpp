// Work divided among libtorch's threads, in which numbers too small for full precision (denormals, below 1.2e-38) are
// zero: the weights that a softmax all but rules out are such, and processors of Intel's take some 150 cycles for an
// operation with one. Other processors compute the same way, so that a job's numbers do not depend on whose they are.
#pragma once

#include <ATen/Parallel.h>

#include <cstdint>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace forgelm::engine {

/// While it lives, in its thread.
class DenormalsAreZero {
 public:
#if defined(__SSE2__)
  DenormalsAreZero() { _mm_setcsr(before_ | kFlushToZero | kDenormalsAreZero); }
  ~DenormalsAreZero() { _mm_setcsr(before_); }
#else
  DenormalsAreZero() = default;
#endif
  DenormalsAreZero(const DenormalsAreZero&) = delete;
  DenormalsAreZero& operator=(const DenormalsAreZero&) = delete;

 private:
#if defined(__SSE2__)
  static constexpr unsigned kDenormalsAreZero = 1U << 6, kFlushToZero = 1U << 15;
  unsigned before_ = _mm_getcsr();
#endif
};

/// at::parallel_for: calls work(begin, end) for shares of [begin, end) of `grain` and more.
template <class Work>
void parallel_for(std::int64_t begin, std::int64_t end, std::int64_t grain, const Work& work) {
  at::parallel_for(begin, end, grain, [&](std::int64_t first, std::int64_t last) {
    [[maybe_unused]] const DenormalsAreZero zero;
    work(first, last);
  });
}

}  // namespace forgelm::engine
