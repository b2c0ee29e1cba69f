#include "log_state.hpp"

#include <algorithm>

#include "audit_line.hpp"
#include "forgelm/core/text.hpp"
#include "genesis_manifest.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;
using Trouble = LogState::Trouble;

constexpr std::size_t kBlockBytes = 256 * 1024;
constexpr std::size_t kFirstWindowBytes = 4096;

/// Whether a break of the chain is a trouble, or only what is there.
enum class Chain { checked, as_it_is };

struct Walked {
  std::optional<Trouble> trouble;
  /// A line of ours beyond the first, save those that recovery writes: it was written with a checkpoint beside it.
  bool had_checkpoint = false;
};

void take_line(LogState& state, std::string_view line, const AuditLine* read) {
  state.head = sha256_hex(line);
  if (state.first_line_sha256.empty()) {
    state.first_line_sha256 = state.head;
    if (read != nullptr) state.first_run_id = read->run_id;
  }
  state.tree.add(merkle_leaf(line));
  state.last_line = line;
}

/// Takes the lines from `state.size_bytes` on into the state.
Walked walk(const AppendFile& file, LogState& state, Chain chain) {
  Walked walked;
  LineSplitter splitter;
  const auto on_line = [&](std::string_view line) {
    if (!trim(line).empty()) {
      const auto read = parse_audit_line(line);
      const std::uint64_t number = state.tree.size() + 1;
      if (!read && chain == Chain::checked)
        walked.trouble = {"rewritten", cat("entry ", number, " ", read.error().message)};
      else if (read && read->prev_hash != state.head && chain == Chain::checked)
        walked.trouble = {"rewritten", cat("entry ", number, " does not continue the one before it")};
      if (walked.trouble) return false;
      walked.had_checkpoint =
          walked.had_checkpoint || (read && read->seq.value_or(0) > 0 && !is_about_the_log(read->event));
      take_line(state, line, read ? &*read : nullptr);
    }
    state.size_bytes += line.size() + 1;
    return true;
  };
  for (std::uint64_t at = state.size_bytes;;) {
    const std::string block = file.read(at, kBlockBytes);
    if (block.empty()) break;
    at += block.size();
    if (splitter.add(block, on_line)) continue;
    if (splitter.is_too_long())
      walked.trouble = {"rewritten", cat("after byte ", state.size_bytes, " comes a line longer than ",
                                         kMaxAuditLineBytes, " bytes, which is no record")};
    return walked;
  }
  state.torn_tail = splitter.rest();
  return walked;
}

/// The first line, nothing when it has no end within the longest a record can be.
std::optional<std::string> first_line(const AppendFile& file) {
  for (std::size_t window = kFirstWindowBytes;; window *= 4) {
    std::string bytes = file.read(0, window);
    const std::size_t end = bytes.find('\n');
    if (end != std::string::npos) return bytes.substr(0, end);
    if (bytes.size() < window || window > kMaxAuditLineBytes) return std::nullopt;
  }
}

/// The line that ends with the byte before `end`, nothing when that byte is no line end.
std::optional<std::string> line_before(const AppendFile& file, std::uint64_t end) {
  for (std::uint64_t window = kFirstWindowBytes;; window *= 4) {
    const std::uint64_t start = end - std::min(end, window);
    std::string bytes = file.read(start, static_cast<std::size_t>(end - start));
    if (bytes.size() != end - start || bytes.empty() || bytes.back() != '\n') return std::nullopt;
    bytes.pop_back();
    const std::size_t before = bytes.rfind('\n');
    if (before != std::string::npos) return bytes.substr(before + 1);
    if (start == 0) return bytes;
    if (window > kMaxAuditLineBytes) return std::nullopt;
  }
}

/// Starts the state where the checkpoint ends.
std::optional<Trouble> start_at(const Checkpoint& checkpoint, const AppendFile& file, LogState& state) {
  const std::uint64_t size_bytes = file.size_bytes();
  if (size_bytes < checkpoint.size_bytes)
    return Trouble{"cut", cat("the log has ", size_bytes, " bytes, and its checkpoint covers ", checkpoint.size_bytes,
                              " with ", checkpoint.num_entries(), " entries")};
  const auto first = first_line(file);
  if (!first || checkpoint_origin(sha256_hex(*first)) != checkpoint.origin)
    return Trouble{"rewritten", "the first line is not the one that the checkpoint names"};
  const auto last = line_before(file, checkpoint.size_bytes);
  if (!last || sha256_hex(*last) != checkpoint.head)
    return Trouble{"rewritten", cat("the line that ends at byte ", checkpoint.size_bytes,
                                    " is not the last one that the checkpoint covers")};
  const auto read = parse_audit_line(*first);
  state.first_line_sha256 = sha256_hex(*first);
  state.first_run_id = read ? read->run_id : "";
  state.size_bytes = checkpoint.size_bytes;
  state.head = checkpoint.head;
  state.last_line = *last;
  state.tree = checkpoint.tree;
  state.was_signed = !checkpoint.signatures.empty();
  return std::nullopt;
}

