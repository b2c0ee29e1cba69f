// Technical documentation after Annex IV of Regulation (EU) 2024/1689: made from a job and a run, and verified.
// The file holds the reference's layout, so that its verifier accepts it, and under `annex_iv` the nine points in the
// Regulation's own order, each with a status. `manifest_hash` is the reference's: SHA-256 over the canonical text of
// everything else. It is unkeyed: it finds damage and careless edits, not a forger who stamps anew.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/core/exit_code.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::compliance {

/// SHA-256, hex, of the document without metadata.manifest_hash and metadata.manifest_signature: keys sorted, no
/// blanks, ASCII, non-finite numbers as texts.
std::string annex_iv_hash(const Json& document);

struct AnnexIvResult {
  bool is_valid = false;
  std::string reason;
  std::vector<std::string> missing_fields;  ///< of the reference's layout
  std::string hash_actual, hash_expected;   ///< empty: the file has none
  Json points;                              ///< our nine points with their status; null: the file has none
  std::vector<std::string> missing_points;  ///< "2(f)"
  /// ok; integrity_failure for a hash that differs; config_error for what is missing.
  ExitCode exit_code() const;
};

/// Looks at a document that was parsed.
AnnexIvResult verify_annex_iv(const Json& document);

/// Reads and verifies. ConfigError when there is no such file, or it is no JSON in UTF-8; RunError(io) when it cannot
/// be read.
AnnexIvResult verify_annex_iv_file(const std::filesystem::path& path);

/// A finding of a pipeline's verification. What it means for the exit code is told by its kind, never by its words.
struct PipelineViolation {
  enum class Kind {
    integrity,   ///< was compared and does not fit: 6
    io,          ///< could not be read: 2
    input,       ///< is not there, or no manifest: 1
    unverified,  ///< was reached, and nothing attests to it: 1
  };
  Kind kind = Kind::integrity;
  std::string text;
};

struct PipelineReport {
  std::vector<PipelineViolation> violations;
  Json facts;  ///< the reference's members behind `violations`
  std::string hash_state = "absent";
  std::size_t num_verified = 0;
  /// What could not be checked, and is no violation (DECISIONS: a missing secret).
  std::vector<std::string> notes;
  ExitCode exit_code() const;
};

/// Verifies FOLDER/compliance/pipeline_manifest.json, the evidence of its stages and, where the secret
/// (FORGELM_AUDIT_SECRET) is at hand, its agreement with FOLDER/audit_log.jsonl.
PipelineReport verify_pipeline(const std::filesystem::path& folder, const std::optional<std::string>& secret);

}  // namespace forgelm::compliance
