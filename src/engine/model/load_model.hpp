// From a model folder in Hugging Face layout to a DecoderModel, and back.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/nn/decoder.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::engine {

/// Puts a part into a slot from the slot's name, its matrix [O, I] as the file has it (its bytes are mapped memory, on
/// the processor, valid during the call) and its bias (may be undefined).
using LinearMaker = std::function<std::unique_ptr<Linear>(const std::string& slot, const at::Tensor& weight_OI,
                                                          const at::Tensor& bias)>;

struct LoadModelOptions {
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;  ///< activations
  /// Makes the linear parts of the blocks (the head is always dense); none: dense ones.
  LinearMaker make_linear = nullptr;
  /// Weights; none: as the activations. Those that are to be trained are read in float32, or a file's numbers would be
  /// rounded once before the first step.
  std::optional<at::ScalarType> weight_dtype = std::nullopt;
};

/// Reads weights one after the other: memory is the finished model's and one tensor. ConfigError that names the tensor
/// when one is missing, left over, or of another shape than config.json says.
DecoderModel load_model(const std::filesystem::path& folder, const formats::ModelConfig& config,
                        const LoadModelOptions& options);

/// Writes model.safetensors (several and an index beyond 5 GB a file, as transformers does) and config.json into an
/// existing folder, every linear part as its dense_weight(), in `dtype`. Each file is written durably. A tied head that
/// was exchanged or has an adapter is written, and config.json says that it is not tied.
void save_model(DecoderModel& model, const std::filesystem::path& folder, at::ScalarType dtype,
                std::uint64_t max_file_bytes = 5'000'000'000);

}  // namespace forgelm::engine
