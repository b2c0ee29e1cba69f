#include "finding_list.hpp"

#include <algorithm>

#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "notes.hpp"

namespace forgelm::audit {

std::vector<ListedFinding> worst_findings(const AuditReport& report, std::size_t max_listed) {
  std::vector<ListedFinding> listed;
  for (const std::string& tier : choices<Tier>())
    for (std::size_t split = 0; split < report.splits.size(); ++split) {
      const std::vector<Finding>& findings = report.splits[split].findings;
      for (std::size_t i = 0; i < findings.size() && listed.size() < max_listed; ++i)
        if (to_text(all_kinds()[findings[i].kind].tier) == tier) listed.push_back({split, i});
    }
  return listed;
}

std::array<std::uint64_t, 4> findings_by_tier(const AuditReport& report) {
  std::array<std::uint64_t, 4> tiers{};
  for (const auto& [name, count] : report.found)
    tiers[static_cast<std::size_t>(all_kinds()[static_cast<std::size_t>(find_kind(name))].tier)] += count;
  return tiers;
}

std::string words_of(const Finding& finding) {
  return cat(all_kinds()[finding.kind].doc, " ", finding.excerpt, " in ",
             finding.field.empty() ? "the row" : escape_for_line(finding.field), ", characters ", finding.begin, " to ",
             finding.end);
}

std::vector<LeakWords> leaks_in_words(const AuditReport& report) {
  std::vector<LeakWords> all;
  for (const Leak& leak : report.leaks) {
    if (leak.num_in_a + leak.num_in_b == 0) continue;
    const auto split = std::find_if(report.splits.begin(), report.splits.end(),
                                    [&](const SplitAudit& other) { return other.name == leak.a; });
    all.push_back({static_cast<std::size_t>(split - report.splits.begin()), leak.b,
                   cat(leak.num_in_a, " row(s) of ", escape_for_line(leak.a), " (", percent(leak.rate_a), ") stand in ",
                       escape_for_line(leak.b), " too, nearly; ", leak.num_in_b, " (", percent(leak.rate_b),
                       ") the other way round")});
  }
  return all;
}

std::filesystem::path shown_path(const std::filesystem::path& path, const std::filesystem::path& root) {
  const std::filesystem::path relative = path.lexically_normal().lexically_relative(root.lexically_normal());
  return relative.empty() || *relative.begin() == ".." ? path : relative;
}

}  // namespace forgelm::audit
