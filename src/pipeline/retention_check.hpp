// retention.enforce before a run: what is kept for too long is told, or is in the way of the run.
#pragma once

#include <optional>
#include <string>

#include "forgelm/config/job.hpp"

namespace forgelm::pipeline {

/// Looks at training.output_dir as it is; with warn_on_excess and block_on_excess one line on stderr holds all that is
/// past its horizon, as JSON. Gives why the run may not begin, when it may not (block_on_excess).
std::optional<std::string> check_retention(const config::JobConfig& job);

}  // namespace forgelm::pipeline
