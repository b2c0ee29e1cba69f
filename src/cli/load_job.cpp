#include "load_job.hpp"

#include "option_value.hpp"

#include "forgelm/core/suggest.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/pipeline/datasets.hpp"

namespace forgelm::cli {

config::LoadedJob load_checked_job(const std::string& file, Output& output) {
  config::LoadedJob loaded = config::load_job(file);
  if (!loaded.ok()) throw ConfigError(loaded.diagnostics);
  output.report(loaded.diagnostics);
  return loaded;
}

config::JobConfig stage_of(const config::LoadedJob& loaded, const Arguments& arguments) {
  std::vector<config::StageJob> stages = config::stage_jobs(loaded);
  const auto name = arguments.maybe_text("stage");
  if (!name) return pipeline::resolve_data(stages.front().job).job;
  std::vector<std::string> names;
  for (config::StageJob& stage : stages) {
    if (stage.name == *name) return pipeline::resolve_data(stage.job).job;
    if (!stage.name.empty()) names.push_back(stage.name);
  }
  const std::string_view command = arguments.command().name;
  if (names.empty()) throw UsageError(command, cat("there is no stage ", quote(*name), ": the job has no pipeline"));
  throw UsageError(command, cat("there is no stage ", quote(*name), "; the job has ", join(names, ", ")),
                   did_you_mean(*name, names));
}

}  // namespace forgelm::cli
