// What a model's file must hold: names and shapes, as its config.json says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "forgelm/formats/model_config.hpp"
#include "forgelm/formats/safetensors.hpp"

namespace forgelm::engine {

struct ExpectedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
};

inline constexpr const char* kEmbeddingName = "model.embed_tokens.weight";
inline constexpr const char* kHeadName = "lm_head.weight";

/// In the order of the layers; of tied ones the embedding alone.
std::vector<ExpectedTensor> expected_tensors(const formats::ModelConfig& config);

/// ConfigError that names the first tensor that is missing, left over, of another shape or not of a floating type, and
/// counts the others. `place` stands in messages. Accepted besides: a head that is tied, and tables of rotary angles,
/// which old files carry.
void require_tensors(const formats::SafetensorsReader& file, const formats::ModelConfig& config,
                     const std::string& place);

}  // namespace forgelm::engine
