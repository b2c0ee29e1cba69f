// What a model computes in. `auto` follows from features of the device alone and never from timing, so that one machine
// always answers the same; a run resolves it once, and a resumed run takes what its checkpoint says.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <string_view>

#include "forgelm/config/sections/training.hpp"

namespace forgelm::engine {

struct Precision {
  at::ScalarType dtype = at::kFloat;  ///< of activations and frozen weights
  std::string name;                   ///< "float32", "bfloat16", "float16"
  std::string reason;                 ///< "the processor has AMX for bfloat16"
};

/// Asks the processor, or the NVIDIA driver for the compute capability of a GPU.
Precision resolve_precision(config::Precision setting, at::Device device);

/// By its name, as a checkpoint records it. ConfigError for one that is not known.
Precision precision_named(std::string_view name);

}  // namespace forgelm::engine
