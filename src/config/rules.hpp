// Rules across fields, as rows: an id, the paths concerned, when the rule is broken, what to say.
// They run on every stage of a pipeline as the job that it will be, and once on a plain job.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/config/load.hpp"

namespace forgelm::config {

/// A job under check: its values, and what of it the file wrote.
struct JobView {
  const LoadedJob& loaded;
  const StageJob& stage;
  const JobConfig& job;

  std::string real_path(std::string_view path) const { return stage.path_of(loaded, path); }
  bool given(std::string_view path) const { return loaded.is_given(real_path(path)); }
};

struct Rule {
  std::string_view id;
  Severity severity;
  std::vector<std::string_view> paths;  ///< the first one given by the file is where the problem is shown
  /// Nothing when the rule holds; otherwise what is wrong.
  std::function<std::string(const JobView&)> problem;
  std::string_view hint;
};

std::span<const Rule> rules();

/// Keys that do nothing while a condition does not hold: "training.dpo_beta" without a DPO trainer.
struct Dependence {
  std::string_view paths;  ///< a path, or a prefix that ends in '*'
  std::function<bool(const JobView&)> is_active;
  std::string_view condition;  ///< "training.trainer_type is dpo"
};

std::span<const Dependence> dependences();

/// Checks all rules and dependences on one job; problems go to `out`, none twice.
void check_rules(const StageJob& stage, LoadedJob& out);

/// Applies what the reference changes by itself (deprecated flags, implied switches).
void normalise(JobConfig& job, const std::function<bool(std::string_view path)>& given);

/// What is wrong with training.final_model_dir, or "". Looks at symbolic links below output_dir.
std::string final_model_dir_problem(const JobConfig& job);

}  // namespace forgelm::config
