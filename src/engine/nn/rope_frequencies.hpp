// The frequencies of rotary positions, plain or scaled for longer texts than the model was trained on. Sources: Su et
// al. 2021, arXiv 2104.09864; yarn: Peng et al. 2023, arXiv 2309.00071; longrope: Ding et al. 2024, arXiv 2402.13753.
// Oracle: transformers' modeling_rope_utils, whose float32 operations are done here in the same order.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "forgelm/formats/model_config.hpp"

namespace forgelm::engine {

struct RopeFrequencies {
  at::Tensor inverse;          ///< float32 on the processor: radians a position, one for each rotated pair
  double attention_scale = 1;  ///< cosines and sines are multiplied with it
};

/// Of a text of `length` tokens, which matters where depends_on_length() says so. ConfigError for factors of longrope
/// that do not fit the head.
RopeFrequencies rope_frequencies(const formats::RopeConfig& rope, std::int64_t head_dim, std::int64_t max_positions,
                                 std::int64_t length);

/// dynamic and longrope.
bool depends_on_length(formats::RopeKind kind) noexcept;

/// How many numbers of a head are rotated.
std::int64_t rotated_dim(const formats::RopeConfig& rope, std::int64_t head_dim) noexcept;

}  // namespace forgelm::engine
