// Which capabilities a job asks for: those of every run, those that a value implies, and those of every key that the
// file sets away from its default.
#include <algorithm>

#include "forgelm/config/schema.hpp"
#include "forgelm/core/text.hpp"
#include "preflight.hpp"

namespace forgelm::pipeline {
namespace {

using config::Capability;

/// A value that needs a capability of its own, whether or not the file writes it.
struct ValueRow {
  std::string_view path;
  std::string_view value;  ///< as text; booleans as "true"
  Capability capability;
};
constexpr ValueRow kValues[] = {
    {"training.trainer_type", "dpo", Capability::preference_training},
    {"training.trainer_type", "simpo", Capability::preference_training},
    {"training.trainer_type", "orpo", Capability::preference_training},
    {"training.trainer_type", "kto", Capability::preference_training},
    {"training.trainer_type", "grpo", Capability::grpo},
    {"training.trainer_type", "ppo", Capability::ppo},
    {"training.trainer_type", "reward", Capability::reward_training},
    {"training.trainer_type", "cpt", Capability::continued_pretraining},
    {"training.packing", "true", Capability::packing},
    {"lora.method", "dora", Capability::dora},
    {"lora.method", "pissa", Capability::pissa},
    {"model.load_in_4bit", "true", Capability::quantization},
    {"model.load_in_8bit", "true", Capability::eight_bit_base},
    {"training.precision", "float16", Capability::half_precision},
    {"evaluation.auto_revert", "true", Capability::loss_gate},
    {"training.report_to", "wandb", Capability::experiment_tracking},
    {"training.report_to", "mlflow", Capability::experiment_tracking},
};

/// Sections whose mere presence asks for something.
struct SectionRow {
  std::string_view path;
  Capability capability;
};
constexpr SectionRow kSections[] = {
    {"pipeline", Capability::pipelines},
    {"registry", Capability::registry},
    {"compliance", Capability::compliance_record},
    {"risk_assessment", Capability::compliance_record},
};

void ask(std::vector<Requirement>& out, Capability capability, std::string path) {
  auto found =
      std::find_if(out.begin(), out.end(), [&](const Requirement& other) { return other.capability == capability; });
  if (found == out.end()) found = out.insert(out.end(), {capability, {}});
  if (std::find(found->paths.begin(), found->paths.end(), path) == found->paths.end())
    found->paths.push_back(std::move(path));
}

std::string as_text(const Json& value) { return value.kind() == Json::Kind::text ? value.text() : dump(value); }

bool has_no_effect(const config::LoadedJob& loaded, const std::string& path) {
  return std::any_of(loaded.diagnostics.begin(), loaded.diagnostics.end(), [&](const Diagnostic& diagnostic) {
    return diagnostic.code == "no_effect" && diagnostic.path == path;
  });
}

}  // namespace

std::vector<Requirement> requirements(const config::LoadedJob& loaded, const config::StageJob& stage) {
  std::vector<Requirement> out;
  ask(out, Capability::training, "training");
  ask(out, Capability::data_reading, "data");
  for (const auto& row : kValues)
    if (as_text(config::value_at(stage.job, row.path)) == row.value) ask(out, row.capability, std::string(row.path));
  for (const auto& row : kSections)
    if (loaded.is_given(row.path)) ask(out, row.capability, std::string(row.path));
  for (const auto& placed : config::all_fields()) {
    const std::string path = stage.path_of(loaded, placed.path);
    if (placed.field->section != nullptr || !loaded.is_given(path) || has_no_effect(loaded, path)) continue;
    // What kValues knows is asked for by its values only: `load_in_4bit: false` asks for nothing.
    if (std::any_of(std::begin(kValues), std::end(kValues),
                    [&](const ValueRow& row) { return row.path == placed.path; }))
      continue;
    if (config::value_at(stage.job, placed.path) != placed.field->default_value)
      ask(out, placed.field->capability, placed.path);
  }
  return out;
}

void check_capabilities(const Preflight& preflight) {
  for (const auto& requirement : requirements(preflight.loaded, preflight.stage)) {
    const auto& capability = config::info(requirement.capability);
    if (capability.is_available) continue;
    const bool stops = capability.effect == config::Effect::weights || capability.effect == config::Effect::verdict;
    Preflight as = preflight;
    if (preflight.mode == PlanMode::run && !stops) as.mode = PlanMode::dry_run;
    as.add("absent_capability", requirement.paths.front(),
           cat("this build has no ", capability.what, "; asked for by ", join(requirement.paths, ", ")),
           stops ? "a run of this job would stop here" : "a run of this job would go on without it");
  }
}

}  // namespace forgelm::pipeline
