// `lora`: what is trained, all weights or an adapter, and which one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "forgelm/config/fields.hpp"

namespace forgelm::config {

FORGELM_CHOICES(LoraBias, none, all, lora_only)
FORGELM_CHOICES(LoraMethod, lora, dora, pissa, rslora, none)

struct LoraSection {
  std::int64_t r = 8;
  std::int64_t alpha = 16;
  double dropout = 0.1;
  LoraBias bias = LoraBias::none;
  LoraMethod method = LoraMethod::lora;
  bool use_dora = false;
  bool use_rslora = false;
  std::vector<std::string> target_modules = {"q_proj", "v_proj"};
  std::string task_type = "CAUSAL_LM";
  std::int64_t num_layers = -1;
  std::vector<std::string> modules_to_save = {};
  double loraplus_lr_ratio = 1.0;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    constexpr auto training = served_by(Capability::training);
    rows(field<&LoraSection::r>, "Rank of the update matrices.", at_least(1), wizard, training);
    rows(field<&LoraSection::alpha>, "The update is scaled by alpha / r (alpha / sqrt(r) with rslora).", at_least(1),
         wizard, training);
    rows(field<&LoraSection::dropout>, "Dropout on the adapter's input.", at_least(0), at_most(1), finite, training);
    rows(field<&LoraSection::bias>, "Which bias vectors are trained as well.", training);
    rows(field<&LoraSection::method>, "Kind of adapter; `none` trains every weight.", wizard, training);
    rows(field<&LoraSection::use_dora>, "Same as `method: dora`.", deprecated("lora.method: dora"),
         served_by(Capability::dora));
    rows(field<&LoraSection::use_rslora>, "Same as `method: rslora`.", deprecated("lora.method: rslora"), training);
    rows(field<&LoraSection::target_modules>, "Linear layers that get an adapter: a list of names, or a preset.",
         presets("standard attention full all-linear"), wizard, training);
    rows(field<&LoraSection::task_type>, "Recorded in the adapter's configuration file.", training);
    rows(field<&LoraSection::num_layers>, "Adapt only the last so many layers; -1 is all.", at_least(-1), added,
         training);
    rows(field<&LoraSection::modules_to_save>, "Modules trained in full beside the adapter and saved with it.", added,
         training);
    rows(field<&LoraSection::loraplus_lr_ratio>,
         "LoRA+: learning rate of the B matrices as a multiple of that of the A matrices.", above(0), finite, added,
         training);
  }
};

}  // namespace forgelm::config
