#include "forgelm/audit/html_report.hpp"

#include <algorithm>

#include "finding_list.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"
#include "html_page.hpp"
#include "notes.hpp"

namespace forgelm::audit {
namespace {

constexpr std::size_t kMaxFindings = 1000;
constexpr std::size_t kMaxBars = 25;

std::string number(std::uint64_t value) { return grouped(static_cast<std::int64_t>(value)); }
std::string code(std::string_view text) { return cat("<code>", html_text(text), "</code>"); }

std::string section(std::string_view title, const std::string& body) {
  return body.empty() ? std::string() : cat("<h2>", title, "</h2>\n", body);
}

std::string plots(const std::string& figures) {
  return figures.empty() ? std::string() : cat("<div class=\"plots\">\n", figures, "</div>\n");
}

/// The largest first; what is beyond kMaxBars together.
std::vector<Bar> bars_of(std::vector<Bar> bars) {
  std::stable_sort(bars.begin(), bars.end(), [](const Bar& a, const Bar& b) { return a.value > b.value; });
  if (bars.size() <= kMaxBars) return bars;
  Bar rest{cat(bars.size() - kMaxBars, " more"), 0};
  for (std::size_t i = kMaxBars; i < bars.size(); ++i) rest.value += bars[i].value;
  bars.resize(kMaxBars);
  bars.push_back(std::move(rest));
  return bars;
}

std::vector<Bar> bars_of(const Counts& counts) {
  std::vector<Bar> bars;
  for (const auto& [name, count] : counts) bars.push_back({name, count});
  return bars_of(std::move(bars));
}

/// "0", "1", "2 to 3", "4 to 7", ...: from the first that has any to the last.
std::vector<Bar> length_bars(const LengthStatistics& lengths) {
  std::vector<Bar> bars;
  const auto& bins = lengths.histogram;
  for (std::size_t i = 0; i < bins.size(); ++i) {
    if (bars.empty() && bins[i] == 0) continue;
    const std::uint64_t first = i == 0 ? 0 : std::uint64_t{1} << (i - 1), last = i == 0 ? 0 : 2 * first - 1;
    bars.push_back({first == last ? number(first) : cat(number(first), " to ", number(last)), bins[i]});
  }
  while (!bars.empty() && bars.back().value == 0) bars.pop_back();
  return bars;
}

std::string gate(const Gate& gate, std::string_view what) {
  if (!gate.has_failed) return cat("<p><span class=\"good\">passed</span> ", what, "</p>\n");
  return cat("<p><span class=\"bad\">failed</span> ", what, ": ", html_text(listed(gate.critical)), "</p>\n");
}

std::string splits_table(const AuditReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const SplitAudit& split : report.splits) {
    if (!split.error.empty()) {
      rows.push_back({html_text(split.name), code(split.path.filename().native()),
                      cat("<span class=\"bad\">", html_text(split.error), "</span>"), "", "", "", "", "", ""});
      continue;
    }
    rows.push_back({html_text(split.name), code(split.path.filename().native()), number(split.num_rows),
                    number(split.size_bytes), number(split.num_parse_errors), number(split.num_without_text),
                    number(split.num_exact_duplicates), number(split.near.num_pairs), number(total_of(split.found))});
  }
  return html_table(
      {"split", "file", "rows", "bytes", "unreadable", "without text", "exact duplicates", "near pairs", "findings"},
      rows);
}

std::string digests_table(const AuditReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const SplitAudit& split : report.splits)
    if (split.error.empty()) rows.push_back({code(split.path.filename().native()), code(split.sha256)});
  return html_table({"file", "SHA-256"}, rows);
}

std::string finding_plots(const AuditReport& report) {
  std::string figures = html_bars("Findings by kind", bars_of(report.found));
  std::vector<Bar> tiers;
  const auto by_tier = findings_by_tier(report);
  for (std::size_t i = 0; i < by_tier.size(); ++i) tiers.push_back({to_text(static_cast<Tier>(i)), by_tier[i]});
  figures += html_bars("Findings by tier", tiers);
  std::vector<Bar> splits;
  for (const SplitAudit& split : report.splits) splits.push_back({split.name, total_of(split.found)});
  return plots(figures + html_bars("Findings by split", splits));
}

