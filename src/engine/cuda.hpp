// Getting CUDA ready inside libtorch.
#pragma once

#include "forgelm/engine/libtorch.hpp"

namespace forgelm::engine {

/// Opens libtorch_cuda and proves that GPU `index` works. Needs no ATen call before it in the process (engine.hpp says
/// why). RunError(device) that says what is missing. Safe from any thread.
void open_cuda(const Libtorch& libtorch, int index);

}  // namespace forgelm::engine
