// SARIF 2.1.0 (OASIS), in the form that code scanning takes:
// https://docs.oasis-open.org/sarif/sarif/v2.1.0. Checked against the published
// schema by tools/conformance/sarif.py. Trap: in a message, [text](target) is a
// link and {0} a placeholder, and names of fields are anybody's.
#include <algorithm>
#include <map>
#include <tuple>

#include "entities.hpp"
#include "finding_list.hpp"
#include "finding_places.hpp"
#include "forgelm/audit/findings.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"

namespace forgelm::audit {
namespace {

namespace fs = std::filesystem;

struct FileRule {
  const char* name;
  const char* doc;
  const char* level;
};
// Rules that are of a file, behind those of the kinds.
constexpr FileRule kFileRules[] = {{"unreadable_file", "file that cannot be read", "error"},
                                   {"unreadable_rows", "rows that cannot be read", "warning"},
                                   {"leaked_rows", "rows that another split has too, nearly", "warning"}};
enum FileRuleIndex { unreadable_file, unreadable_rows, leaked_rows };

const char* level_of(Tier tier) { return tier == Tier::critical ? "error" : tier == Tier::low ? "note" : "warning"; }

/// What code scanning sorts by: over 9 is critical, from 7 high, from 4 medium.
const char* security_severity(Tier tier) {
  static constexpr const char* kScores[] = {"9.5", "8.0", "5.5", "2.0"};
  return kScores[static_cast<std::size_t>(tier)];
}

Json message(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '{' || c == '}') safe += c;
    if (text.find("](") != std::string_view::npos && (c == '[' || c == ']')) safe += '\\';
    safe += c;
  }
  return Json::object({{"text", std::move(safe)}});
}

Json kind_rule(const Kind& kind, bool by_model) {
  const std::string family = to_text(kind.family);
  return Json::object({{"id", kind.name},
                       {"shortDescription", message(kind.doc)},
                       {"fullDescription", message(cat(kind.doc, " (", family, ", tier ", to_text(kind.tier), "), by ",
                                                       by_model          ? "a model"
                                                       : kind.is_checked ? "shape and check"
                                                                         : "shape"))},
                       {"defaultConfiguration", Json::object({{"level", level_of(kind.tier)}})},
                       {"properties", Json::object({{"tags", Json::array({"security", family})},
                                                    {"precision", kind.is_checked ? "high" : "medium"},
                                                    {"security-severity", security_severity(kind.tier)}})}});
}

/// Kinds with a pattern, rules on files, and behind them the kinds that a model found, where one looked.
Json rules(bool with_entities) {
  Json all = Json::array();
  for (const Kind& kind : all_kinds().first(num_pattern_kinds())) all.push(kind_rule(kind, false));
  for (const FileRule& rule : kFileRules)
    all.push(Json::object({{"id", rule.name},
                           {"shortDescription", message(rule.doc)},
                           {"defaultConfiguration", Json::object({{"level", rule.level}})},
                           {"properties", Json::object({{"tags", Json::array({"data"})}})}}));
  if (with_entities)
    for (const Kind& kind : all_kinds().subspan(num_pattern_kinds())) all.push(kind_rule(kind, true));
  return all;
}

std::string percent_encoded(std::string_view path) {
  static constexpr std::string_view kPlain = "/-._~";
  std::string out;
  for (const char c : path) {
    const bool is_plain = is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
    if (is_plain || kPlain.find(c) != std::string_view::npos) out += c;
    else out += cat("%", ascii_upper(hex_encode({&c, 1})));
  }
  return out;
}

Json file_location(const fs::path& path, const fs::path& root) {
  const fs::path shown = shown_path(path, root);
  if (shown.is_absolute()) return Json::object({{"uri", cat("file://", percent_encoded(shown.native()))}});
  return Json::object({{"uri", percent_encoded(shown.native())}, {"uriBaseId", "%SRCROOT%"}});
}

/// The same in the next run, wherever other findings come and go: nothing of it
/// is told by line, and nothing of what was found can be told from it that the
/// excerpt does not show.
class Fingerprints {
 public:
  std::string next(const fs::path& file, const Finding& finding) {
    const std::string hash =
        sha256_hex(cat(file.native(), "\n", all_kinds()[finding.kind].name, "\n", finding.field, "\n", finding.excerpt))
            .substr(0, 16);
    return cat(hash, ":", ++seen_[hash]);
  }

 private:
  std::map<std::string, std::uint64_t> seen_;
};

Json region_of(const Finding& finding, const std::optional<FindingPlace>& place) {
  Json region = Json::object({{"startLine", finding.line}});
  if (place)
    region.set("startColumn", place->begin_column)
        .set("endLine", finding.line)
        .set("endColumn", place->end_column)
        .set("byteOffset", place->byte_offset)
        .set("byteLength", place->byte_length);
  return region;
}

