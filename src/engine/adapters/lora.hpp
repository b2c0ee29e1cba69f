// LoRA: y = W x + scale * B A dropout(x), W frozen. Source: Hu et al. 2021, arXiv 2106.09685; rsLoRA: Kalajdzievski
// 2023, arXiv 2312.03732 (scale = alpha / sqrt(r)). Oracle: peft 0.21.2, names of weights and adapter files included.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/nn/decoder.hpp"
#include "forgelm/config/sections/lora.hpp"
#include "forgelm/formats/adapter_config.hpp"

namespace forgelm::engine {

/// What `lora` of a job asks for, in the terms of adapter_config.json; presets and `all-linear` are resolved against
/// the model. ConfigError when no layer of the model matches a name, or one matches that is no linear layer.
formats::AdapterConfig adapter_config_for(const config::LoraSection& lora, DecoderModel& model,
                                          const std::string& base_model);

/// Puts adapters into the slots that `config` names, marks what is trained (A, B, biases as lora.bias says, a full copy
/// of modules_to_save) and everything else as not trained. A starts as peft's does (Kaiming uniform, a = sqrt(5)),
/// drawn from `seed`; B is zero.
void add_lora(DecoderModel& model, const formats::AdapterConfig& config, std::uint64_t seed);

/// The adapter's weights out of a file that peft or save_adapter() wrote, into a model after add_lora() with its
/// config. ConfigError that names what is missing, left over or of another shape.
void load_adapter(DecoderModel& model, const std::filesystem::path& folder);

/// adapter_model.safetensors (float32) and adapter_config.json into an existing folder, durably, as peft names things.
void save_adapter(DecoderModel& model, const formats::AdapterConfig& config, const std::filesystem::path& folder);

/// Adds the adapters into the matrices and takes them out of the slots; nothing is trained afterwards. A quantized
/// matrix becomes dense: what its codes stand for, with the adapter added.
void merge_adapters(DecoderModel& model);

class LoraLinear;

/// While it lives, forward passes leave the adapters out (biases and saved modules included): the base model, for
/// references and baselines. May be nested. The model's parts and weights must not be replaced meanwhile.
class WithoutAdapters {
 public:
  explicit WithoutAdapters(DecoderModel& model);
  ~WithoutAdapters();
  WithoutAdapters(const WithoutAdapters&) = delete;
  WithoutAdapters& operator=(const WithoutAdapters&) = delete;

 private:
  std::vector<LoraLinear*> inactive_;
  std::vector<std::pair<WeightPtr, Weight>> exchanged_;
};

}  // namespace forgelm::engine
