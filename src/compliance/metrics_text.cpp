// The three forms in which metrics leave.
#include <cmath>
#include <set>

#include "forgelm/compliance/metrics_export.hpp"
#include "forgelm/core/text.hpp"
#include "metrics_name.hpp"

namespace forgelm::compliance {
namespace {

constexpr double kSecondsPerHour = 3600;

struct Sample {
  std::string name;  ///< without prefix
  double value;
  std::string help;
};

/// All numbers of a report, the run's own first. A name that two metrics come to stands once.
std::vector<Sample> samples_of(const MetricsReport& report) {
  const double seconds = static_cast<double>(report.time.microseconds) * 1e-6;
  std::vector<Sample> samples = {
      {"run_finished_timestamp_seconds", seconds, "When the run ended."},
      {"run_succeeded", report.state == "rejected" ? 0.0 : 1.0, "1 unless a gate refused the model."},
      {"monitoring_check_interval_seconds", static_cast<double>(report.check_interval_hours) * kSecondsPerHour,
       "The next evaluation is due this long after run_finished_timestamp_seconds."}};
  if (report.drift) {
    samples.push_back({"eval_drift_share", report.drift->share, "Excess of eval_loss over its baseline, as a share."});
    samples.push_back(
        {"eval_drift_alert", report.drift->is_alert ? 1.0 : 0.0, "1 when the drift exceeds its threshold."});
  }
  std::set<std::string> names;
  for (const Sample& sample : samples) names.insert(sample.name);
  for (const auto& [name, value] : report.metrics.members()) {
    if (!value.is_number()) continue;
    std::string key = metric_name(name);
    if (names.insert(key).second) samples.push_back({std::move(key), value.real(), "A metric of the run."});
  }
  return samples;
}

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return python_float_repr(value);
}

std::string label_value(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') out += "\\n";
    else out += c;
  }
  return out;
}

Json to_json(const Drift& drift) {
  return Json::object({{"baseline", drift.baseline},
                       {"value", drift.value},
                       {"share", drift.share},
                       {"threshold", drift.threshold},
                       {"is_alert", drift.is_alert},
                       {"baseline_source", drift.baseline_source}});
}

}  // namespace

std::string metric_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool is_kept = is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '_';
    out += is_kept ? c : '_';
  }
  return out;
}

std::string system_slug(std::string_view system) {
  std::string out;
  for (const char c : system.substr(0, 100)) {
    const bool is_kept =
        is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '_' || c == '.' || c == '-';
    out += is_kept ? c : '_';
  }
  return out.empty() || out == "." || out == ".." ? "run" : out;
}

std::optional<Drift> drift_of(double eval_loss, double baseline, double threshold, std::string baseline_source) {
  if (!(baseline > 0) || !std::isfinite(baseline)) return std::nullopt;
  Drift drift;
  drift.baseline = baseline;
  drift.value = eval_loss;
  drift.share = (eval_loss - baseline) / baseline;
  drift.threshold = threshold;
  drift.is_alert = !std::isfinite(eval_loss) || drift.share > threshold;
  drift.baseline_source = std::move(baseline_source);
  return drift;
}

std::string prometheus_text(const MetricsReport& report) {
  const std::string labels =
      cat("{run_id=\"", label_value(report.run_id), "\",system=\"", label_value(system_slug(report.system)), "\"} ");
  std::string out;
  for (const Sample& sample : samples_of(report))
    out += cat("# HELP forgelm_", sample.name, " ", sample.help, "\n# TYPE forgelm_", sample.name, " gauge\nforgelm_",
               sample.name, labels, number_text(sample.value), "\n");
  return out;
}

Json datadog_series(const MetricsReport& report) {
  constexpr int kGauge = 3;
  const Json tags = Json::array(
      {cat("run_id:", report.run_id), cat("system:", system_slug(report.system)), cat("state:", report.state)});
  Json series = Json::array();
  for (const Sample& sample : samples_of(report)) {
    if (!std::isfinite(sample.value)) continue;  // the API takes finite numbers only
    const Json point = Json::object({{"timestamp", report.time.microseconds / 1'000'000}, {"value", sample.value}});
    series.push(Json::object({{"metric", cat("forgelm.", sample.name)},
                              {"type", kGauge},
                              {"points", Json::array({point})},
                              {"tags", tags}}));
  }
  return Json::object({{"series", std::move(series)}});
}

Json metrics_document(const MetricsReport& report) {
  Json metrics = Json::object();
  for (const auto& [name, value] : report.metrics.members())
    if (value.is_number()) metrics.set(name, value);
  return Json::object({{"event", "run.metrics"},
                       {"run_id", report.run_id},
                       {"system", report.system},
                       {"state", report.state},
                       {"time", iso_format(report.time)},
                       {"check_interval_hours", report.check_interval_hours},
                       {"metrics", std::move(metrics)},
                       {"drift", report.drift ? to_json(*report.drift) : Json()}});
}

}  // namespace forgelm::compliance
