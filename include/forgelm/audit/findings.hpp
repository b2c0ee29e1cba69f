// Findings in the forms that other programs read: a SARIF log for code
// scanning, and problems with a place, which a CI system shows beside the line.
// Invariant: nothing found is shown whole; both say what they leave out.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "forgelm/audit/audit.hpp"
#include "forgelm/core/diagnostic.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::audit {

/// What GitHub's code scanning takes in one run.
inline constexpr std::size_t kMaxSarifResults = 25'000;
/// What GitHub shows of a step, of errors and of warnings each.
inline constexpr std::size_t kMaxAnnotations = 10;

/// A SARIF 2.1.0 log with a rule for each kind. Paths are relative to `root`
/// where the file is below it (the base %SRCROOT%), else file: addresses.
/// Findings in JSON lines have columns and bytes, for which the files are read
/// again up to their last finding. At most `max_results`, the worst tiers
/// first; notifications say what is missing. RunError(io).
Json sarif_log(const AuditReport& report, const std::filesystem::path& root,
               std::size_t max_results = kMaxSarifResults);

/// The findings as problems, the worst first: errors for the tier critical and
/// for files that cannot be read, warnings for the rest. At most `max_of_each`
/// errors and as many warnings; where there are more, the last one says how
/// many.
std::vector<Diagnostic> finding_diagnostics(const AuditReport& report, const std::filesystem::path& root,
                                            std::size_t max_of_each = kMaxAnnotations);

}  // namespace forgelm::audit
