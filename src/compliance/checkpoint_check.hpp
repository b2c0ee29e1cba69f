// One checkpoint held against a log that passes by: whether the log still begins with what it covers.
#pragma once

#include <optional>
#include <string>

#include "audit_walk.hpp"

namespace forgelm::compliance {

class CheckpointCheck {
 public:
  /// `name` is how findings call it: "the checkpoint", "the anchor".
  CheckpointCheck(std::string name, std::string note);

  void take(std::uint64_t num_entries, std::uint64_t size_bytes, const Sha256Digest& leaf);
  /// After the walk: adds what speaks against the log, or against the checkpoint.
  void judge(const AuditWalk& walk, const std::optional<PublicKey>& key, std::vector<Finding>& findings,
             std::vector<std::string>& warnings);

  /// After judge(): the log begins with what this covers.
  bool fits() const noexcept { return fits_; }
  bool is_signed() const noexcept { return signature_ == SignatureState::good; }
  /// The entries differ, and not only their number.
  bool contradicts() const noexcept { return contradicts_; }
  const Checkpoint* checkpoint() const noexcept { return checkpoint_ ? &*checkpoint_ : nullptr; }
  const std::string& name() const noexcept { return name_; }
  const std::string& note() const noexcept { return note_; }
  Json to_json() const;

 private:
  void judge_entries(const AuditWalk& walk, std::vector<Finding>& findings, std::vector<std::string>& warnings);
  void judge_signature(const PublicKey& key, std::vector<Finding>& findings);
  std::optional<LeafRange> first_difference() const;

  std::string name_;
  std::string note_;
  std::optional<Checkpoint> checkpoint_;
  std::string unreadable_;
  std::optional<SubtreeHasher> hasher_;
  std::optional<std::uint64_t> size_bytes_;  ///< of the log up to the entries it covers
  std::optional<SignatureState> signature_;
  bool fits_ = false;
  bool contradicts_ = false;
};

}  // namespace forgelm::compliance
