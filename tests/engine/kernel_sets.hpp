// The sets of kernels that this processor can run.
#pragma once

#include <vector>

#include "engine/kernels/cpu/kernels.hpp"

namespace forgelm::test {

inline std::vector<const engine::CpuKernels*> kernel_sets() {
  std::vector<const engine::CpuKernels*> sets = {&engine::baseline::kKernels};
#ifdef FORGELM_X86_KERNELS
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) sets.push_back(&engine::avx2::kKernels);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq"))
    sets.push_back(&engine::avx512::kKernels);
#endif
  return sets;
}

}  // namespace forgelm::test
