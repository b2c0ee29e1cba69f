// Loading a job file: read, bound to JobConfig, normalised and checked, with all problems at once.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/config/job.hpp"
#include "forgelm/core/diagnostic.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::config {

/// A job with what the file said and where. When `diagnostics` holds an error, `job` is not to be used.
struct LoadedJob {
  JobConfig job;
  std::string file;
  std::string sha256;                       ///< lower-case hex digest of the file's bytes
  std::vector<std::string> lines;           ///< the file's text, for carets
  std::map<std::string, SourceSpot> given;  ///< every path the file wrote -> the place of its value
  std::set<int> secret_lines;               ///< lines that hold a secret's value
  std::vector<Diagnostic> diagnostics;      ///< in file order; at most about a hundred errors and as many warnings
  std::size_t num_unlisted = 0;             ///< problems beyond those; the last diagnostic tells of them

  bool is_given(std::string_view path) const { return given.count(std::string(path)) != 0; }
  bool ok() const { return !has_errors(diagnostics); }
};

/// Reads a job from text. Never throws on bad input. `file_name` is for messages; paths in the job that rules look at
/// (symbolic links below `training.output_dir`) are taken relative to the working directory, as in the reference.
LoadedJob read_job(std::string_view text, const std::string& file_name);

/// Reads a job file. ConfigError when it cannot be read.
LoadedJob load_job(const std::string& path);

/// A stage of a pipeline as a job of its own: the root with the stage's sections in place.
struct StageJob {
  std::string name;
  JobConfig job;
  std::string prefix;  ///< "pipeline.stages[2]."
  /// Where a root path is written for this stage: the stage's own section, or the root's.
  std::string path_of(const LoadedJob& loaded, std::string_view path) const;
};

/// The stages in order; for a job without a pipeline one nameless stage, the job itself.
std::vector<StageJob> stage_jobs(const LoadedJob& loaded);

/// The value at a path of the root's sections ("training.eval_steps"), null when a section on the way is absent.
Json value_at(const JobConfig& job, std::string_view path);

/// `training.output_dir` joined with `training.final_model_dir`.
std::string final_model_path(const JobConfig& job);

/// Sets `model.offline` in the job and in every stage that has a model of its own.
void force_offline(LoadedJob& loaded);

/// The resolved configuration as the reference dumps it: canonical names, all defaults, secrets as "***REDACTED***".
/// forgelm's own keys appear only where the file wrote them.
Json dump(const LoadedJob& loaded);

/// "sha256:..." of the dump's text, equal to the reference's `config_hash` (for pipelines: of the file's bytes).
std::string config_hash(const LoadedJob& loaded);

/// A line of the file (from 1) as it may be shown: values under a key that is or sounds like a secret are blanked. ""
/// when there is no such line.
std::string shown_line(const LoadedJob& job, int line);

}  // namespace forgelm::config
