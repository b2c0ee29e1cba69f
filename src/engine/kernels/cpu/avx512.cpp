#define FORGELM_KERNELS_OF avx512
#define FORGELM_VECTOR_BYTES 64
#include "engine/kernels/cpu/kernels.inc"
