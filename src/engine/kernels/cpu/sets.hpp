// Which of the kernels this process may run: what the processor has, and what the system lets a process use of it.
#pragma once

#include "engine/kernels/cpu/kernels.hpp"

namespace forgelm::engine {

/// The names of all sets, each with more instructions than the one before it.
inline constexpr const char* kKernelSets[] = {"baseline", "avx2", "avx512", "amx"};

/// A set by its name; null where this process cannot run it. Asking for "amx" asks the system for the tiles' state, for
/// the whole process and the rest of its life; only where that is granted is there such a set. Any thread may call.
const CpuKernels* kernels_named(const char* name);

}  // namespace forgelm::engine
