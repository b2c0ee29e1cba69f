// Human approval (EU AI Act, Article 14): which staged models wait for a person, and the person's decision. The audit
// log is the truth: a run waits when its last human_approval.required stands after its last decision. Names, events and
// refusals are the reference's; beyond it, the log is verified and the staged files are hashed again before anything is
// decided.
// Invariant: a model stands at its place only when the log says that it was granted. The decision is recorded first and
// the model moved then; whoever is stopped in between finds it granted and still staged, and the same command again
// ends it. The trap: FORGELM_OPERATOR names whoever it says; four eyes are as good as the accounts behind it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/core/json.hpp"
#include "forgelm/core/signature.hpp"

namespace forgelm::compliance {

inline constexpr const char* kApprovalLock = ".approval.lock";

enum class ApprovalStatus { unknown, pending, granted, rejected };
const char* to_string(ApprovalStatus status) noexcept;

/// A run that waits, as the reference's `approvals --pending` shows it.
struct PendingApproval {
  std::string run_id;
  std::optional<std::filesystem::path> staging;  ///< nothing when it lies outside the folder, or is not named
  bool is_staged = false;                        ///< the staging folder is there
  Json requested_at;                             ///< as in the log
  std::optional<double> age_seconds;             ///< negative when the clock went back
  Json metrics, config_hash, reason;
};

/// The runs that wait in a run's folder, newest first. Lines that cannot be read are skipped, with a warning. Nothing
/// when there is no log. RunError(io) when it cannot be read.
std::vector<PendingApproval> pending_approvals(const std::filesystem::path& run_folder);

/// Whether the log of a run's folder asks for approval of the run. Also true when there is no log to ask.
bool has_asked_for_approval(const std::filesystem::path& run_folder, const std::string& run_id);

struct ApprovalHistory {
  ApprovalStatus status = ApprovalStatus::unknown;
  std::vector<Json> chain;                    ///< the run's approval events, oldest first
  std::vector<std::string> staging_contents;  ///< names in the staging folder, sorted
  std::string corruption;                     ///< why the status is not to be trusted; empty when it is
};

/// ConfigError when there is no log, or it has no approval event of the run.
ApprovalHistory approval_history(const std::filesystem::path& run_folder, const std::string& run_id);

struct DecisionRequest {
  std::filesystem::path run_folder;
  std::string run_id;
  std::string comment;
  // Of the job, where they are known: the log's second checkpoint, and the key that signs checkpoints.
  std::optional<std::filesystem::path> anchor_path = {};
  std::optional<PrivateKey> audit_key = {};
};

struct Decision {
  /// Why the record or the staged files cannot be trusted; then nothing was decided, and the exit code is 6. Empty when
  /// it is decided.
  std::string integrity_failure;
  std::vector<std::string> findings;  ///< what is wrong, a line each, fit to be shown
  std::string approver;
  std::filesystem::path staging;
  std::filesystem::path final_model;  ///< approved: where the model is now
  Json metrics = Json::object();      ///< as the run asked with
  std::string strategy;               ///< "rename", or "move" across file systems
  bool was_granted_before = false;    ///< an earlier command had recorded it and was stopped before it moved the model
};

/// Puts the staged model of a run in its place. Refusals are ConfigErrors, and nothing is changed: no request of this
/// run, decided already, nothing staged, staged outside the folder, something at the model's place, nobody to be named
/// as approver, or the run's own operator where the run asks for four eyes. RunError when the decision cannot be
/// recorded (nothing is changed) or the model cannot be moved (it is granted, and the same command ends it).
Decision approve(const DecisionRequest& request);

/// Records the rejection; the staged model stays. Refusals as above.
Decision reject(const DecisionRequest& request);

}  // namespace forgelm::compliance
