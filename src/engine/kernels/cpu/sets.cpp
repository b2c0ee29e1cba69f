// The processor says what it has; whether Linux keeps the state of AMX's tiles for a process (8 KiB a thread, so not by
// default) only the system can say. The trap: under a hypervisor the processor may claim tiles that the system never
// got; what arch_prctl answers decides, and nothing here executes an instruction to find out.
#include "engine/kernels/cpu/sets.hpp"

#include <cstring>

#ifdef FORGELM_X86_KERNELS
#include <cpuid.h>
#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace forgelm::engine {
namespace {

#ifdef FORGELM_X86_KERNELS
bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
}

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

/// Tiles of bfloat16 as the kernels use them, and conversions to bfloat16 in AVX-512.
bool claims_amx() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned kAmxBfloat16 = 1U << 22, kAmxTile = 1U << 24, kAvx512Bfloat16 = 1U << 5;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & kAmxBfloat16) == 0 || (d & kAmxTile) == 0) return false;
  if (a < 1 || __get_cpuid_count(7, 1, &a, &b, &c, &d) == 0 || (a & kAvx512Bfloat16) == 0) return false;
  constexpr unsigned kRowBytes = 64, kTiles = 8, kRows = 16;
  return __get_cpuid_count(0x1d, 1, &a, &b, &c, &d) != 0 && (b & 0xffff) == kRowBytes && (b >> 16) == kTiles &&
         (c & 0xffff) == kRows;
}

bool system_grants_tiles() {
#ifdef __linux__
  constexpr long kGetPermission = 0x1022, kAskPermission = 0x1023, kTileData = 18;  // of asm/prctl.h since Linux 5.16
  constexpr unsigned long kTileBits = 3UL << 17;
  unsigned long granted = 0;
  return syscall(SYS_arch_prctl, kAskPermission, kTileData) == 0 &&
         syscall(SYS_arch_prctl, kGetPermission, &granted) == 0 && (granted & kTileBits) == kTileBits;
#else
  return false;
#endif
}

const CpuKernels* amx_kernels() {
  static const bool can_run = has_avx512() && claims_amx() && system_grants_tiles();
  if (!can_run) return nullptr;
  static const CpuKernels kernels = [] {
    CpuKernels result = avx512::kKernels;
    result.name = "amx";
    result.attention_bfloat16 = amx::kAttention;
    return result;
  }();
  return &kernels;
}
#endif

}  // namespace

const CpuKernels* kernels_named(const char* name) {
  if (std::strcmp(name, "baseline") == 0) return &baseline::kKernels;
#ifdef FORGELM_X86_KERNELS
  __builtin_cpu_init();
  if (std::strcmp(name, "avx2") == 0) return has_avx2() ? &avx2::kKernels : nullptr;
  if (std::strcmp(name, "avx512") == 0) return has_avx512() ? &avx512::kKernels : nullptr;
  if (std::strcmp(name, "amx") == 0) return amx_kernels();
#endif
  return nullptr;
}

}  // namespace forgelm::engine
