// AdapterConfig: peft's adapter_config.json of a LoRA adapter, read and written so that peft 0.21.2 takes ours and we
// take peft's. What changes the mathematics and is not known here is refused by name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/core/json.hpp"

namespace forgelm::formats {

struct AdapterConfig {
  std::string base_model;  ///< base_model_name_or_path
  std::int64_t r = 8;
  double alpha = 16;
  double dropout = 0;
  std::string bias = "none";  ///< none, all, lora_only
  bool use_rslora = false;
  std::vector<std::string> target_modules;  ///< names or ends of names, sorted
  std::optional<std::string> target_pattern;  ///< a regular expression in their place, as peft allows
  std::vector<std::string> modules_to_save;
  std::vector<std::int64_t> layers_to_transform;  ///< empty: all
  std::map<std::string, std::int64_t> rank_pattern;
  std::map<std::string, double> alpha_pattern;
  std::string task_type = "CAUSAL_LM";
  /// peft's rule: the whole name, or its end behind a dot (target_pattern: the whole name matches it).
  bool targets(const std::string& slot, std::int64_t layer) const;
  double scale_of(const std::string& slot) const;
  std::int64_t rank_of(const std::string& slot) const;
};

/// FOLDER/adapter_config.json. ConfigError for kinds of adapter that are not LoRA, for DoRA and PiSSA among others.
AdapterConfig read_adapter_config(const std::filesystem::path& folder);
/// As peft writes it, keys and order included.
Json to_json(const AdapterConfig& config);

}  // namespace forgelm::formats
