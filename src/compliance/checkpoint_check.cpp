#include "checkpoint_check.hpp"

#include "forgelm/core/base64.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

const char* signature_text(SignatureState state) {
  switch (state) {
    case SignatureState::none: return "none";
    case SignatureState::foreign: return "other key";
    case SignatureState::bad: return "bad";
    case SignatureState::good: return "good";
  }
  return "none";
}

}  // namespace

CheckpointCheck::CheckpointCheck(std::string name, std::string note) : name_(std::move(name)), note_(std::move(note)) {
  auto read = parse_checkpoint(note_);
  if (!read) {
    unreadable_ = read.error().message;
    return;
  }
  checkpoint_ = std::move(*read);
  hasher_.emplace(edge_ranges(checkpoint_->num_entries()));
}

void CheckpointCheck::take(std::uint64_t num_entries, std::uint64_t size_bytes, const Sha256Digest& leaf) {
  if (!hasher_ || num_entries > checkpoint_->num_entries()) return;
  hasher_->add(leaf);
  if (num_entries == checkpoint_->num_entries()) size_bytes_ = size_bytes;
}

std::optional<LeafRange> CheckpointCheck::first_difference() const {
  for (std::size_t i = 0; i < hasher_->num_ranges(); ++i) {
    const auto root = hasher_->root(i);
    if (root && *root != checkpoint_->tree.edge()[i]) return hasher_->range(i);
  }
  return std::nullopt;
}

void CheckpointCheck::judge_entries(const AuditWalk& walk, std::vector<Finding>& findings,
                                    std::vector<std::string>& warnings) {
  const std::uint64_t num_covered = checkpoint_->num_entries();
  const auto find = [&](AuditVerdict verdict, const std::string& what) {
    contradicts_ = contradicts_ || verdict == AuditVerdict::rewritten;
    findings.push_back({verdict, what});
  };
  if (!walk.first_line_sha256.empty() && checkpoint_origin(walk.first_line_sha256) != checkpoint_->origin)
    return find(AuditVerdict::rewritten,
                cat(name_, " covers a log that began with another entry (", checkpoint_->origin, ") than this one"));
  if (const auto difference = first_difference())
    return find(AuditVerdict::rewritten,
                cat("entries ", difference->begin, " to ", difference->end - 1, ": one of them or more is not what ",
                    name_, " of ", num_covered, " entries covers"));
  if (walk.tree.size() < num_covered) {
    if (walk.num_lines > walk.tree.size()) return;  // the walk ended at a finding of its own
    return find(AuditVerdict::cut,
                cat("the log has ", walk.tree.size(), " entries, and ", name_, " covers ", num_covered));
  }
  if (size_bytes_ != checkpoint_->size_bytes)
    return find(AuditVerdict::rewritten, cat("the first ", num_covered, " entries take ", size_bytes_.value_or(0),
                                             " bytes, and ", name_, " says ", checkpoint_->size_bytes));
  fits_ = true;
  if (walk.tree.size() > num_covered)
    warnings.push_back(cat(name_, " covers the first ", num_covered, " of ", walk.tree.size(),
                           " entries; a crash, Python forgelm or someone else wrote the rest without it"));
}

void CheckpointCheck::judge_signature(const PublicKey& key, std::vector<Finding>& findings) {
  signature_ = check_signature(*checkpoint_, key);
  switch (*signature_) {
    case SignatureState::good: return;
    case SignatureState::bad:
      findings.push_back({AuditVerdict::rewritten, cat(name_, ": its signature does not verify")});
      break;
    case SignatureState::none: findings.push_back({AuditVerdict::wrong_key, cat(name_, " is not signed")}); break;
    case SignatureState::foreign:
      findings.push_back({AuditVerdict::wrong_key, cat(name_, " is signed with another key than the one given")});
      break;
  }
  fits_ = false;
}

void CheckpointCheck::judge(const AuditWalk& walk, const std::optional<PublicKey>& key, std::vector<Finding>& findings,
                            std::vector<std::string>& warnings) {
  if (!checkpoint_) {
    findings.push_back({AuditVerdict::rewritten, cat(name_, " cannot be read: ", unreadable_)});
    return;
  }
  judge_entries(walk, findings, warnings);
  if (key) judge_signature(*key, findings);
}

Json CheckpointCheck::to_json() const {
  Json json = Json::object({{"name", name_}, {"fits", fits_}});
  if (!checkpoint_) return json;
  json.set("origin", checkpoint_->origin)
      .set("num_entries", static_cast<std::int64_t>(checkpoint_->num_entries()))
      .set("root", base64_encode(bytes_of(checkpoint_->root)));
  return json.set("signature", signature_ ? Json(signature_text(*signature_)) : Json());
}

}  // namespace forgelm::compliance