std::string findings_table(const AuditReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const ListedFinding& at : worst_findings(report, kMaxFindings)) {
    const SplitAudit& split = report.splits[at.split];
    const Finding& finding = split.findings[at.finding];
    const Kind& kind = all_kinds()[finding.kind];
    rows.push_back({to_text(kind.tier), html_text(kind.name),
                    code(cat(split.path.filename().native(), finding.line > 0 ? cat(":", finding.line) : "")),
                    number(finding.row), code(finding.field), cat(finding.begin, " to ", finding.end),
                    code(finding.excerpt)});
  }
  const std::uint64_t total = total_of(report.found), num_shown = rows.size();
  std::string out = html_table({"tier", "kind", "place", "row", "field", "characters", "masked"}, rows);
  if (total > num_shown)
    out += cat("<p class=\"soft\">", number(total - num_shown), " further findings are counted above; ", kReportName,
               " lists more of them.</p>\n");
  return out;
}

std::string per_split_plots(const AuditReport& report) {
  std::string lengths, languages;
  for (const SplitAudit& split : report.splits) {
    lengths += html_bars(cat("Characters of a row's text: ", split.name), length_bars(split.lengths));
    std::vector<Bar> bars;
    for (const auto& [name, count] : split.languages) bars.push_back({name, count});
    languages += html_bars(cat("Languages of ", split.num_language_sample, " sampled rows: ", split.name),
                           bars_of(std::move(bars)));
  }
  return section("Lengths", plots(lengths)) + section("Languages", plots(languages));
}

std::string duplicates(const AuditReport& report) {
  std::vector<Bar> exact, near, leaked;
  std::vector<std::vector<std::string>> rows;
  for (const SplitAudit& split : report.splits) {
    exact.push_back({split.name, split.num_exact_duplicates});
    near.push_back({split.name, split.near.num_pairs});
  }
  for (const Leak& leak : report.leaks) {
    leaked.push_back({cat(leak.a, " in ", leak.b), leak.num_in_a});
    leaked.push_back({cat(leak.b, " in ", leak.a), leak.num_in_b});
    rows.push_back({html_text(leak.a), html_text(leak.b), number(leak.num_in_a), percent(leak.rate_a),
                    number(leak.num_in_b), percent(leak.rate_b)});
  }
  return section("Duplicates", plots(html_bars("Rows whose text an earlier row has", exact) +
                                     html_bars("Pairs of rows with nearly the same text", near) +
                                     html_bars("Rows that another split has too, nearly", leaked))) +
         section(
             "Leaks between splits",
             html_table({"split", "other", "rows of it in the other", "share", "of the other in it", "share"}, rows));
}

std::string quality(const AuditReport& report) {
  if (!report.with_quality) return {};
  std::string figures;
  for (const SplitAudit& split : report.splits)
    figures += html_bars(cat("Quality flags: ", split.name), bars_of(split.quality));
  return section("Quality", plots(figures));
}

std::string notes(const AuditReport& report) {
  if (report.notes.empty()) return {};
  std::string items;
  for (const std::string& note : report.notes) items += cat("<li>", html_text(note), "</li>\n");
  return cat("<ul>\n", items, "</ul>\n");
}

}  // namespace

std::string html_report(const AuditReport& report) {
  const std::string title = cat("Data audit of ", report.source_input);
  std::string body = cat("<h1>", html_text(title), "</h1>\n<p class=\"soft\">", html_text(report.generated_at),
                         ", forgelm ", html_text(version()), ", ", number(report.total_rows), " rows in ",
                         number(report.splits.size()), " splits, ", code(report.source_path), "</p>\n");
  body += section("Gates", gate(report.pii_gate, "critical personal data") + gate(report.secrets_gate, "secrets"));
  body += section("Splits", splits_table(report));
  body += section("Findings", finding_plots(report) + findings_table(report));
  body += per_split_plots(report);
  body += duplicates(report);
  body += quality(report);
  body += section("Notes", notes(report));
  body += section("Digests", digests_table(report));
  return html_page(title, body);
}

}  // namespace forgelm::audit
