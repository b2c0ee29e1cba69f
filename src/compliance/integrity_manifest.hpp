// The text of model_integrity.json, both ways; touches no files, so that it can be fuzzed. Keys and order are the
// reference's: verified_at, model_path, artifacts [{file, sha256, size_bytes}], skipped_symlinks, exported_artifacts;
// ours follow: link_targets {name: text of the link}, manifest_hash, the digest of the document without that key
// (json.dumps(sort_keys=True, separators=(",", ":"))), so that damage to any of it shows. The trap: neither digest nor
// hash is keyed; whoever writes the directory can write them anew. A signature is what stops that.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/hash.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/result.hpp"

namespace forgelm::compliance {

inline constexpr std::size_t kMaxManifestBytes = std::size_t{64} << 20;
inline constexpr JsonLimits kManifestLimits = {.max_bytes = kMaxManifestBytes, .max_depth = 16};

struct RecordedFile {
  std::string name;
  std::string sha256;  ///< as it stands there, not necessarily a digest; empty when the entry has none
};

struct IntegrityManifest {
  std::vector<RecordedFile> artifacts;       ///< at least one; plain relative paths, each once
  std::vector<RecordedFile> exported;        ///< file names without a directory, the last entry of each
  std::map<std::string, std::string> links;  ///< skipped links: name and target, empty when none is recorded
  bool is_undamaged = true;                  ///< false when manifest_hash is not the document's
};

/// The failure names what is wrong with a document that nothing can be compared with.
Result<IntegrityManifest> read_integrity_manifest(const Json& document);

struct ManifestFile {
  std::string name;
  FileDigest digest;
};

/// The text to write. `files` and `links` (name and target) in the order in which they are to stand.
std::string compose_integrity_manifest(std::string_view verified_at, std::string_view model_path,
                                       const std::vector<ManifestFile>& files,
                                       const std::vector<std::pair<std::string, std::string>>& links);

}  // namespace forgelm::compliance
