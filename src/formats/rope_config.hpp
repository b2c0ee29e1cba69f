// Rotary positions in config.json: `rope_parameters` of transformers 5, and `rope_theta` with `rope_scaling` of before.
#pragma once

#include "forgelm/formats/model_config.hpp"
#include "json_fields.hpp"

namespace forgelm::formats {

/// The RopeConfig that config.json asks for, where the model's head_dim and max_positions are known.
RopeConfig read_rope(const JsonFields& config, std::int64_t head_dim, std::int64_t max_positions);

}  // namespace forgelm::formats
