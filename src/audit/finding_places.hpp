// Where findings stand in their file: the line is read again and the field's
// characters are counted over to bytes and columns. Only of JSON lines; files
// of other kinds have a line at most. Trap: a file that has changed since it
// was audited gives no place, or none that shows what was found.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/audit/audit.hpp"

namespace forgelm::audit {

struct FindingPlace {
  std::uint64_t byte_offset = 0, byte_length = 0;  ///< in the file
  /// In the line, from 1, the end behind the last one; in UTF-16 code units, as
  /// SARIF and editors count.
  std::uint64_t begin_column = 0, end_column = 0;
};

/// A place for each of the split's findings, in their order; nothing where
/// there is none. Reads the file up to the last line with a finding.
/// RunError(io).
std::vector<std::optional<FindingPlace>> find_places(const SplitAudit& split);

}  // namespace forgelm::audit
