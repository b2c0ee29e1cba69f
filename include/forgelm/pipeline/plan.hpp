// The plan of a job: what a run would do, in steps, rows, tokens and learning rates, and what it would trip over.
// Made in milliseconds without a model, a network or a tensor library.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/config/load.hpp"
#include "forgelm/core/diagnostic.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::pipeline {

struct LearningRatePoint {
  std::int64_t step = 0;  ///< from 0
  double learning_rate = 0;
};

/// One stage of a pipeline, or the whole of a plain job. Numbers that depend on rows are absent when the rows are not
/// known (a data set on the Hub, Parquet).
struct StagePlan {
  std::string name;  ///< empty for a plain job
  std::string model, trainer, method, precision_of_weights, data_source;
  std::int64_t effective_batch_size = 0;  ///< rows per optimizer step on one device
  std::optional<std::int64_t> num_train_rows, num_eval_rows;
  std::optional<std::int64_t> num_steps_per_epoch, num_steps, num_warmup_steps, num_evaluations, num_checkpoints;
  std::optional<double> num_tokens_per_epoch;  ///< always an estimate: four bytes a token
  bool rows_are_estimated = false;
  std::vector<LearningRatePoint> learning_rates;
  Json learning;  ///< how rows become what is learnt: the keys of the job that decide it, by name
  Json settings;  ///< of the training: every key that decides it or what it leaves, by path
  Json record;    ///< what the job says for the compliance record, cost and monitoring, by path
  std::vector<std::string> gates;
  std::string report_to;  ///< where metrics go: "tensorboard", "none"
  std::string final_model;
};

enum class PlanMode {
  dry_run,  ///< what a run would trip over is a warning
  strict,   ///< ... is an error
  run,      ///< ... is an error; absent capabilities that only add evidence or notices stay warnings
};

struct Plan {
  std::vector<StagePlan> stages;
  std::vector<Diagnostic> findings;
};

/// Plans a job that loaded without errors. Looks at files and environment variables that the job names.
Plan make_plan(const config::LoadedJob& loaded, PlanMode mode);

Json to_json(const StagePlan& stage);
std::string describe(const StagePlan& stage);

}  // namespace forgelm::pipeline
