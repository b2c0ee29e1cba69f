// Does the audit log of a pipeline agree with its manifest? The manifest's hash has no key; the log's tags have one.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "forgelm/compliance/annex_iv.hpp"

namespace forgelm::compliance {

struct Corroboration {
  std::string outcome = "unattested";  ///< "corroborated", "contradicted", "unattested"
  std::string reason;                  ///< the reference's token: "no_audit_secret", ...
  std::vector<PipelineViolation> violations;
  std::string note = {};  ///< what could not be checked for want of the secret; no violation
  std::size_t num_events = 0, num_stages_asserted = 0;
};

/// The rule goes one way: a stage that the log says has passed, and that was not started again since, stands in the
/// manifest as completed.
Corroboration corroborate(const Json& manifest, const std::filesystem::path& folder,
                          const std::optional<std::string>& secret);

}  // namespace forgelm::compliance
