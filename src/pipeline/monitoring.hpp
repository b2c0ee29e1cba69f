// `monitoring` at the end of a run: is the evaluation worse than its baseline, and where the metrics go.
#pragma once

#include <filesystem>

#include "forgelm/config/job.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/pipeline/run.hpp"

namespace forgelm::pipeline {

/// What became of it, for the record; null when the job has no monitoring. Never throws. `record`: with its metrics.
Json monitor(const config::JobConfig& job, const Json& record, RunState state,
             const std::filesystem::path& run_folder) noexcept;

}  // namespace forgelm::pipeline
