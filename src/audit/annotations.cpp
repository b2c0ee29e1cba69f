// Findings as problems with a place; forgelm/core/diagnostic.hpp writes them as
// workflow commands.
#include <algorithm>
#include <limits>

#include "finding_list.hpp"
#include "forgelm/audit/findings.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::audit {
namespace {

/// Problems of one severity: as many as may be shown, and how many there are.
class Problems {
 public:
  Problems(Severity severity, std::size_t max_shown) : severity_(severity), max_shown_(max_shown) {}

  void add(std::string code, std::string file, std::uint64_t line, std::string message) {
    ++total_;
    if (shown_.size() == max_shown_) return;
    Diagnostic& problem = shown_.emplace_back();
    problem.severity = severity_;
    problem.code = std::move(code);
    problem.spot.file = std::move(file);
    problem.spot.line = static_cast<int>(std::min<std::uint64_t>(line, std::numeric_limits<int>::max()));
    problem.message = std::move(message);
  }
  /// Further ones that are counted and not known by place.
  void add_unlisted(std::uint64_t count) { total_ += count; }

  std::vector<Diagnostic> take() {
    if (total_ <= shown_.size() || shown_.empty()) return std::move(shown_);
    shown_.back().code = "further_findings";
    shown_.back().spot.line = 0;
    shown_.back().message = cat("and ", total_ - (shown_.size() - 1), " more, in ", kReportName);
    return std::move(shown_);
  }

 private:
  Severity severity_;
  std::size_t max_shown_;
  std::uint64_t total_ = 0;
  std::vector<Diagnostic> shown_;
};

}  // namespace

std::vector<Diagnostic> finding_diagnostics(const AuditReport& report, const std::filesystem::path& root,
                                            std::size_t max_of_each) {
  Problems errors(Severity::error, max_of_each), warnings(Severity::warning, max_of_each);
  const auto file_of = [&](std::size_t split) { return shown_path(report.splits[split].path, root).native(); };
  for (std::size_t i = 0; i < report.splits.size(); ++i) {
    const SplitAudit& split = report.splits[i];
    if (!split.error.empty()) errors.add("unreadable_file", file_of(i), 0, split.error);
    if (split.num_parse_errors > 0)
      warnings.add("unreadable_rows", file_of(i), 0, cat(split.num_parse_errors, " row(s) cannot be read"));
  }
  for (const LeakWords& leak : leaks_in_words(report)) warnings.add("leaked_rows", file_of(leak.split), 0, leak.text);
  std::uint64_t listed_errors = 0, listed_warnings = 0;
  for (const ListedFinding& listed : worst_findings(report, std::numeric_limits<std::size_t>::max())) {
    const Finding& finding = report.splits[listed.split].findings[listed.finding];
    const Kind& kind = all_kinds()[finding.kind];
    const bool is_error = kind.tier == Tier::critical;
    ++(is_error ? listed_errors : listed_warnings);
    (is_error ? errors : warnings).add(std::string(kind.name), file_of(listed.split), finding.line, words_of(finding));
  }
  const auto tiers = findings_by_tier(report);
  errors.add_unlisted(tiers[0] - std::min(tiers[0], listed_errors));
  const std::uint64_t others = tiers[1] + tiers[2] + tiers[3];
  warnings.add_unlisted(others - std::min(others, listed_warnings));
  std::vector<Diagnostic> all = errors.take();
  for (Diagnostic& warning : warnings.take()) all.push_back(std::move(warning));
  return all;
}

}  // namespace forgelm::audit
