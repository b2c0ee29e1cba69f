// Proofs for an auditor who has a checkpoint and not the log: that an entry is in it, and that a later checkpoint only
// adds to it. tools/verify_audit.py checks them without this program.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "forgelm/compliance/audit_verify.hpp"

namespace forgelm::compliance {

/// The tree that a proof leads to: a checkpoint's, or the log's own where there is none.
struct ProofTarget {
  std::string origin;
  std::uint64_t size = 0;
  Sha256Digest root{};
  std::string note = {};  ///< the checkpoint's text; "" without one
};

Json prove_inclusion(const AuditBytes& log, std::uint64_t index, const ProofTarget& target);

Json prove_consistency(const AuditBytes& log, const Checkpoint& earlier, const std::string& earlier_note,
                       const ProofTarget& target);

}  // namespace forgelm::compliance
