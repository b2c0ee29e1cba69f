// The kernels for processors with AMX-BF16, tiles of bfloat16: attention, with AVX-512 between the products. All else
// of this set is that of avx512.cpp. To be called only after the system has granted tiles to the process, which
// sets.cpp asks for.
#define FORGELM_VECTOR_BYTES 64
#include <immintrin.h>
#include <string.h>

#include "engine/kernels/cpu/kernels.hpp"

namespace forgelm::engine::amx {
namespace {

#include "engine/kernels/cpu/vector.inc"

#include "engine/kernels/cpu/amx_tiles.inc"

#include "engine/kernels/cpu/amx_attention.inc"

}  // namespace

extern const AttentionKernels<std::uint16_t> kAttention;
const AttentionKernels<std::uint16_t> kAttention = {
    attention_key_numbers, attention_pack_keys,        kQueries,          attention_forward_numbers,
    attention_forward,     attention_backward_numbers, attention_backward};

}  // namespace forgelm::engine::amx
