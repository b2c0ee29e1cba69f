// Reverting: a model that a gate has refused goes, with everything of its run that holds its weights.
#pragma once

#include <filesystem>
#include <string>

#include "forgelm/core/audit_sink.hpp"
#include "forgelm/eval/gate.hpp"

namespace forgelm::pipeline {

struct RevertOutcome {
  bool is_reverted = false;
  std::filesystem::path left;  ///< the first thing that could not be removed
  std::string why;             ///< and why
};

/// Records model.reverted, then removes `staged` and the checkpoints in `run_folder`, packed and half-written ones
/// among them; when that fails, records model.revert_failed. Records of the run and what earlier runs left stay. A
/// deletion that fails is an outcome; RunError when the log cannot be written, and then nothing was removed.
RevertOutcome revert(const std::filesystem::path& run_folder, const std::filesystem::path& staged,
                     const eval::GateResult& refusal, AuditSink& audit);

}  // namespace forgelm::pipeline
