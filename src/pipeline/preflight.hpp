// What a run would trip over, found before it starts.
#pragma once

#include <string>
#include <vector>

#include "forgelm/config/capability.hpp"
#include "forgelm/config/load.hpp"
#include "forgelm/data/glance.hpp"
#include "forgelm/pipeline/plan.hpp"

namespace forgelm::pipeline {

/// A stage under preparation: the job, where its keys are written, and a place for findings.
struct Preflight {
  const config::LoadedJob& loaded;
  const config::StageJob& stage;
  PlanMode mode;
  std::vector<Diagnostic>& findings;

  bool given(std::string_view path) const { return loaded.is_given(stage.path_of(loaded, path)); }
  /// Adds a finding at the place of a key: a warning in a dry run, an error otherwise.
  void add(std::string code, std::string_view path, std::string message, std::string hint = "") const;
};

/// A capability that the job asks for and the keys that ask.
struct Requirement {
  config::Capability capability;
  std::vector<std::string> paths;
};

std::vector<Requirement> requirements(const config::LoadedJob& loaded, const config::StageJob& stage);

void check_capabilities(const Preflight& preflight);
void check_files_and_environment(const Preflight& preflight);
/// The data section with the path of a registered set in place; nothing when there is no such set.
std::optional<config::DataSection> check_registered_data(const Preflight& preflight);
void check_rows(const Preflight& preflight, const data::Glance& primary, const StagePlan& plan);
void check_steps(const Preflight& preflight, const StagePlan& plan);
/// Every stage of a pipeline needs an output folder of its own.
void check_stage_folders(const config::LoadedJob& loaded, const std::vector<config::StageJob>& stages,
                         std::vector<Diagnostic>& findings);

}  // namespace forgelm::pipeline
