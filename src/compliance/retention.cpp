#include "forgelm/compliance/retention.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>

#include "forgelm/compliance/bundle.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/line_blocks.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/rounding.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;

constexpr double kMicrosecondsOfDay = 86400e6;
constexpr std::string_view kStaging = ".staging.", kEarlier = "earlier-";

/// When runs began, by their first event; under "" the log's.
using FirstEvents = std::map<std::string, UtcTime, std::less<>>;

void take_event(std::string_view line, FirstEvents& first) {
  const auto event = parse_json(line);
  if (!event) return;
  const Json* timestamp = event.value().find("timestamp");
  if (timestamp == nullptr || timestamp->kind() != Json::Kind::text) return;
  const auto time = parse_iso_time(timestamp->text());
  if (!time) return;
  first.emplace("", *time);
  const Json* run = event.value().find("run_id");
  if (run != nullptr && run->kind() == Json::Kind::text && !run->text().empty()) first.emplace(run->text(), *time);
}

FirstEvents first_events(const fs::path& log) {
  FirstEvents first;
  std::error_code error;
  if (!fs::is_regular_file(log, error)) return first;
  LineBlocks blocks(log);
  while (const auto block = blocks.next())
    for (const std::string_view line : block->lines()) take_event(line, first);
  return first;
}

/// The run that wrote the bundle, as its report says; "" when nothing does.
std::string run_of_bundle(const fs::path& folder) {
  constexpr std::uint64_t kMaxReportBytes = 64 << 20;
  const auto text = read_file_if_exists(folder / kReportFile, kMaxReportBytes);
  if (!text) return "";
  const auto report = parse_json(*text);
  const Json* run = report ? report.value().find("run_id") : nullptr;
  return run != nullptr && run->kind() == Json::Kind::text ? run->text() : "";
}

class Scan {
 public:
  explicit Scan(const fs::path& folder)
      : folder_(folder), now_(environment().utc_now()), first_(first_events(folder / "audit_log.jsonl")) {}

  void look(std::string kind, const std::string& name, std::int64_t horizon_days, const std::string& run_id = "") {
    const fs::path path = folder_ / name;
    struct stat info {};
    if (horizon_days == 0 || ::stat(path.c_str(), &info) != 0) return;
    UtcTime since{std::int64_t{info.st_mtim.tv_sec} * 1000000 + info.st_mtim.tv_nsec / 1000};
    auto event = first_.find(run_id);
    if (event == first_.end()) event = first_.find("");
    if (event != first_.end()) since = event->second;
    const double age_days = static_cast<double>(now_.microseconds - since.microseconds) / kMicrosecondsOfDay;
    if (age_days <= static_cast<double>(horizon_days)) return;
    found_.push_back({std::move(kind), path.native(), rounded(age_days, 1), horizon_days,
                      event != first_.end() ? "audit" : "mtime"});
  }

  std::vector<RetentionExcess> found() { return std::move(found_); }

 private:
  fs::path folder_;
  UtcTime now_;
  FirstEvents first_;
  std::vector<RetentionExcess> found_;
};

std::vector<std::string> folders_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_directory(ignored)) names.push_back(entry->path().filename().native());
  }
  if (error && error != std::errc::no_such_file_or_directory) throw os_error("list", folder.native(), error.value());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Json to_json(const RetentionExcess& excess) {
  return Json::object({{"artefact_kind", excess.artefact_kind},
                       {"path", excess.path},
                       {"age_days", excess.age_days},
                       {"horizon_days", excess.horizon_days},
                       {"age_source", excess.age_source}});
}

std::vector<RetentionExcess> retention_excesses(const config::RetentionSection& retention, const fs::path& output_dir) {
  Scan scan(output_dir);
  scan.look("audit_log", "audit_log.jsonl", retention.audit_log_retention_days);
  scan.look("staging_dir", "final_model.staging", retention.staging_ttl_days);
  scan.look("compliance_bundle", kBundleFolder, retention.ephemeral_artefact_retention_days,
            run_of_bundle(output_dir / kBundleFolder));
  scan.look("data_audit_report", "data_audit_report.json", retention.ephemeral_artefact_retention_days);
  // A staged model has its run in its name, whatever training.final_model_dir is.
  for (const std::string& name : folders_in(output_dir)) {
    if (const std::size_t at = name.find(kStaging); at != std::string::npos && at > 0) {
      const std::string run_id = name.substr(at + kStaging.size());
      scan.look(cat("staging_dir[", run_id, "]"), name, retention.staging_ttl_days, run_id);
    } else if (name.starts_with(kEarlier)) {
      const std::string run_id = name.substr(kEarlier.size());
      scan.look(cat("earlier_run[", run_id, "]"), name, retention.ephemeral_artefact_retention_days, run_id);
    }
  }
  for (const char* name : {"raw_documents", "ingestion_output"})
    scan.look(cat("raw_documents[", name, "]"), name, retention.raw_documents_retention_days);
  return scan.found();
}

std::string excess_line(const std::vector<RetentionExcess>& excesses, config::RetentionEnforce enforce) {
  Json list = Json::array();
  for (const RetentionExcess& excess : excesses) list.push(to_json(excess));
  return cat(
      "retention.excess ",
      dump(Json::object({{"enforce", to_text(enforce)}, {"count", excesses.size()}, {"violations", std::move(list)}})));
}

std::span<const LegalMinimum> legal_minimums() {
  // Any six months in a row have at most 184 days, any ten years 3653.
  static const LegalMinimum kMinimums[] = {
      {"audit_log", 184, law("logs_kept_months"), "providers and deployers of high-risk systems",
       law("high_risk_annex_iii_applies_from").date},
      {"compliance_bundle", 3653, law("documentation_kept_years"), "providers of high-risk systems",
       law("high_risk_annex_iii_applies_from").date},
  };
  return kMinimums;
}

std::vector<std::string> horizons_below_law(const config::RetentionSection& retention, bool is_high_risk) {
  std::vector<std::string> out;
  for (const LegalMinimum& minimum : legal_minimums()) {
    const bool is_log = minimum.artefact_kind == "audit_log";
    const std::int64_t days = is_log ? retention.audit_log_retention_days : retention.ephemeral_artefact_retention_days;
    if (days == 0 || days >= minimum.days || !(is_log || is_high_risk)) continue;
    out.push_back(cat(is_log ? "retention.audit_log_retention_days" : "retention.ephemeral_artefact_retention_days",
                      " is ", days, "; by the AI Act (", minimum.law.provision, ") it is at least ", minimum.days,
                      " days for ", minimum.who, " from ", minimum.applies_from));
  }
  return out;
}

}  // namespace forgelm::compliance
