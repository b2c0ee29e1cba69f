// What is written about a run: beside the weights of a model that has passed (model card, deployer's instructions,
// manifest and signature), and the run's evidence in O/compliance, which every run writes that has begun to train,
// whatever it came to. In the order of the audit log; whoever adds a piece of evidence adds a line to it.
#pragma once

#include <filesystem>
#include <optional>

#include "forgelm/config/load.hpp"
#include "forgelm/core/audit_sink.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/signature.hpp"
#include "forgelm/pipeline/run.hpp"
#include "run_folder.hpp"

namespace forgelm::pipeline {

/// A run, and the model that there is of it.
struct RunEvidence {
  const config::LoadedJob& loaded;
  const Json& record;  ///< forgelm_run.json as it stands
  RunState state;      ///< what the run comes to
  const RunFolder& folder;
  std::filesystem::path model;        ///< where the model lies now; empty: there is none
  std::filesystem::path model_place;  ///< where it will lie: what evidence names
  AuditSink& audit;
};

/// The key that signs a job's model: `path`, else compliance.model_key, else none. ConfigError when it cannot be used.
std::optional<PrivateKey> signing_key(const config::JobConfig& job, const std::optional<std::filesystem::path>& path);

/// Card and instructions, then the manifest over all files of the model and, with a key, the signature over both.
/// RunError when a piece cannot be written; the model then stays where it is.
void attest_model(const RunEvidence& run, bool is_adapter, const PrivateKey* key);

/// O/compliance. The bundle of an earlier run that was set aside goes with it. A bundle that cannot be written is on
/// the record, and warned of; RunError when the audit log cannot be written.
void write_compliance(const RunEvidence& run);

}  // namespace forgelm::pipeline
