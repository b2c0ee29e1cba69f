// By glibc's settings; other C libraries keep what they keep.
#include "forgelm/core/process_memory.hpp"

#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace forgelm {

void keep_freed_memory() noexcept {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);  // its upper limit
  ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

}  // namespace forgelm
