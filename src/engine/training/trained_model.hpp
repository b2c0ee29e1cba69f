// TrainedModel: a job's model on its device with what is trained in it: an adapter on (4-bit or plain) frozen weights,
// or all weights. Where the trained weights start from: a checkpoint, else the adapter that the job names as its model,
// else fresh ones.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/nn/decoder.hpp"
#include "forgelm/config/job.hpp"
#include "forgelm/formats/adapter_config.hpp"

namespace forgelm::engine {

struct TrainedModel {
  DecoderModel model;
  std::optional<formats::AdapterConfig> adapter;  ///< none: all weights are trained
  std::string quantization = "none";              ///< "nf4", "fp4"
  std::uint64_t num_weights = 0;                  ///< of the model, whatever form they are in, and of the adapter
  std::vector<std::string> notes;
};

/// ConfigError for what is wrong with the model's files, the adapter's, or what the job asks of them. `dtype`: of
/// activations and frozen weights. `weights_from`: a checkpoint folder, ours or a Hugging Face Trainer's.
TrainedModel open_trained_model(const config::JobConfig& job, at::Device device, at::ScalarType dtype,
                                const std::optional<std::filesystem::path>& weights_from);

/// What is trained into an existing folder, exactly: the adapter, or all weights in float32 with config.json.
void save_trained_weights(TrainedModel& trained, const std::filesystem::path& folder);
/// The opposite, into the model as it stands. ConfigError that names what is missing, left over or of another shape.
void load_trained_weights(TrainedModel& trained, const std::filesystem::path& folder);

}  // namespace forgelm::engine
