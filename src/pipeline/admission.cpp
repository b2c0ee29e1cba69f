#include "admission.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "audit_reports.hpp"
#include "forgelm/audit/audit.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/source.hpp"

namespace forgelm::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxShown = 5;

/// Files that the run reads rows of.
std::vector<fs::path> files_read(const config::JobConfig& job) {
  std::vector<fs::path> files;
  const auto add = [&](const data::SourceSplit& split) {
    files.insert(files.end(), split.files.begin(), split.files.end());
  };
  const data::Source primary = data::find_source(job.data.dataset_name_or_path, job.data.eval_split);
  add(primary.train());
  if (const auto eval = data::choose_eval_split(primary, job.data.eval_split); eval.split != nullptr) add(*eval.split);
  for (const std::string& name : job.data.extra_datasets.value_or(std::vector<std::string>()))
    add(data::find_source(name).train());
  return files;
}

/// Verdicts on content, as they are looked up; every report is read once.
class Verdicts {
 public:
  explicit Verdicts(const config::JobConfig& job)
      : index_(registry::Index::open_existing()), common_{fs::path("audit"), fs::path(job.training.output_dir)} {}

  /// Where an audit of the content is known to let it pass; nothing when there is none. `against`: why not.
  std::optional<std::string> admitting(const fs::path& file, const std::string& sha256, std::string& against) {
    std::string passed, failed;
    if (index_)
      for (const auto& [status, ref] : index_->audits_of_file(sha256)) {
        if (status == registry::kAuditAccepted) return cat("registered data set ", ref, ", findings accepted");
        std::string& which = status == registry::kAuditPassed ? passed : failed;
        if (which.empty()) which = cat("registered data set ", ref);
      }
    std::vector<fs::path> folders = common_;
    for (fs::path folder = file.parent_path(); const auto& name : {"", "audit", "../audit"})
      folders.push_back(folder / name);
    for (const fs::path& folder : folders) {
      const fs::path path = (folder / audit::kReportName).lexically_normal();
      const auto& verdict = report_at(path);
      if (!verdict || !verdict->covers(sha256)) continue;
      std::string& which = verdict->passes ? passed : failed;
      if (which.empty()) which = path.native();
    }
    if (!failed.empty()) against = cat("its audit did not pass (", failed, ")");
    else if (passed.empty()) against = "no audit covers its content";
    else return passed;
    return std::nullopt;
  }

 private:
  const std::optional<AuditVerdict>& report_at(const fs::path& path) {
    const auto known = reports_.find(path);
    if (known != reports_.end()) return known->second;
    return reports_.emplace(path, read_audit_verdict(path)).first->second;
  }

  std::optional<registry::Index> index_;
  std::vector<fs::path> common_;
  std::map<fs::path, std::optional<AuditVerdict>> reports_;
};

}  // namespace

std::optional<Refusal> check_registered(const ResolvedJob& resolved) {
  if (!resolved.dataset) return std::nullopt;
  const std::vector<FileMismatch> mismatches = verify_dataset(*resolved.dataset);
  if (mismatches.empty()) return std::nullopt;
  Refusal refusal;
  refusal.state = RunState::data_changed;
  refusal.message = cat("the data are not what was registered as ", resolved.dataset->ref(), ": ");
  for (std::size_t i = 0; i < std::min(mismatches.size(), kMaxShown); ++i)
    refusal.message += cat(i > 0 ? "; " : "", describe(mismatches[i]));
  if (mismatches.size() > kMaxShown) refusal.message += cat("; and ", mismatches.size() - kMaxShown, " files more");
  refusal.hint = "restore the files, or register what is there now as another version";
  return refusal;
}

std::optional<Refusal> check_audited(const config::JobConfig& job, Json& evidence) {
  if (!job.data.require_audit) return std::nullopt;
  Verdicts verdicts(job);
  evidence = Json::array();
  std::vector<std::string> refused;
  std::size_t num_refused = 0;
  for (const fs::path& file : files_read(job)) {
    const std::string sha256 = sha256_file(file);
    std::string against;
    const auto admitted = verdicts.admitting(file, sha256, against);
    if (admitted) evidence.push(Json::object({{"path", file.native()}, {"sha256", sha256}, {"audit", *admitted}}));
    else if (++num_refused <= kMaxShown) refused.push_back(cat(file.native(), ": ", against));
  }
  if (num_refused == 0) return std::nullopt;
  Refusal refusal;
  refusal.message = cat("data.require_audit: ", join(refused, "; "),
                        num_refused > kMaxShown ? cat("; and ", num_refused - kMaxShown, " files more") : "");
  refusal.hint = cat("`forgelm audit ", job.data.dataset_name_or_path,
                     "` writes a report to ./audit, where it is looked for; `forgelm data register ",
                     job.data.dataset_name_or_path, " --name NAME` audits and keeps the result");
  return refusal;
}

std::uint64_t num_audited_bytes(const config::JobConfig& job) {
  std::uint64_t sum = 0;
  for (const fs::path& file : files_read(job)) sum += fs::file_size(file);
  return sum;
}

Json registered_json(const ResolvedJob& resolved) {
  if (!resolved.dataset) return Json();
  const registry::Dataset& set = *resolved.dataset;
  return Json::object({{"ref", set.ref()},
                       {"id", set.id},
                       {"digest", set.digest},
                       {"rows", set.num_rows},
                       {"license", set.license.empty() ? Json() : Json(set.license)},
                       {"pii_status", set.pii_status},
                       {"audit_status", set.audit_status},
                       {"audit_note", set.audit_note.empty() ? Json() : Json(set.audit_note)},
                       {"made_from", Json::array_of(resolved.ancestors)}});
}

}  // namespace forgelm::pipeline
