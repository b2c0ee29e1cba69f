// Erasure (GDPR, Art. 17) and access (Art. 15): rows out of corpora with every copy that forgelm made of them, what a
// run wrote by the run's id, and where a person's identifier stands. Events and results are the reference's, key for
// key, with ours behind them. Invariants: the request is on record before anything is done, and its end after; no
// identifier of a person is ever recorded, only its salted hash; caches go before the rows that they were made from, so
// that a kill in between leaves an erasure that can be done again.
// What it does not do: unlearn. Weights that were trained on a row stay; the runs are named.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/compliance/identifier_hash.hpp"
#include "forgelm/compliance/identifier_search.hpp"
#include "forgelm/core/audit_sink.hpp"
#include "forgelm/core/choices.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/data/token_cache.hpp"
#include "forgelm/pipeline/run.hpp"
#include "forgelm/text/tokenizer.hpp"

namespace forgelm::pipeline {

FORGELM_CHOICES(RowMatches, one, all)
FORGELM_CHOICES(RunKind, staging, artefacts)

/// Opens the audit log in a folder, for a run or (empty) for a work of its own.
using OpenAudit =
    std::function<std::unique_ptr<AuditSink>(const std::filesystem::path& folder, const std::string& run)>;
/// The file-backed one.
std::unique_ptr<AuditSink> open_erasure_audit(const std::filesystem::path& folder, const std::string& run);

struct RowErasure {
  std::string row_id;
  std::filesystem::path corpus;
  RowMatches row_matches = RowMatches::one;
  std::filesystem::path output_dir;    ///< audit log, salt, runs; where copies are looked for
  std::filesystem::path cache_folder;  ///< of token caches
  std::string justification;           ///< empty: none was given
  bool is_dry_run = false;
  std::vector<std::string> webhook_targets;  ///< receivers that may hold a copy, without their secrets
  /// Given: caches made with it are decoded, and go too when they hold the identifier, whatever they were made from.
  std::shared_ptr<const text::Tokenizer> tokenizer;
  OpenAudit open_audit = open_erasure_audit;
};

/// The reference's document of `purge --row-id` without "success". ConfigError when no row, or several for RowMatches::
/// one, have the id, or the corpus is not to be touched (an audit log); RunError when something could not be done. Both
/// are on record then.
Json erase_row(const RowErasure& request);

struct RunErasure {
  std::string run_id;
  RunKind kind = RunKind::artefacts;
  std::filesystem::path output_dir;
  std::filesystem::path cache_folder;
  std::string justification;
  bool is_dry_run = false;
  OpenAudit open_audit = open_erasure_audit;
};

/// What a run wrote, in the order in which it goes; the run's record last, so that an erasure that was killed finds the
/// rest. Never an audit log, never the final model. ConfigError for an id that is none, and when the run's folder is in
/// use or the run went on as another one.
std::vector<std::filesystem::path> paths_of_run(const std::filesystem::path& output_dir, const std::string& run_id,
                                                RunKind kind);

/// The reference's document of `purge --run-id` without "success". Errors as erase_row().
Json erase_run(const RunErasure& request);

struct AccessRequest {
  std::string query;
  compliance::IdentifierType type = compliance::IdentifierType::literal;
  std::optional<compliance::SaltSource> salt_source;  ///< given: the query's salted hash is looked for instead
  std::vector<std::filesystem::path> files;
  std::filesystem::path output_dir;  ///< where the salt is
  std::filesystem::path audit_dir;
  bool has_excerpts = true;
  OpenAudit open_audit = open_erasure_audit;
};

/// The reference's document of `reverse-pii` without "success". The query is recorded as a salted hash, whether or not
/// something is found. RunError when a file cannot be read to its end or the request cannot be recorded.
Json answer_access_request(const AccessRequest& request);

/// Runs whose record below `folder` says that they were trained on the file, by its path or its content.
std::vector<std::string> runs_that_used(const std::filesystem::path& folder, const std::filesystem::path& file,
                                        const std::string& sha256);

/// Token caches made with `tokenizer` in whose decoded texts `text` stands. Damaged ones, and those of other
/// tokenizers, are not among them.
std::vector<data::TokenCacheEntry> caches_that_hold(const std::filesystem::path& cache_folder,
                                                    const text::Tokenizer& tokenizer, const std::string& text);

/// Files below `folder` that hold the text, as it is or as JSON writes it. Weights are not looked into. Nothing for
/// texts of less than four bytes, which any file may hold.
std::vector<std::filesystem::path> files_that_hold(const std::filesystem::path& folder, const std::string& text);

}  // namespace forgelm::pipeline
