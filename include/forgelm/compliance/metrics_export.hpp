// A run's metrics on their way out: as a file for Prometheus' textfile collector, pushed to a Pushgateway, as series to
// Datadog, or as JSON to a receiver of one's own. Everything goes through core/http with its guard of addresses;
// secrets come from the environment. The trap: nothing here may fail a run; what did not arrive is told in the result.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "forgelm/config/job.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::compliance {

/// The evaluation against its baseline.
struct Drift {
  double baseline = 0, value = 0;
  double share = 0;  ///< (value - baseline) / baseline
  double threshold = 0;
  bool is_alert = false;        ///< share > threshold, or the value is no finite number
  std::string baseline_source;  ///< "evaluation.baseline_loss", "run fg-..."
};

/// Nothing where the baseline is not above 0.
std::optional<Drift> drift_of(double eval_loss, double baseline, double threshold, std::string baseline_source);

struct MetricsReport {
  std::string run_id;
  std::string system;  ///< what the series are of: letters, digits, "_", "." and "-" are kept, others become "_"
  std::string state;   ///< "finished", "awaiting_approval", "rejected"
  UtcTime time;
  std::int64_t check_interval_hours = 24;
  Json metrics = Json::object();  ///< numbers count, everything else is left out
  std::optional<Drift> drift;
};

/// The text format 0.0.4: gauges "forgelm_<metric>" with labels run_id and system, no time stamps.
std::string prometheus_text(const MetricsReport& report);
/// The body of POST /api/v2/series.
Json datadog_series(const MetricsReport& report);
/// The body that a receiver of one's own gets.
Json metrics_document(const MetricsReport& report);

/// In the run's folder, without textfile_directory.
inline constexpr const char* kPrometheusFile = "forgelm.prom";

/// Sends by `section.metrics_export` and tells what became of it: {"export", "status": "sent", "failed" or "none",
/// "file", "sent_to" (masked), "error", "drift"}. Never throws. `run_folder`: where kPrometheusFile goes.
Json export_metrics(const config::MonitoringSection& section, const MetricsReport& report,
                    const std::filesystem::path& run_folder) noexcept;

}  // namespace forgelm::compliance
