// What the tests of adapters and adapter_dump share: models by folder, sequences laid end to end.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <vector>

#include "engine/adapters/lora.hpp"
#include "engine/model/load_model.hpp"
#include "forgelm/formats/adapter_config.hpp"
#include "forgelm/formats/model_config.hpp"

namespace forgelm::test {

using Sequences = std::vector<std::vector<std::int64_t>>;

inline engine::DecoderModel load(const std::filesystem::path& folder, at::ScalarType dtype = at::kFloat) {
  engine::LoadModelOptions options;
  options.dtype = dtype;
  return engine::load_model(folder, formats::read_model_config(folder), options);
}

inline engine::ForwardInput input_of(const Sequences& sequences) {
  engine::ForwardInput input;
  std::vector<at::Tensor> ids, positions;
  for (const auto& sequence : sequences) {
    const auto length = static_cast<std::int64_t>(sequence.size());
    ids.push_back(at::tensor(sequence, at::kLong));
    positions.push_back(at::arange(length));
    input.starts.push_back(input.starts.back() + static_cast<std::int32_t>(length));
    input.max_length = std::max(input.max_length, static_cast<std::int32_t>(length));
  }
  input.ids_T = at::cat(ids);
  input.positions_AT = at::cat(positions).unsqueeze(0);
  return input;
}

/// At every position, the sequences end to end: [T, V].
inline at::Tensor logits_of(engine::DecoderModel& model, const Sequences& sequences,
                            const engine::ForwardMode& mode = {}) {
  return model.logits(model.hidden(input_of(sequences), mode), mode);
}

}  // namespace forgelm::test
