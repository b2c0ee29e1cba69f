#define FORGELM_KERNELS_OF baseline
#define FORGELM_VECTOR_BYTES 16
#include "engine/kernels/cpu/kernels.inc"
