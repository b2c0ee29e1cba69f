#include "audit_reports.hpp"

#include <algorithm>

#include "forgelm/core/files.hpp"
#include "forgelm/core/json_members.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/registry/dataset.hpp"

namespace forgelm::pipeline {
namespace {

std::int64_t count_at(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  return value != nullptr && value->kind() == Json::Kind::integer ? value->integer() : 0;
}

bool is_object(const Json* value) { return value != nullptr && value->kind() == Json::Kind::object; }

/// Column names that speak of personal data are a finding too.
bool has_suspicious_columns(const Json& report) {
  const Json* schema = report.find("schema_pii");
  const Json* flagged = schema != nullptr ? schema->find("flagged_fields") : nullptr;
  return flagged != nullptr && flagged->kind() == Json::Kind::array && !flagged->items().empty();
}

}  // namespace

bool AuditVerdict::covers(std::string_view sha256) const {
  return std::find(covered.begin(), covered.end(), sha256) != covered.end();
}

std::optional<AuditVerdict> audit_verdict(const Json& report) {
  const Json *files = report.find("files"), *splits = report.find("splits"), *scan = report.find("scan");
  const Json* kinds = scan != nullptr ? scan->find("kinds") : nullptr;
  if (files == nullptr || files->kind() != Json::Kind::array || !is_object(splits) || !is_object(kinds))
    return std::nullopt;
  AuditVerdict verdict;
  verdict.pii_status = has_suspicious_columns(report) ? registry::kPiiFindings : registry::kPiiNone;
  for (const auto& [name, kind] : kinds->members()) {
    const bool is_critical = text_at(kind, "tier") == "critical";
    if (is_critical) verdict.critical.push_back(cat(name, "=", count_at(kind, "count")));
    if (text_at(kind, "family") == "secret") continue;
    if (is_critical) verdict.pii_status = registry::kPiiCritical;
    else if (verdict.pii_status == registry::kPiiNone) verdict.pii_status = registry::kPiiFindings;
  }
  verdict.passes = verdict.critical.empty();
  for (const Json& file : files->items()) {
    const std::string name = text_at(file, "file"), sha256 = text_at(file, "sha256");
    const Json* split = splits->find(text_at(file, "split"));
    if (!is_object(split) || sha256.empty()) continue;
    const std::int64_t num_unread = count_at(*split, "parse_errors") + count_at(*split, "non_object_rows");
    if (num_unread > 0)
      verdict.not_read.push_back(
          cat(name, ": the audit could not read ", num_unread, num_unread == 1 ? " row" : " rows"));
    else if (count_at(*split, "sample_count") == 0) verdict.not_read.push_back(cat(name, ": the audit found no rows"));
    else verdict.covered.push_back(sha256);
  }
  return verdict;
}

std::optional<AuditVerdict> read_audit_verdict(const std::filesystem::path& path) {
  constexpr std::uint64_t kMaxReportBytes = std::uint64_t{1} << 30;
  constexpr JsonLimits kLimits = {.max_bytes = kMaxReportBytes};
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
  const Result<Json> document = parse_json(read_file(path, kMaxReportBytes), kLimits);
  return document ? audit_verdict(*document) : std::nullopt;
}

}  // namespace forgelm::pipeline