Json result_of(const SplitAudit& split, const Finding& finding, const std::optional<FindingPlace>& place,
               const fs::path& root, Fingerprints& fingerprints) {
  const Kind& kind = all_kinds()[finding.kind];
  Json physical = Json::object({{"artifactLocation", file_location(split.path, root)}});
  if (finding.line > 0) physical.set("region", region_of(finding, place));
  Json location = Json::object({{"physicalLocation", std::move(physical)}});
  if (!finding.field.empty())
    location.set("logicalLocations",
                 Json::array({Json::object({{"fullyQualifiedName", finding.field}, {"kind", "value"}})}));
  return Json::object(
      {{"ruleId", kind.name},
       {"ruleIndex", finding.kind < num_pattern_kinds() ? finding.kind : finding.kind + std::size(kFileRules)},
       {"level", level_of(kind.tier)},
       {"message", message(words_of(finding))},
       {"locations", Json::array({std::move(location)})},
       {"partialFingerprints",
        Json::object({{"primaryLocationLineHash", fingerprints.next(shown_path(split.path, root), finding)}})},
       {"properties", Json::object({{"split", split.name},
                                    {"row", finding.row},
                                    {"begin", finding.begin},
                                    {"end", finding.end},
                                    {"excerpt", finding.excerpt}})}});
}

Json file_result(FileRuleIndex rule, const SplitAudit& split, std::string_view text, const fs::path& root,
                 std::string_view other = {}) {
  const std::string key = cat(kFileRules[rule].name, "\n", split.name, "\n", other);
  return Json::object(
      {{"ruleId", kFileRules[rule].name},
       {"ruleIndex", num_pattern_kinds() + static_cast<std::size_t>(rule)},
       {"level", kFileRules[rule].level},
       {"message", message(text)},
       {"locations",
        Json::array({Json::object(
            {{"physicalLocation", Json::object({{"artifactLocation", file_location(split.path, root)}})}})})},
       {"partialFingerprints", Json::object({{"primaryLocationLineHash", cat(sha256_hex(key).substr(0, 16), ":1")}})}});
}

Json file_results(const AuditReport& report, const fs::path& root) {
  Json results = Json::array();
  for (const SplitAudit& split : report.splits) {
    if (!split.error.empty()) results.push(file_result(unreadable_file, split, split.error, root));
    if (split.num_parse_errors > 0)
      results.push(file_result(unreadable_rows, split, cat(split.num_parse_errors, " row(s) cannot be read"), root));
  }
  for (const LeakWords& leak : leaks_in_words(report))
    results.push(file_result(leaked_rows, report.splits[leak.split], leak.text, root, leak.other));
  return results;
}

Json artifacts(const AuditReport& report, const fs::path& root) {
  Json files = Json::array();
  for (const SplitAudit& split : report.splits) {
    Json file =
        Json::object({{"location", file_location(split.path, root)}, {"roles", Json::array({"analysisTarget"})}});
    if (split.error.empty())
      file.set("length", split.size_bytes).set("hashes", Json::object({{"sha-256", split.sha256}}));
    files.push(std::move(file));
  }
  return files;
}

/// What the log leaves out.
Json notifications(std::uint64_t total, std::size_t listed) {
  Json all = Json::array();
  if (total > listed)
    all.push(
        Json::object({{"level", "warning"},
                      {"message", message(cat(total - listed, " of ", total,
                                              " findings are not listed here; all are counted in ", kReportName))}}));
  return all;
}

}  // namespace

Json sarif_log(const AuditReport& report, const fs::path& root, std::size_t max_results) {
  std::vector<ListedFinding> listed = worst_findings(report, max_results);
  const std::size_t num_listed = listed.size();
  std::sort(listed.begin(), listed.end(), [](const ListedFinding& a, const ListedFinding& b) {
    return std::tie(a.split, a.finding) < std::tie(b.split, b.finding);
  });
  Json results = file_results(report, root);
  Fingerprints fingerprints;
  for (std::size_t i = 0, split = 0; split < report.splits.size(); ++split) {
    if (i == listed.size() || listed[i].split != split) continue;
    const auto places = find_places(report.splits[split]);
    for (; i < listed.size() && listed[i].split == split; ++i)
      results.push(result_of(report.splits[split], report.splits[split].findings[listed[i].finding],
                             places[listed[i].finding], root, fingerprints));
  }
  const std::uint64_t total = total_of(report.found);
  Json run = Json::object(
      {{"tool", Json::object({{"driver", Json::object({{"name", "forgelm"},
                                                       {"semanticVersion", version()},
                                                       {"rules", rules(!report.entity_finder.is_null())}})}})},
       {"automationDetails", Json::object({{"id", "forgelm-audit/"}})},
       {"invocations", Json::array({Json::object({{"executionSuccessful", true},
                                                  {"toolExecutionNotifications", notifications(total, num_listed)}})})},
       {"artifacts", artifacts(report, root)},
       {"columnKind", "utf16CodeUnits"},
       {"results", std::move(results)},
       {"properties", Json::object({{"findings_total", total}, {"findings_listed", num_listed}})}});
  return Json::object({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                       {"version", "2.1.0"},
                       {"runs", Json::array({std::move(run)})}});
}

}  // namespace forgelm::audit
