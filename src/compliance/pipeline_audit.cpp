#include "pipeline_audit.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "forgelm/compliance/audit_log.hpp"
#include "forgelm/compliance/audit_verify.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/json_members.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;
using Kind = PipelineViolation::Kind;

constexpr std::uint64_t kMaxLogBytes = std::uint64_t{32} << 20;
constexpr std::string_view kMark = "[audit-log corroboration]";

Corroboration unattested(std::string_view reason, std::string_view detail, Kind kind = Kind::unverified) {
  Corroboration out;
  out.reason = reason;
  out.violations.push_back({kind, cat(kMark, " unattested (", reason, "): ", detail)});
  return out;
}

Corroboration contradicted(std::string_view reason, std::vector<std::string> details) {
  Corroboration out;
  out.outcome = "contradicted";
  out.reason = reason;
  for (const std::string& detail : details) out.violations.push_back({Kind::integrity, cat(kMark, " ", detail)});
  return out;
}

/// The entries of the log, each with a tag; or why it attests nothing.
struct Entries {
  std::vector<Json> entries;
  std::optional<Corroboration> verdict;
};

Entries read_entries(const std::string& text) {
  Entries out;
  std::size_t number = 0;
  for (const std::string& line : split(text, '\n')) {
    if (line.empty()) continue;
    ++number;
    auto entry = parse_json(line);
    if (!entry || entry->kind() != Json::Kind::object) {
      out.verdict =
          contradicted("audit_log_malformed", {cat("line ", number, " of the audit log is no JSON object",
                                                   entry ? std::string() : cat(": ", entry.error().message))});
      return out;
    }
    if (entry->find("_hmac") == nullptr) {
      out.verdict = unattested("audit_log_unsigned", cat("line ", number,
                                                         " carries no _hmac: the secret was not set when the run was "
                                                         "recorded, or somebody removed the tags"));
      return out;
    }
    out.entries.push_back(std::move(entry).value());
  }
  if (out.entries.empty()) out.verdict = unattested("audit_log_empty", "the audit log holds no entry");
  return out;
}

/// What the log says last of each stage of a run.
struct StageEvents {
  std::set<std::string> passed;  ///< and not started again since, nor any stage before it
  std::size_t num_events = 0;
  bool has_ended = false;
};

StageEvents replay(const std::vector<Json>& entries, const std::string& run_id,
                   const std::map<std::string, std::size_t>& places) {
  StageEvents out;
  for (const Json& entry : entries) {
    if (text_at(entry, "pipeline_run_id") != run_id) continue;
    const std::string event = text_at(entry, "event"), stage = text_at(entry, "stage_name");
    if (event == "pipeline.completed") out.has_ended = true;
    if (!event.starts_with("pipeline.stage_") || stage.empty()) continue;
    ++out.num_events;
    if (event == "pipeline.stage_completed" && text_at(entry, "gate_decision") == "passed") {
      out.passed.insert(stage);
      continue;
    }
    out.passed.erase(stage);
    const auto place = places.find(stage);
    if (event != "pipeline.stage_started" || place == places.end()) continue;
    // Whatever comes behind a stage that begins anew may end otherwise now.
    for (auto one = out.passed.begin(); one != out.passed.end();) {
      const auto other = places.find(*one);
      one = other != places.end() && other->second >= place->second ? out.passed.erase(one) : std::next(one);
    }
  }
  return out;
}

Corroboration compare(const Json& manifest, const std::string& run_id, const std::vector<Json>& entries) {
  std::map<std::string, std::size_t> places;
  std::map<std::string, std::vector<std::string>> statuses;
  if (const Json* stages = manifest.find("stages"); stages != nullptr && stages->kind() == Json::Kind::array)
    for (std::size_t i = 0; i < stages->items().size(); ++i) {
      const std::string name = text_at(stages->items()[i], "name");
      places.emplace(name, i);
      statuses[name].push_back(text_at(stages->items()[i], "status"));
    }
  const StageEvents events = replay(entries, run_id, places);
  if (events.num_events == 0)
    return unattested("no_events_for_run_id", cat("the log holds no stage event of the run ", quote(run_id)));
  const std::string final_status = text_at(manifest, "final_status");
  if ((final_status == "completed" || final_status == "stopped_at_stage") && !events.has_ended)
    return unattested("run_terminal_event_absent",
                      cat("the manifest says ", quote(final_status),
                          ", and the log holds no pipeline.completed of this run: its end is not covered"));
  std::vector<std::string> details;
  for (const std::string& stage : events.passed) {
    const auto found = statuses.find(stage);
    if (found == statuses.end())
      details.push_back(cat("stage ", quote(stage), " has passed by the log, and the manifest has no such stage"));
    else if (std::find(found->second.begin(), found->second.end(), "completed") == found->second.end())
      details.push_back(
          cat("stage ", quote(stage), " has passed by the log, and the manifest says ", quote(found->second.front())));
  }
  Corroboration out;
  if (!details.empty()) out = contradicted("stage_census_mismatch", std::move(details));
  else out.outcome = "corroborated";
  if (out.violations.empty()) out.reason = events.passed.empty() ? "no_passed_stage_assertions" : "stage_census_agrees";
  out.num_events = events.num_events;
  out.num_stages_asserted = events.passed.size();
  return out;
}

}  // namespace

Corroboration corroborate(const Json& manifest, const fs::path& folder, const std::optional<std::string>& secret) {
  const std::string run_id = text_at(manifest, "pipeline_run_id");
  if (trim(run_id).empty()) return unattested("manifest_has_no_run_id", "the manifest names no run");
  const fs::path path = folder / kAuditLogName;
  if (!fs::is_regular_file(path)) return unattested("audit_log_absent", cat("there is no ", quote(path.native())));
  if (!secret) {
    Corroboration out;
    out.reason = "no_audit_secret";
    out.note =
        "FORGELM_AUDIT_SECRET is not set: whether the audit log agrees with the manifest was not checked, and a "
        "manifest "
        "that was written anew as a whole would not be found";
    return out;
  }
  std::string text;
  try {
    if (fs::file_size(path) > kMaxLogBytes)
      return unattested("audit_log_oversize", cat("the log is larger than ", kMaxLogBytes, " bytes"));
    text = read_file(path, kMaxLogBytes);
  } catch (const std::exception& error) {
    return unattested("audit_log_unreadable", error.what(), Kind::io);
  }
  if (!is_valid_utf8(text)) return contradicted("audit_log_encoding", {"the audit log is not UTF-8"});
  Entries read = read_entries(text);
  if (read.verdict) return std::move(*read.verdict);
  AuditVerifyOptions options;
  options.secret = secret;
  options.requires_tags = true;
  const AuditVerification log = verify_audit_file(path, options);
  if (!log.is_valid())
    return contradicted("audit_log_integrity", {cat("the audit log is ", to_text(log.verdict),
                                                    log.errors.empty() ? "" : cat(": ", log.errors.front()))});
  return compare(manifest, run_id, read.entries);
}

}  // namespace forgelm::compliance
