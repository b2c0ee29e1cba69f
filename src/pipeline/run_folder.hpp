// The folder of a run: who holds it, and what an earlier run left in it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "forgelm/core/json.hpp"
#include "forgelm/core/lock.hpp"

namespace forgelm::pipeline {

class RunFolder {
 public:
  /// Makes the folder and holds it until the end. ConfigError that names the holder when another run has it.
  explicit RunFolder(std::filesystem::path path);

  const std::filesystem::path& path() const noexcept { return path_; }
  /// What the last run here wrote of itself; null when there is nothing that can be read.
  Json record() const;

  /// Moves checkpoints and records of an earlier run to earlier-<id>: checkpoints first, newest first, the record last,
  /// so that a kill in between leaves a run that can be resumed.
  void set_aside_earlier_run();
  /// Copies the bundle in O/compliance to the earlier run that it is of, where that was set aside: the run under way
  /// may come to nothing, and then the model that is in its place is the earlier one's. RunError when it cannot be
  /// copied.
  void keep_earlier_evidence() const;
  /// Removes what set_aside_earlier_run() moved here, now or in runs before. What no run of ours left stays.
  void remove_earlier_runs();

 private:
  std::filesystem::path path_;
  FileLock lock_;
};

/// The final model takes its place in one step.
class FinalModel {
 public:
  explicit FinalModel(std::filesystem::path path);
  /// Brings back what a killed commit() left. ConfigError when something else than a model stands at the path.
  void check() const;
  /// An empty folder to save into; what an earlier one left is removed.
  std::filesystem::path stage() const;
  /// The staged folder appears; what was there before goes.
  void commit() const;
  /// The staged folder appears at `path` instead, where it waits: beside the final model's place.
  void hold(const std::filesystem::path& path) const;
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_, staging_, replaced_;
};

}  // namespace forgelm::pipeline
