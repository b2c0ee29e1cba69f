#define FORGELM_KERNELS_OF avx2
#define FORGELM_VECTOR_BYTES 32
#include "engine/kernels/cpu/kernels.inc"
