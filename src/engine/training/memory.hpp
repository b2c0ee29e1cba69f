// Memory of the device that trains: what is left, what the run has taken at most, and what a step will roughly need.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "forgelm/formats/model_config.hpp"

namespace forgelm::engine {

/// The peak so far: of the processor the resident set of this process, of a GPU what its allocator gave out.
std::uint64_t peak_memory_bytes(at::Device device);

/// What can still be taken. On the processor the least that the system and the control group of the process leave; 0
/// when neither says.
std::uint64_t available_memory_bytes(at::Device device);

/// Gives memory that the allocator of a GPU keeps for later back to it.
void release_cached_memory(at::Device device);

/// What a micro-batch of `num_tokens` tokens, its longest sequence of `max_length`, keeps for its backward pass when no
/// block is recomputed; an estimate from the sizes of the tensors of a block.
std::uint64_t estimated_activation_bytes(const formats::ModelConfig& config, at::ScalarType dtype, at::Device device,
                                         std::uint64_t num_tokens, std::uint64_t max_length);

}  // namespace forgelm::engine
