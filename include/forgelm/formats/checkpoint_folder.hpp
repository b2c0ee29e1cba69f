// Checkpoint folders: RUN/checkpoint-<step>, whole or not there. COMMITTED, written last, lists every file with its
// size and SHA-256; a folder without it, or whose files differ from it (one changed, missing or added), is no
// checkpoint. Symbolic links are never followed, and names like checkpoint-007 mean nothing. Nothing here knows
// tensors. The caller holds the lock of the run: one writer at a time; readers need none.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/core/json.hpp"
#include "forgelm/core/result.hpp"

namespace forgelm::formats {

namespace checkpoint {
class Staging;
}

inline constexpr const char* kCommittedFile = "COMMITTED";

/// Fills a folder that appears under its name when it is whole. Failures are RunErrors (io, out_of_disk); after one,
/// the checkpoints that were there are there, and another writer can try again.
class CheckpointWriter {
 public:
  /// Makes a hidden folder beside RUN/checkpoint-<step>; leftovers of writers that died are removed.
  CheckpointWriter(const std::filesystem::path& run_folder, std::int64_t step);
  CheckpointWriter(CheckpointWriter&&) noexcept;
  CheckpointWriter& operator=(CheckpointWriter&&) = delete;
  /// Without commit() nothing stays.
  ~CheckpointWriter();

  /// Where the files are put, by whatever means. Empty once commit() is through.
  const std::filesystem::path& staging() const noexcept;
  /// Hashes all files, writes COMMITTED with `about` (any JSON object) and makes the folder visible. A checkpoint of
  /// the same step that was there is replaced; a folder of that name that is none is moved to
  /// checkpoint-<step>.moved-<n>, with a warning. Gives its path. When only syncing the run folder fails, the error
  /// says so and the new one is in place. Once only.
  std::filesystem::path commit(const Json& about);

 private:
  std::filesystem::path run_folder_;
  std::int64_t step_;
  std::unique_ptr<checkpoint::Staging> staging_;
};

struct CheckpointInfo {
  std::filesystem::path path;
  std::int64_t step = 0;
  Json about;
};

/// Committed checkpoints of a run, by step, oldest first. Sizes are compared, digests are not. Nothing for a run folder
/// that is not there.
std::vector<CheckpointInfo> list_checkpoints(const std::filesystem::path& run_folder);

/// A checkpoint under any name, with its digests checked; a failure says what is wrong with it.
Result<CheckpointInfo> read_checkpoint(const std::filesystem::path& checkpoint);

/// Compares every file with its digest. Empty when all is well, else what is wrong, by file.
std::vector<std::string> verify_checkpoint(const std::filesystem::path& checkpoint);

/// The newest checkpoint whose digests are right; older ones are tried when it is damaged, with a warning that names
/// what is. Nothing when there is none.
std::optional<CheckpointInfo> newest_checkpoint(const std::filesystem::path& run_folder);

/// Removes RUN/checkpoint-<step> so that a kill leaves it whole or not a checkpoint. RunError(data) for a folder
/// without COMMITTED: it is not ours.
void remove_checkpoint(const std::filesystem::path& checkpoint);

/// Packs RUN/checkpoint-<step> to checkpoint-<step>.tar.gz with checkpoint-<step>.tar.gz.sha256 beside it (for
/// sha256sum -c), then removes the folder. The same files give the same archive. RunError(data), and the folder stays,
/// when a file is not what COMMITTED says. Gives the archive's path.
std::filesystem::path compress_checkpoint(const std::filesystem::path& checkpoint);

}  // namespace forgelm::formats
