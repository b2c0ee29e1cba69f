#include "forgelm/config/load.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "bind.hpp"
#include "forgelm/config/schema.hpp"
#include "forgelm/config/yaml.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "rules.hpp"

namespace forgelm::config {
namespace {

constexpr std::string_view kStageSections[] = {"model", "lora", "training", "data", "evaluation"};

void report(LoadedJob& out, std::string code, const std::string& path, const std::string& message, std::string hint) {
  add_diagnostic(out, {Severity::error, std::move(code), path, out.given.at(path), message, "", std::move(hint)});
}

void check_pipeline(LoadedJob& out) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < out.job.pipeline->stages.size(); ++i) {
    const auto& stage = out.job.pipeline->stages[i];
    const std::string prefix = cat("pipeline.stages[", i, "]");
    if (!out.is_given(prefix + ".name")) continue;
    if (!names.insert(stage.name).second)
      report(out, "pipeline.stage_names", prefix + ".name", cat("two stages are called ", quote(stage.name)),
             "every stage needs a name of its own");
    if (stage.training && !out.is_given(prefix + ".training.trainer_type"))
      report(out, "pipeline.trainer_type", prefix + ".training", "a stage's training section must set trainer_type",
             "name it even when it is sft");
  }
}

/// Visits the stages before normalisation, as rules judge what was written. One at a time: a file can hold many more
/// stages than there is memory for whole jobs.
void for_each_stage(const LoadedJob& loaded, const std::function<void(StageJob)>& visit) {
  if (!loaded.job.pipeline) return visit({"", loaded.job, ""});
  JobConfig root = loaded.job;
  root.pipeline.reset();
  for (std::size_t i = 0; i < loaded.job.pipeline->stages.size(); ++i) {
    const StageSection& stage = loaded.job.pipeline->stages[i];
    StageJob merged{stage.name, root, cat("pipeline.stages[", i, "].")};
    if (stage.model) merged.job.model = *stage.model;
    if (stage.lora) merged.job.lora = *stage.lora;
    if (stage.training) merged.job.training = *stage.training;
    if (stage.data) merged.job.data = *stage.data;
    if (stage.evaluation) merged.job.evaluation = stage.evaluation;
    visit(std::move(merged));
  }
}

void normalise_stage_sections(JobConfig& job) {
  for (auto& stage : job.pipeline->stages) {
    JobConfig scratch;
    if (stage.lora) scratch.lora = *stage.lora;
    if (stage.training) scratch.training = *stage.training;
    scratch.evaluation = stage.evaluation;
    normalise(scratch, [](std::string_view) { return false; });
    if (stage.lora) stage.lora = scratch.lora;
    if (stage.training) stage.training = scratch.training;
    stage.evaluation = scratch.evaluation;
  }
}

}  // namespace

std::string StageJob::path_of(const LoadedJob& loaded, std::string_view path) const {
  const std::string_view section = path.substr(0, path.find('.'));
  const bool replaceable =
      std::find(std::begin(kStageSections), std::end(kStageSections), section) != std::end(kStageSections);
  const bool replaced = !prefix.empty() && replaceable && loaded.is_given(cat(prefix, section));
  return replaced ? cat(prefix, path) : std::string(path);
}

std::string final_model_path(const JobConfig& job) {
  const std::string& folder = job.training.output_dir;
  return cat(folder, folder.empty() || folder.back() == '/' ? "" : "/", job.training.final_model_dir);
}

void force_offline(LoadedJob& loaded) {
  loaded.job.model.offline = true;
  if (!loaded.job.pipeline) return;
  for (auto& stage : loaded.job.pipeline->stages)
    if (stage.model) stage.model->offline = true;
}

std::vector<StageJob> stage_jobs(const LoadedJob& loaded) {
  std::vector<StageJob> stages;
  for_each_stage(loaded, [&](StageJob stage) {
    normalise(stage.job, [&](std::string_view path) { return loaded.is_given(stage.path_of(loaded, path)); });
    stages.push_back(std::move(stage));
  });
  return stages;
}

LoadedJob read_job(std::string_view text, const std::string& file_name) {
  LoadedJob out;
  out.file = file_name;
  out.sha256 = sha256_hex(text);
  YamlDocument document = read_yaml(text, file_name);
  out.lines = std::move(document.lines);
  out.diagnostics = std::move(document.diagnostics);
  for (auto& diagnostic : out.diagnostics) hide_secret_values(diagnostic, out);
  if (has_errors(out.diagnostics)) return out;
  bind(document.root, out);
  if (document.root.kind == Node::Kind::mapping) {
    check_rules({"", out.job, ""}, out);
    if (out.job.pipeline) {
      check_pipeline(out);
      for_each_stage(out, [&](const StageJob& stage) { check_rules(stage, out); });
    }
  }
  normalise(out.job, [&](std::string_view path) { return out.is_given(path); });
  if (out.job.pipeline) normalise_stage_sections(out.job);
  sort_by_place(out.diagnostics);
  if (out.num_unlisted > 0)
    out.diagnostics.push_back({Severity::warning,
                               "more_problems",
                               "",
                               {file_name, 0, 0, 1},
                               cat(out.num_unlisted, " further problems are not listed"),
                               "",
                               "mend the ones above and check again"});
  return out;
}

LoadedJob load_job(const std::string& path) {
  std::string bytes;
  try {
    // One byte beyond the reader's limit, so that it is the reader who refuses a larger file.
    bytes = read_file(path, YamlLimits{}.max_bytes + 1);
  } catch (const RunError& error) {
    // "cannot read PATH: why" already says most of it.
    std::string_view why = error.what();
    const std::string said = cat("cannot read ", path, ": ");
    if (why.starts_with(said)) why.remove_prefix(said.size());
    throw ConfigError(cat("the job file ", quote(path), " cannot be read: ", why),
                      error.hint().empty() ? "check the path; `forgelm config template` writes a job file to start from"
                                           : error.hint());
  }
  return read_job(bytes, path);
}

}  // namespace forgelm::config
