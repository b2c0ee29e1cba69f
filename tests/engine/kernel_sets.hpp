// The sets of kernels that this processor can run.
#pragma once

#include <vector>

#include "engine/kernels/cpu/sets.hpp"

namespace forgelm::test {

inline std::vector<const engine::CpuKernels*> kernel_sets() {
  std::vector<const engine::CpuKernels*> sets;
  for (const char* name : engine::kKernelSets)
    if (const engine::CpuKernels* set = engine::kernels_named(name)) sets.push_back(set);
  return sets;
}

}  // namespace forgelm::test
