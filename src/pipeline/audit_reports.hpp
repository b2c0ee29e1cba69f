// What a data_audit_report.json says of files: which it covers, by digest, and whether it lets them be trained on. A
// report covers a file when all of its rows were read; one without digests (of the reference) covers none. It passes
// when it found no secret and no critical personal data, which is when `forgelm audit` exits with 0.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/json.hpp"

namespace forgelm::pipeline {

struct AuditVerdict {
  bool passes = false;
  std::string pii_status;             ///< registry::kPiiNone, kPiiFindings, kPiiCritical
  std::vector<std::string> covered;   ///< digests
  std::vector<std::string> not_read;  ///< "train.jsonl: 3 rows could not be read"
  std::vector<std::string> critical;  ///< "credit_card=2"
  bool covers(std::string_view sha256) const;
};

/// Nothing when the document is no report with digests.
std::optional<AuditVerdict> audit_verdict(const Json& report);
/// Of a file; nothing when it is not there or no report.
std::optional<AuditVerdict> read_audit_verdict(const std::filesystem::path& path);

}  // namespace forgelm::pipeline
