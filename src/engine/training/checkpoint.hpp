// What a checkpoint of training holds, on top of the folder that formats/checkpoint_folder.hpp keeps whole:
//   adapter_model.safetensors, adapter_config.json   or   model.safetensors (float32), config.json
//   optimizer.safetensors   Optimizer::state()
//   trainer_state.json      TrainerState
// A Hugging Face Trainer's folder is recognised by its trainer_state.json; its pickles are never opened.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/optimizers/optimizer.hpp"
#include "engine/training/trained_model.hpp"
#include "engine/training/trainer_state.hpp"

namespace forgelm::engine {

/// Writes RUN/checkpoint-<state.step>; `before_commit` runs when everything but COMMITTED is on disk. Gives its path.
std::filesystem::path write_checkpoint(const std::filesystem::path& run_folder, TrainedModel& trained,
                                       Optimizer& optimizer, const TrainerState& state,
                                       const std::function<void()>& before_commit);

/// Removes what `save_total_limit` does not keep: of the checkpoints up to state.step all but the newest and the best,
/// and those of later steps, which a run left that went on from an earlier one.
void remove_old_checkpoints(const std::filesystem::path& run_folder, const TrainerState& state,
                            std::int64_t save_total_limit);

/// A folder to go on from.
struct ResumePoint {
  std::filesystem::path folder;
  /// Of a Hugging Face Trainer's folder nothing; then `global_step` is all that is known.
  std::optional<TrainerState> state;
  std::int64_t global_step = 0;
};

/// ConfigError when the folder is neither a committed checkpoint of ours with all digests right (they are not compared
/// when `is_checked`), nor a Hugging Face Trainer's.
ResumePoint read_resume_point(const std::filesystem::path& folder, bool is_checked);

/// The moments. ConfigError that names what is missing.
void load_optimizer(Optimizer& optimizer, const std::filesystem::path& folder, at::Device device);

/// Reads the trained weights of a checkpoint of this run back. RunError(data) when its files are damaged.
void load_best_weights(TrainedModel& trained, const std::filesystem::path& run_folder, std::int64_t step);

}  // namespace forgelm::engine
