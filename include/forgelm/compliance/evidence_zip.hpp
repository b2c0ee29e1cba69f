// One archive for an auditor: everything that a run's folder holds as evidence, and nothing of the weights or the data.
// Entries: index.json (every other entry with role, size and SHA-256), then the files by path. The same folder gives
// the same bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "forgelm/core/json.hpp"

namespace forgelm::compliance {

struct EvidenceFile {
  std::string path;  ///< in the archive, and below the run's folder
  std::string role;  ///< "compliance", "audit log", "run record", "integrity", "measurements"
  std::string sha256;
  std::uint64_t size_bytes = 0;
};

struct EvidenceArchive {
  std::vector<EvidenceFile> files;
  std::vector<std::string> absent;  ///< what a run leaves and this folder lacks
  std::string sha256;               ///< of the archive
};

/// Packs `run_folder` into `archive`, which appears as a whole; an existing one is replaced. ConfigError when the
/// folder holds no evidence, or the archive would stand inside compliance/; RunError(io, out_of_disk, data) otherwise.
EvidenceArchive pack_evidence(const std::filesystem::path& run_folder, const std::filesystem::path& archive);

}  // namespace forgelm::compliance