std::optional<Trouble> examine_signature(const Checkpoint& checkpoint, const PublicKey& key, LogState& state) {
  switch (check_signature(checkpoint, key)) {
    case SignatureState::good: return std::nullopt;
    case SignatureState::none: state.adopted = "unsigned"; return std::nullopt;
    case SignatureState::foreign: state.adopted = "other_key"; return std::nullopt;
    case SignatureState::bad: break;
  }
  return Trouble{"signature", "the signature of the checkpoint does not verify"};
}

void examine_manifest(const fs::path& log_path, LogState& state) {
  const auto manifest = read_genesis_manifest(log_path);
  state.has_manifest = !manifest || manifest->has_value();
  if (state.trouble) return;
  if (!manifest) {
    state.trouble = {"manifest", cat("the genesis manifest is there but cannot be used: ", manifest.error().message)};
  } else if (*manifest && state.first_line_sha256.empty()) {
    state.trouble = {"log_missing", cat("the genesis manifest pins a first entry (", (*manifest)->first_entry_sha256,
                                        "), and the log is absent or empty")};
  } else if (*manifest && (*manifest)->first_entry_sha256 != state.first_line_sha256) {
    state.trouble = {"rewritten", "the genesis manifest pins another first entry than the log has"};
  }
}

bool is_folder(const fs::path& path) {
  std::error_code none_there;
  return fs::is_directory(path, none_there);
}

/// Entries that no checkpoint covers: the whole log is read once.
void adopt(const AppendFile& file, LogState& state) {
  const Walked walked = walk(file, state, Chain::checked);
  state.trouble = walked.trouble;
  if (!walked.trouble && walked.had_checkpoint)
    state.trouble = {"checkpoint_missing", "the log was written with a checkpoint, and the checkpoint is gone"};
  if (state.tree.size() > 0) state.adopted = "missing";
}

}  // namespace

LogState examine_log(const AppendFile* file, const fs::path& log_path, const PublicKey* key) {
  LogState state;
  const auto note = read_file_if_exists(checkpoint_path(log_path.native()), kMaxCheckpointBytes);
  const bool is_empty = file == nullptr || file->size_bytes() == 0;
  if (is_empty) {
    if (note) state.trouble = {"log_missing", "there is a checkpoint, and the log is absent or empty"};
  } else if (!note) {
    adopt(*file, state);
  } else if (const auto checkpoint = parse_checkpoint(*note); !checkpoint) {
    state.trouble = {"checkpoint", cat("the checkpoint cannot be read: ", checkpoint.error().message)};
  } else {
    state.trouble = start_at(*checkpoint, *file, state);
    if (!state.trouble && key != nullptr) state.trouble = examine_signature(*checkpoint, *key, state);
    if (!state.trouble) state.trouble = walk(*file, state, Chain::checked).trouble;
  }
  examine_manifest(log_path, state);
  return state;
}

LogState accept_log(const AppendFile& file, const fs::path& log_path) {
  LogState state;
  static_cast<void>(walk(file, state, Chain::as_it_is));
  const auto manifest = read_genesis_manifest(log_path);
  state.has_manifest = manifest && *manifest && (*manifest)->first_entry_sha256 == state.first_line_sha256;
  return state;
}

fs::path anchor_file(const fs::path& anchor_path, const std::string& origin) {
  if (!is_folder(anchor_path)) return anchor_path;
  return anchor_path / (origin.substr(origin.rfind('/') + 1) + ".checkpoint");
}

std::optional<Trouble> examine_anchor(const LogState& state, const fs::path& anchor_path) {
  const std::string origin = checkpoint_origin(state.first_line_sha256);
  const bool is_empty = state.first_line_sha256.empty();
  if (is_empty && is_folder(anchor_path)) return std::nullopt;  // the new log has a name of its own there
  const fs::path path = anchor_file(anchor_path, origin);
  const auto note = read_file_if_exists(path, kMaxCheckpointBytes);
  if (!note) return std::nullopt;
  const auto anchor = parse_checkpoint(*note);
  if (!anchor) return Trouble{"anchor", cat("the anchor ", path.native(), " cannot be read: ", anchor.error().message)};
  if (is_empty || anchor->origin != origin)
    return Trouble{"anchor", cat("the anchor ", path.native(), " belongs to another log than this one")};
  if (anchor->num_entries() > state.tree.size())
    return Trouble{"cut", cat("the anchor ", path.native(), " covers ", anchor->num_entries(),
                              " entries, and the log has ", state.tree.size())};
  if (anchor->num_entries() == state.tree.size() && anchor->root != state.tree.root())
    return Trouble{"rewritten", cat("the anchor ", path.native(), " covers other entries than the log has")};
  return std::nullopt;
}

}  // namespace forgelm::compliance
