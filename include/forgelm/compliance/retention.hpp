// Retention: which files of a run's folder are older than the job's `retention` section allows. Nothing is removed
// here; `forgelm purge` does that, when it is told to. Ages come from the audit log, which cannot be made younger by
// copying a folder: the first event of the run that made the artefact, else the first event of the log, else the time
// of the file's last change (age_source says which).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/compliance/law.hpp"
#include "forgelm/config/sections/compliance.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::compliance {

/// A file or folder past its horizon; the members are the reference's.
struct RetentionExcess {
  std::string artefact_kind;  ///< "audit_log", "staging_dir[fg-...]", ...
  std::string path;
  double age_days = 0;  ///< to one digit
  std::int64_t horizon_days = 0;
  std::string age_source;  ///< "audit" or "mtime"
};
Json to_json(const RetentionExcess& excess);

/// What in `output_dir` is past its horizon; a horizon of 0 is none. RunError(io) when the folder cannot be read.
std::vector<RetentionExcess> retention_excesses(const config::RetentionSection& retention,
                                                const std::filesystem::path& output_dir);

/// "retention.excess {...}": one line of JSON that names them all, for logs.
std::string excess_line(const std::vector<RetentionExcess>& excesses, config::RetentionEnforce enforce);

/// How long the law wants something kept, in days.
struct LegalMinimum {
  std::string_view artefact_kind;  ///< "audit_log", "compliance_bundle"
  std::int64_t days;
  const LawEntry& law;
  std::string_view who;           ///< whom it binds
  std::string_view applies_from;  ///< ISO date
};
std::span<const LegalMinimum> legal_minimums();

/// A sentence for every horizon that is shorter than the law wants; of the bundle only for a job that says it makes a
/// high-risk system, of the log always.
std::vector<std::string> horizons_below_law(const config::RetentionSection& retention, bool is_high_risk);

}  // namespace forgelm::compliance
