// What a writer finds when it comes to a log, under the lock: where the chain and the tree stand, what a crash left
// behind, and whether the log may go on.
// What is checked at each append: that the first line is the checkpoint's, that the log is not shorter than it, that
// the line it ends with is the one it names, and that every line after it continues the chain. What is not: the lines
// before, which cost a reading of the whole log; that is the verifier's work.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "forgelm/compliance/checkpoint.hpp"
#include "forgelm/core/files.hpp"

namespace forgelm::compliance {

struct LogState {
  std::uint64_t size_bytes = 0;  ///< of the whole lines
  std::string head = "genesis";  ///< SHA-256 of the last line
  std::string last_line = {};
  std::string first_line_sha256 = {};
  std::string first_run_id = {};
  MerkleTree tree = {};
  std::string torn_tail = {};  ///< bytes after the last line end
  bool has_manifest = false;
  bool was_signed = false;  ///< the checkpoint has a signature

  /// The log held entries without a usable checkpoint: "missing", "unsigned" or "other_key".
  std::optional<std::string> adopted = {};
  struct Trouble {
    std::string reason;  ///< one word, for the record
    std::string detail;  ///< a sentence
  };
  /// Why the log must not go on.
  std::optional<Trouble> trouble = {};
};

/// Looks at the log in `file` (locked; null when there is none). `key` is the one that signs its checkpoints, or null.
LogState examine_log(const AppendFile* file, const std::filesystem::path& log_path, const PublicKey* key);

/// What examine_log gives for a log that goes on by permission: the state of its lines as they are, without trouble.
LogState accept_log(const AppendFile& file, const std::filesystem::path& log_path);

/// Why the anchor at `anchor_path` speaks against this log, if it does.
std::optional<LogState::Trouble> examine_anchor(const LogState& state, const std::filesystem::path& anchor_path);

/// Where the second copy of the checkpoint of a log with this origin goes: into a directory under a name of its own, or
/// to the file itself.
std::filesystem::path anchor_file(const std::filesystem::path& anchor_path, const std::string& origin);

}  // namespace forgelm::compliance
