// What the forms of findings share: which ones are kept where not all fit, and
// how one is put in words.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "forgelm/audit/audit.hpp"

namespace forgelm::audit {

struct ListedFinding {
  std::size_t split = 0, finding = 0;  ///< indices
};

/// The listed findings of all splits, the worst tiers first, otherwise in the
/// order of the files; at most `max_listed`.
std::vector<ListedFinding> worst_findings(const AuditReport& report, std::size_t max_listed);

/// Findings of each tier, unlisted ones counted.
std::array<std::uint64_t, 4> findings_by_tier(const AuditReport& report);

/// "payment card number 41***************11 in messages[1].content, characters
/// 9 to 28"; on one line.
std::string words_of(const Finding& finding);

struct LeakWords {
  std::size_t split = 0;  ///< index of the first of the two
  std::string other;      ///< name of the second
  std::string text;       ///< "12 row(s) of train (3.00%) stand in test too, nearly; ..."
};
/// One for each pair of splits that has any.
std::vector<LeakWords> leaks_in_words(const AuditReport& report);

/// The file's path from `root`, or its own where it is not below.
std::filesystem::path shown_path(const std::filesystem::path& path, const std::filesystem::path& root);

}  // namespace forgelm::audit
