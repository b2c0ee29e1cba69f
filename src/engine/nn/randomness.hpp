// Where the random numbers of a forward pass come from: they are a function of (seed, step, micro-batch, rank, site)
// and of nothing else. Hence a resumed run needs no generator's state, and a block that is computed again in the
// backward pass draws what it drew before.
#pragma once

#include <ATen/core/Generator.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <string_view>

namespace forgelm::engine {

struct Randomness {
  std::uint64_t seed = 42;
  std::uint64_t step = 0;
  std::uint64_t micro_batch = 0;
  std::uint64_t rank = 0;

  /// A fresh generator for one place of the model; the same arguments give the same numbers.
  at::Generator generator(std::uint64_t site, c10::Device device) const;
};

/// A number for a place, from its name ("model.layers.0.self_attn.q_proj.lora_dropout").
std::uint64_t site_of(std::string_view name) noexcept;

}  // namespace forgelm::engine
