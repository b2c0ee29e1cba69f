// The reference's genesis manifest, LOG.manifest.json: pins the first line of a log and its run.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "forgelm/core/result.hpp"

namespace forgelm::compliance {

struct GenesisManifest {
  std::string first_entry_sha256;
  std::string run_id;
};

std::filesystem::path genesis_manifest_path(const std::filesystem::path& log_path);

/// Reads the text of a manifest; the Failure says what it lacks.
Result<GenesisManifest> parse_genesis_manifest(std::string_view text);

/// The manifest of a log, nothing when there is none; a Failure when there is one that cannot be read or used.
Result<std::optional<GenesisManifest>> read_genesis_manifest(const std::filesystem::path& log_path);

/// Replaces the manifest, durably.
void write_genesis_manifest(const std::filesystem::path& log_path, const GenesisManifest& manifest);

}  // namespace forgelm::compliance
