#include "forgelm/compliance/metrics_export.hpp"

#include <exception>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/http.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/redact.hpp"
#include "forgelm/core/retry.hpp"
#include "forgelm/core/text.hpp"
#include "metrics_name.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;
using config::MetricsExport;

constexpr Logger logger("forgelm.monitoring");
constexpr const char* kDatadog = "https://api.datadoghq.com";
constexpr const char* kDatadogKey = "DD_API_KEY";
constexpr std::int64_t kTimeoutMs = 15'000;
constexpr int kMaxAttempts = 3;

std::string endpoint_of(const config::MonitoringSection& section) {
  std::string endpoint = section.endpoint;
  if (section.endpoint_env) {
    endpoint = environment().variable(*section.endpoint_env).value_or("");
    if (endpoint.empty())
      throw RunError(RunErrorKind::network, cat("the environment variable ", *section.endpoint_env, " is not set"));
    register_secret(endpoint);  // its path may be a token
  }
  while (!endpoint.empty() && endpoint.back() == '/') endpoint.pop_back();
  return endpoint;
}

/// The receiver's key; nothing where none is asked for.
std::string key_of(const config::MonitoringSection& section) {
  const bool is_datadog = section.metrics_export == MetricsExport::datadog;
  if (!section.api_key_env && !is_datadog) return {};
  const std::string name = section.api_key_env.value_or(kDatadogKey);
  const std::string key = environment().variable(name).value_or("");
  if (key.empty()) throw RunError(RunErrorKind::network, cat("the environment variable ", name, " is not set"));
  register_secret(key);
  return key;
}

/// What is sent where.
HttpRequest request_for(const config::MonitoringSection& section, const MetricsReport& report) {
  HttpRequest request;
  request.method = "POST";
  request.url = endpoint_of(section);
  request.is_path_secret = section.endpoint_env.has_value();
  const std::string key = key_of(section);
  const bool is_datadog = section.metrics_export == MetricsExport::datadog;
  if (!key.empty())
    request.headers.push_back(is_datadog ? HttpHeader{"DD-API-KEY", key}
                                         : HttpHeader{"Authorization", cat("Bearer ", key)});
  if (section.metrics_export == MetricsExport::prometheus) {
    request.method = "PUT";  // replaces all that was pushed for this system
    request.url += cat("/metrics/job/forgelm/system/", system_slug(report.system));
    request.headers.push_back({"Content-Type", "text/plain; version=0.0.4; charset=utf-8"});
    request.body = prometheus_text(report);
    return request;
  }
  request.headers.push_back({"Content-Type", "application/json"});
  if (is_datadog) request.url = (request.url.empty() ? std::string(kDatadog) : request.url) + "/api/v2/series";
  request.body = redact(dump(is_datadog ? datadog_series(report) : metrics_document(report)));
  return request;
}

void send_report(const config::MonitoringSection& section, const MetricsReport& report, Json& outcome) {
  const bool is_named = !section.endpoint.empty() || section.endpoint_env.has_value();
  if (!is_named && section.metrics_export == MetricsExport::prometheus) return;  // the file is all
  if (!is_named && section.metrics_export == MetricsExport::custom_webhook)
    throw RunError(RunErrorKind::network, "monitoring.endpoint names no receiver");
  const HttpRequest request = request_for(section, report);
  outcome.set("sent_to", mask_url(request.url, request.is_path_secret));
  HttpPolicy policy;
  policy.total_timeout_ms = kTimeoutMs;
  policy.allow_private_destinations = section.allow_private_destinations;
  policy.max_response_bytes = 1 << 20;
  RetryPolicy retry;
  retry.max_attempts = kMaxAttempts;
  retry.max_total_delay_ms = kTimeoutMs;
  retry.may_repeat_unsafe = true;  // the same numbers twice are the same numbers
  const HttpResponse response = send_with_retries(request, policy, retry);
  outcome.set("http_status", response.status);
  if (!response.is_success())
    throw RunError(RunErrorKind::network, cat("the receiver answered with HTTP status ", response.status));
}

void write_textfile(const config::MonitoringSection& section, const MetricsReport& report, const fs::path& run_folder,
                    Json& outcome) {
  const fs::path file = section.textfile_directory ? fs::path(*section.textfile_directory) /
                                                         cat("forgelm_", system_slug(report.system), ".prom")
                                                   : run_folder / kPrometheusFile;
  write_file_durably(file, prometheus_text(report));
  outcome.set("file", file.native());
}

}  // namespace

Json export_metrics(const config::MonitoringSection& section, const MetricsReport& report,
                    const fs::path& run_folder) noexcept {
  Json outcome = Json::object({{"export", to_text(section.metrics_export)}, {"status", "none"}});
  try {
    if (report.drift) outcome.set("drift", metrics_document(report).at("drift"));
    if (section.metrics_export == MetricsExport::none) return outcome;
    // Whichever of the two fails, the other is tried.
    std::string problem;
    const auto attempt = [&](const auto& step) {
      try {
        step();
      } catch (const std::exception& error) {
        problem += cat(problem.empty() ? "" : "; ", redact(error.what()));
      }
    };
    if (section.metrics_export == MetricsExport::prometheus)
      attempt([&] { write_textfile(section, report, run_folder, outcome); });
    attempt([&] { send_report(section, report, outcome); });
    outcome.set("status", problem.empty() ? "sent" : "failed");
    if (problem.empty()) return outcome;
    outcome.set("error", problem);
    logger.warning("the run's metrics did not all leave by ", to_text(section.metrics_export), ": ", problem);
  } catch (const std::exception& error) {
    logger.warning("the run's metrics did not leave: ", error.what());
  }
  return outcome;
}

}  // namespace forgelm::compliance
