// What is written about a model that has passed its gates, before it takes its place: what lies beside its weights
// (model card, deployer's instructions, manifest and signature), and the run's evidence in O/compliance. One function,
// in the order of the audit log; whoever adds a piece of evidence adds a line to it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/config/load.hpp"
#include "forgelm/core/audit_sink.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/signature.hpp"
#include "forgelm/data/prepare.hpp"
#include "forgelm/engine/training.hpp"
#include "forgelm/eval/gate.hpp"

namespace forgelm::pipeline {

/// A run whose model is staged and has passed.
struct PassedRun {
  const config::LoadedJob& loaded;
  const Json& record;  ///< forgelm_run.json as it stands, metrics and gates in it
  const data::PreparedData& data;
  const engine::TrainingStart& start;
  const engine::TrainingOutcome& outcome;
  const std::vector<eval::GateResult>& gates;
  std::string run_id;
  std::string config_hash;
  std::filesystem::path run_folder;
  std::filesystem::path model;        ///< where the model lies now
  std::filesystem::path model_place;  ///< where it will lie: what evidence names
  bool is_adapter = false;
  double seconds = 0;  ///< of the run so far
  AuditSink& audit;
  const PrivateKey* signing_key = nullptr;  ///< nullptr: the model is not signed
};

/// The key that signs a job's model: `path`, else compliance.model_key, else none. ConfigError when it cannot be used.
std::optional<PrivateKey> signing_key(const config::JobConfig& job, const std::optional<std::filesystem::path>& path);

/// RunError when a piece cannot be written; the model then stays where it is.
void write_evidence(const PassedRun& run);

}  // namespace forgelm::pipeline
