// The compliance bundle of a job outside a run: `forgelm --config JOB --compliance-export DIR`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "forgelm/config/load.hpp"

namespace forgelm::pipeline {

struct ExportedBundle {
  std::vector<std::string> files;  ///< names, sorted
  std::string run_id;              ///< of the run that it tells of; empty: of the job alone
};

/// Writes the bundle at `folder`, made with its parents when missing. When training.output_dir holds the record of a
/// run of this very configuration that has ended, the bundle tells of that run; otherwise of the job alone. Reads no
/// model; the files of the data sets are hashed where they can be found. ConfigError, RunError(io, out_of_disk).
ExportedBundle export_bundle(const config::LoadedJob& loaded, const std::filesystem::path& folder);

}  // namespace forgelm::pipeline
