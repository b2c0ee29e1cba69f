// TrainerState: all that a training run knows of itself besides weights and the optimizer's moments, as it is, as JSON
// and back. Invariant: a run that goes on from it takes the same steps as one that was never stopped; nothing that
// influences a step lives elsewhere.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/core/json.hpp"
#include "forgelm/data/batches.hpp"

namespace forgelm::engine {

/// What decides the bits of a result besides job and data.
struct RunConditions {
  std::string precision;  ///< "float32", "bfloat16"
  bool recomputes_blocks = false;
  std::string device;          ///< "cpu", "NVIDIA H200"
  std::string cpu_capability;  ///< "AVX512"
  std::string libtorch_version;
  int num_threads = 0;
};

struct EvaluationPoint {
  std::int64_t step = 0;
  double epoch = 0;
  double loss = 0;
};

struct TrainerState {
  std::int64_t step = 0;  ///< done
  std::int64_t num_steps = 0;
  double epoch = 0;
  /// What is due after `step` (evaluation, checkpoint) is done as well; false where a run was interrupted before it.
  bool is_settled = false;
  std::optional<data::DataCursor> cursor;  ///< none: the start
  std::uint64_t num_tokens = 0, num_learnt_tokens = 0;
  double loss_sum = 0;          ///< of the losses of `num_losses` steps
  std::int64_t num_losses = 0;  ///< fewer than `step` after the checkpoint of another program
  double seconds = 0;
  std::vector<EvaluationPoint> evaluations;  ///< by step; that of step 0 is the baseline
  std::int64_t num_evaluations_without_gain = 0;
  std::optional<std::int64_t> best_step;  ///< of the checkpoint with the lowest evaluation loss
  std::int64_t batch_size = 0;            ///< examples that go through the model together; less after OOM
  RunConditions conditions;
  std::int64_t seed = 0;
  std::string run_id;
  Json made_with;

  /// The loss of the evaluation at `at_step`; nothing when there was none.
  std::optional<double> evaluation_at(std::int64_t at_step) const;
};

Json to_json(const TrainerState& state);
/// ConfigError that names `path` and what is wrong.
TrainerState trainer_state_from_json(const Json& json, const std::filesystem::path& path);

/// The lowest loss of the evaluations after the baseline; nothing before the first.
std::optional<double> lowest_loss(const TrainerState& state);

}  // namespace forgelm::engine
