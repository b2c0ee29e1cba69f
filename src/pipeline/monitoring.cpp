// The baseline is the job's (evaluation.baseline_loss), else the evaluation loss of the run before in this folder,
// which stands in earlier-<id> until the new run has ended.
#include "monitoring.hpp"

#include <exception>

#include "forgelm/compliance/metrics_export.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.monitoring");

struct Baseline {
  double loss = 0;
  std::string source, ended_at;
};

std::optional<double> number_at(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  return value != nullptr && value->is_number() ? std::optional(value->real()) : std::nullopt;
}

std::optional<Baseline> baseline_of(const config::JobConfig& job, const fs::path& run_folder) {
  if (job.evaluation && job.evaluation->baseline_loss)
    return Baseline{*job.evaluation->baseline_loss, "evaluation.baseline_loss", {}};
  std::optional<Baseline> newest;
  for (const auto& entry : fs::directory_iterator(run_folder)) {
    if (!entry.path().filename().native().starts_with("earlier-")) continue;
    const auto text = read_file_if_exists(entry.path() / kRunFile);
    if (!text) continue;
    const auto record = parse_json(*text);
    if (!record || record->kind() != Json::Kind::object) continue;
    const Json* metrics = record->find("metrics");
    const Json* ended = record->find("ended_at");
    const auto loss = metrics != nullptr ? number_at(*metrics, "eval_loss") : std::nullopt;
    if (!loss || ended == nullptr || ended->kind() != Json::Kind::text) continue;
    if (!newest || newest->ended_at < ended->text())
      newest = Baseline{*loss, cat("run ", record->at("id").text()), ended->text()};
  }
  return newest;
}

}  // namespace

Json monitor(const config::JobConfig& job, const Json& record, RunState state, const fs::path& run_folder) noexcept {
  if (!job.monitoring || !job.monitoring->enabled) return Json();
  try {
    const config::MonitoringSection& section = *job.monitoring;
    compliance::MetricsReport report;
    report.run_id = record.at("id").text();
    report.system = job.compliance && !job.compliance->system_name.empty()
                        ? job.compliance->system_name
                        : fs::absolute(run_folder / ".").lexically_normal().parent_path().filename().native();
    report.state = to_string(state);
    report.time = environment().utc_now();
    report.check_interval_hours = section.check_interval_hours;
    report.metrics = record.at("metrics");
    const auto loss = number_at(report.metrics, "eval_loss");
    const auto baseline = section.alert_on_drift && loss ? baseline_of(job, run_folder) : std::nullopt;
    if (baseline) report.drift = compliance::drift_of(*loss, baseline->loss, section.drift_threshold, baseline->source);
    if (report.drift && report.drift->is_alert)
      logger.warning("the evaluation has drifted: eval_loss ", *loss, " against ", report.drift->baseline, " (",
                     report.drift->baseline_source, "), worse by more than ", section.drift_threshold);
    return compliance::export_metrics(section, report, run_folder);
  } catch (const std::exception& error) {
    logger.warning("monitoring: ", error.what());
    return Json();
  }
}

}  // namespace forgelm::pipeline
