// Checkpoint folders: RUN/checkpoint-<step>, whole or not there. COMMITTED, written last, lists every file with its size
// and SHA-256; a folder without it, or whose files differ from it, is no checkpoint. Nothing here knows tensors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/core/json.hpp"

namespace forgelm::formats {

inline constexpr const char* kCommittedFile = "COMMITTED";

/// Fills a folder that appears under its name when it is whole.
class CheckpointWriter {
 public:
  /// Makes a staging folder beside RUN/checkpoint-<step>; leftovers of writers that died are removed.
  CheckpointWriter(const std::filesystem::path& run_folder, std::int64_t step);
  CheckpointWriter(CheckpointWriter&&) noexcept;
  /// Without commit() nothing stays.
  ~CheckpointWriter();

  /// Where the files are put, by whatever means.
  const std::filesystem::path& staging() const noexcept { return staging_; }
  /// Hashes all files, writes COMMITTED with `about` (any JSON object) and makes the folder visible. A checkpoint of the
  /// same step that was there is replaced. Gives its path.
  std::filesystem::path commit(const Json& about);

 private:
  std::filesystem::path final_;
  std::filesystem::path staging_;
};

struct CheckpointInfo {
  std::filesystem::path path;
  std::int64_t step = 0;
  Json about;
};

/// Committed checkpoints of a run, by step, oldest first. Sizes are compared, digests are not.
std::vector<CheckpointInfo> list_checkpoints(const std::filesystem::path& run_folder);

/// Compares every file with its digest. Empty when all is well, else what is wrong, by file.
std::vector<std::string> verify_checkpoint(const std::filesystem::path& checkpoint);

/// The newest checkpoint whose digests are right; older ones are tried when it is damaged, with a warning that names
/// what is. Nothing when there is none.
std::optional<CheckpointInfo> newest_checkpoint(const std::filesystem::path& run_folder);

/// Removes a checkpoint so that a kill leaves it whole or not a checkpoint.
void remove_checkpoint(const std::filesystem::path& checkpoint);

/// Packs a checkpoint to checkpoint-<step>.tar.gz with a .sha256 file beside it, then removes the folder.
std::filesystem::path compress_checkpoint(const std::filesystem::path& checkpoint);

}  // namespace forgelm::formats
