// AdapterConfig: peft's adapter_config.json of a LoRA adapter, read and written so that peft 0.21.2 takes ours and we
// take peft's. What changes the mathematics and is not known here is refused by name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "forgelm/core/json.hpp"

namespace forgelm::formats {

inline constexpr const char* kAllLinear = "all-linear";

struct AdapterConfig {
  std::string base_model;  ///< base_model_name_or_path; empty when the file does not say
  std::int64_t r = 8;
  double alpha = 16;
  double dropout = 0;
  std::string bias = "none";  ///< none, all, lora_only
  bool use_rslora = false;
  std::vector<std::string> target_modules;  ///< names or ends of names, sorted
  /// A regular expression in their place, as peft allows; kAllLinear: every linear layer save the head.
  std::optional<std::string> target_pattern;
  std::vector<std::string> exclude_modules;    ///< as target_modules; never targets
  std::optional<std::string> exclude_pattern;  ///< a regular expression in their place
  std::vector<std::string> modules_to_save;
  std::vector<std::int64_t> layers_to_transform;  ///< empty: all
  /// By end of name, a regular expression; the first that matches counts.
  std::vector<std::pair<std::string, std::int64_t>> rank_pattern;
  std::vector<std::pair<std::string, double>> alpha_pattern;
  std::string task_type = "CAUSAL_LM";  ///< empty: none

  /// peft's rule: the whole name, or its end behind a dot (target_pattern: the whole name matches it). Never what
  /// exclude_modules means, nor what lies in modules_to_save. `layer` is below 0 outside of the layers.
  bool targets(const std::string& slot, std::int64_t layer) const;
  double scale_of(const std::string& slot) const;
  std::int64_t rank_of(const std::string& slot) const;
};

/// FOLDER/adapter_config.json. ConfigError for kinds of adapter that are not LoRA, for DoRA and PiSSA among others, and
/// for regular expressions that do not compile.
AdapterConfig read_adapter_config(const std::filesystem::path& folder);
/// As peft writes it beside a trained adapter, keys and order included; its text is dump(..., {.indent = 2}).
Json to_json(const AdapterConfig& config);

}  // namespace forgelm::formats
