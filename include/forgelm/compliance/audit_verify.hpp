// The verifier of audit logs: what the reference's verify-audit checks (chain, tags, genesis manifest), and against
// checkpoints whether the log is still the one that they cover. It also makes the proofs for one entry and for growth.
// Memory is bounded by the longest line, whatever the log holds. The trap: a chain that holds says nothing about the
// end of the log, nor about a log written anew; `cannot_exclude` says what the evidence at hand leaves open.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/compliance/checkpoint.hpp"
#include "forgelm/core/choices.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/signature.hpp"

namespace forgelm::compliance {

FORGELM_CHOICES(AuditVerdict,
                intact,     ///< nothing speaks against it
                torn_tail,  ///< the last line has no end: a write that a crash interrupted; the next append mends it
                cut,        ///< entries that a checkpoint or the manifest covers are missing at the end
                forked,     ///< two entries continue one entry, or two signed checkpoints contradict each other
                rewritten,  ///< an entry is not what was recorded
                wrong_key)  ///< tags or signatures are of another key than the one given

struct AuditVerifyOptions {
  std::optional<std::string> secret = {};  ///< checks the tags; nothing: they are not looked at
  bool requires_tags = false;              ///< an entry without a tag is an error; only with a secret
  std::optional<PublicKey> key = {};       ///< Ed25519; checkpoints must carry its signature
  // The texts of what stands beside the log, where there is such a file.
  std::optional<std::string> manifest = {};
  std::optional<std::string> checkpoint = {};
  std::optional<std::string> anchor = {};   ///< a checkpoint that was kept elsewhere
  std::optional<std::string> earlier = {};  ///< a checkpoint whose growth to the present one is to be proven
  std::optional<std::uint64_t> prove = {};  ///< `seq` of an entry whose presence is to be proven
};

struct AuditVerification {
  AuditVerdict verdict = AuditVerdict::intact;
  std::uint64_t num_entries = 0;
  std::uint64_t size_bytes = 0;  ///< of the whole lines
  std::string origin;            ///< "" for an empty log
  Sha256Digest root{};
  /// Nothing was there to compare: no entry, and nothing beside the log says that there were any.
  bool is_without_evidence = false;
  std::optional<bool> is_hmac_verified;     ///< nothing without a secret
  std::vector<std::string> errors;          ///< the reference's "line N: ..." first; at most a handful
  std::vector<std::string> warnings;        ///< what a reader of the record should know
  std::vector<std::string> cannot_exclude;  ///< what this evidence leaves open
  Json checkpoints = Json::array();         ///< what each checkpoint covers and how it fits
  Json proofs = Json::array();              ///< as asked for, when the log is intact

  bool is_valid() const noexcept { return verdict == AuditVerdict::intact && !is_without_evidence; }
};

/// Gives the log's bytes, in pieces and from the beginning, to `take` until it gives false. May be called again.
using AuditBytes = std::function<void(const std::function<bool(std::string_view)>& take)>;

/// Verifies the log that `bytes` gives. ConfigError when `prove` or `earlier` ask for what the log cannot have.
AuditVerification verify_audit_bytes(const AuditBytes& bytes, const AuditVerifyOptions& options);

/// Verifies a log file with the manifest and the checkpoint beside it, unless the options give them. ConfigError when
/// there is no regular file, RunError(io) when it cannot be read.
AuditVerification verify_audit_file(const std::filesystem::path& path, AuditVerifyOptions options);

}  // namespace forgelm::compliance
