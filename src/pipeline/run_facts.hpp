// From a job, the record of its run and its files to what evidence is made of (forgelm/compliance/run_facts.hpp).
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "forgelm/compliance/run_facts.hpp"
#include "forgelm/config/load.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/engine/training.hpp"

namespace forgelm::pipeline {

/// What a run computed on, for its record.
compliance::ComputeFacts compute_facts(const engine::TrainingStart& start, const engine::TrainingOutcome& outcome,
                                       std::uint64_t peak_memory_bytes);
Json to_json(const compliance::ComputeFacts& compute);

/// The files of a job's data sets with their digests, as they are now: for the record, when the data has been read.
Json data_sets_for_record(const config::JobConfig& job);

/// `record`: forgelm_run.json of a run that has trained, or null for a job alone, whose data sets
/// are then found and hashed here; one that cannot be found is recorded as such. RunError(io) when a file cannot be
/// read.
compliance::RunFacts facts_of(const config::LoadedJob& loaded, const Json& record);

/// The files of a staged model under the paths at which they will be, with digests: from its model_integrity.json where
/// there is one, so that large weights are hashed once.
std::vector<compliance::FileFacts> facts_of_model(const std::filesystem::path& staged,
                                                  const std::filesystem::path& model_place,
                                                  const std::filesystem::path& run_folder);

}  // namespace forgelm::pipeline
