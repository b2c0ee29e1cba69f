// ModelConfig: what a Hugging Face config.json says of a decoder, in one form for all families. A family is one file in
// src/formats/model_families with one spec. Unknown families and options that change the mathematics are refused by
// name: a model that is almost understood trains wrongly.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/choices.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::formats {

FORGELM_CHOICES(RopeKind, none, linear, dynamic, yarn, longrope, llama3)

/// Scaling of rotary positions; numbers as transformers' rope_parameters name them, with all that follows from other
/// keys (factor, original_max_positions) filled in.
struct RopeConfig {
  RopeKind kind = RopeKind::none;
  double theta = 10000.0;
  double factor = 1.0;
  std::int64_t original_max_positions = 0;               ///< yarn, longrope, llama3; else 0
  double low_freq_factor = 1.0, high_freq_factor = 4.0;  ///< llama3
  std::optional<double> attention_factor;                ///< yarn, longrope
  std::optional<double> mscale, mscale_all_dim;          ///< yarn
  double beta_fast = 32.0, beta_slow = 1.0;              ///< yarn
  bool truncates = true;                                 ///< yarn
  std::vector<double> short_factor, long_factor;         ///< longrope
  double partial_rotary_factor = 1.0;
};

struct ModelConfig {
  std::string family;  ///< model_type: "llama"
  std::string architecture;
  std::int64_t vocab_size = 0, hidden_size = 0, intermediate_size = 0;
  std::int64_t num_layers = 0, num_heads = 0, num_key_value_heads = 0, head_dim = 0;
  std::int64_t max_positions = 0;
  double rms_norm_eps = 1e-6;
  std::string activation = "silu";
  bool has_attention_bias = false, has_output_bias = false, has_mlp_bias = false;  ///< q, k, v; o; gate, up, down
  bool ties_embeddings = false;
  std::optional<std::int64_t> sliding_window;
  RopeConfig rope;
  double attention_dropout = 0.0;
  std::string stored_dtype;                    ///< "bfloat16"; empty when the file does not say
  std::vector<std::int32_t> bos_ids, eos_ids;  ///< ids of config.json, then further ones of generation_config.json
  Json raw;                                    ///< config.json as it is
};

/// One family. Texts begin and end with the ids that `read` puts where the files name none.
struct ModelFamily {
  std::string_view model_type;
  /// Fills what is the family's own; `path` stands in messages.
  void (*read)(const Json& config, const std::filesystem::path& path, ModelConfig& out);
};
std::span<const ModelFamily* const> all_model_family_specs();

/// FOLDER/config.json (with generation_config.json for ids that end a text). ConfigError that names file, key, the
/// value seen and what is allowed.
ModelConfig read_model_config(const std::filesystem::path& folder);

/// "llama", or "" when the folder has no config.json or that does not say.
std::string model_type_of(const std::filesystem::path& folder);

/// Merges `training.rope_scaling` of a job over the model's own, key by key, in `rope` and in `raw`; ConfigError for
/// what read_model_config would refuse.
void override_rope(ModelConfig& config, const Json& rope_scaling);

/// Where a model's files are: of a plain model its folder; of an adapter folder (adapter_config.json) its base model's,
/// looked for as written, then relative to the adapter.
struct ModelFolders {
  std::filesystem::path base;
  std::optional<std::filesystem::path> adapter;
};
/// ConfigError when `name_or_path` is no folder, or the base model of an adapter is not found.
ModelFolders find_model_folders(const std::string& name_or_path);

}  // namespace forgelm::formats
