// Metrics on their way out, against servers on loopback; nothing that a server does fails the export.
#include "forgelm/compliance/metrics_export.hpp"

#include <limits>

#include "forgelm/core/files.hpp"
#include "forgelm/core/http.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "support/fake_environment.hpp"
#include "support/http_server.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using config::MetricsExport;
namespace fs = std::filesystem;

struct Bench {
  Bench() {
    set_log_level(LogLevel::ERROR);
    section.enabled = true;
    section.allow_private_destinations = true;
    report.run_id = "fg-1";
    report.system = "Letter \"helper\"";
    report.state = "finished";
    report.time = *parse_iso_time("2026-08-01T12:00:00+00:00");
    report.metrics = Json::object({{"eval_loss", 1.25}, {"num_steps", 12}, {"benchmark/arc", 0.5}, {"note", "text"}});
  }
  ~Bench() { set_log_level(LogLevel::INFO); }
  Json send() { return compliance::export_metrics(section, report, folder.path()); }

  test::FakeEnvironment environment;
  ScopedEnvironment scope{environment};
  test::TemporaryDirectory folder;
  config::MonitoringSection section;
  compliance::MetricsReport report;
};

test::HttpServer::Handler always(std::string bytes) {
  return [bytes = std::move(bytes)](const test::ReceivedRequest&, test::ServerConnection& connection) {
    connection.send(bytes);
  };
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("metrics: Prometheus text has a help, a type and a sample for each number") {
  const Bench bench;
  const std::string text = compliance::prometheus_text(bench.report);
  const std::string labels = "{run_id=\"fg-1\",system=\"Letter__helper_\"} ";
  CHECK(has(text, "# HELP forgelm_eval_loss A metric of the run.\n# TYPE forgelm_eval_loss gauge\nforgelm_eval_loss" +
                      labels + "1.25\n"));
  CHECK(has(text, "forgelm_num_steps" + labels + "12.0\n"));
  CHECK(has(text, "forgelm_benchmark_arc" + labels + "0.5\n"));
  CHECK(has(text, "forgelm_run_finished_timestamp_seconds" + labels + "1785585600.0\n"));
  CHECK(has(text, "forgelm_monitoring_check_interval_seconds" + labels + "86400.0\n"));
  CHECK_FALSE(has(text, "note"));
  auto report = bench.report;
  report.metrics = Json::object({{"a/b", std::numeric_limits<double>::infinity()},
                                 {"a_b", 1.0},
                                 {"n", std::numeric_limits<double>::quiet_NaN()}});
  const std::string odd = compliance::prometheus_text(report);
  CHECK(has(odd, "forgelm_a_b" + labels + "+Inf\n"));
  CHECK_FALSE(has(odd, "forgelm_a_b" + labels + "1.0"));  // a name stands once
  CHECK(has(odd, "forgelm_n" + labels + "NaN\n"));
}

TEST_CASE("metrics: a text file for the collector, replaced as a whole, in the run's folder or where the job says") {
  Bench bench;
  bench.section.metrics_export = MetricsExport::prometheus;
  const Json here = bench.send();
  CHECK(here.at("status").text() == "sent");
  CHECK(read_file(bench.folder / "forgelm.prom") == compliance::prometheus_text(bench.report));
  fs::create_directory(bench.folder / "collector");
  bench.section.textfile_directory = (bench.folder / "collector").native();
  const Json there = bench.send();
  CHECK(there.at("file").text() == (bench.folder / "collector/forgelm_Letter__helper_.prom").native());
  CHECK(std::distance(fs::directory_iterator(bench.folder / "collector"), fs::directory_iterator()) == 1);
  bench.section.textfile_directory = (bench.folder / "absent").native();
  CHECK(bench.send().at("status").text() == "failed");
}

TEST_CASE("metrics: a Pushgateway is given the group of the system, with the key of the environment") {
  Bench bench;
  const test::HttpServer server(always(test::answer(200, "")));
  bench.section.metrics_export = MetricsExport::prometheus;
  bench.section.endpoint = server.url("/");
  bench.section.api_key_env = "PUSH_TOKEN";
  bench.environment.variables["PUSH_TOKEN"] = "token-of-the-gateway";
  const Json told = bench.send();
  CHECK(told.at("status").text() == "sent");
  CHECK(told.at("http_status").integer() == 200);
  const auto request = server.requests().at(0);
  CHECK(request.method == "PUT");
  CHECK(request.target == "/metrics/job/forgelm/system/Letter__helper_");
  CHECK(request.header("Authorization") == "Bearer token-of-the-gateway");
  CHECK(request.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(request.body == compliance::prometheus_text(bench.report));
  CHECK_FALSE(has(dump(told), "token-of-the-gateway"));
}

TEST_CASE("metrics: Datadog gets series with its key") {
  Bench bench;
  const test::HttpServer server(always(test::answer(202, "{\"errors\":[]}")));
  bench.section.metrics_export = MetricsExport::datadog;
  bench.section.endpoint = server.url("");
  CHECK(bench.send().at("error").text().find("DD_API_KEY") != std::string::npos);
  CHECK(server.requests().empty());
  bench.environment.variables["DD_API_KEY"] = "datadog-key-of-this-test";
  CHECK(bench.send().at("status").text() == "sent");
  const auto request = server.requests().at(0);
  CHECK(request.method == "POST");
  CHECK(request.target == "/api/v2/series");
  CHECK(request.header("DD-API-KEY") == "datadog-key-of-this-test");
  const Json series = parse_json(request.body).value().at("series");
  const auto found = std::find_if(series.items().begin(), series.items().end(),
                                  [](const Json& one) { return one.at("metric").text() == "forgelm.eval_loss"; });
  REQUIRE(found != series.items().end());
  CHECK(found->at("type").integer() == 3);
  CHECK(found->at("points") == Json::array({Json::object({{"timestamp", 1785585600}, {"value", 1.25}})}));
  CHECK(found->at("tags").items().front().text() == "run_id:fg-1");
}

TEST_CASE("metrics: a receiver of one's own gets the numbers and the drift, at an address of the environment") {
  Bench bench;
  const test::HttpServer server(always(test::answer(200, "")));
  bench.section.metrics_export = MetricsExport::custom_webhook;
  bench.section.endpoint_env = "RECEIVER";
  bench.environment.variables["RECEIVER"] = server.url("/hook/with-a-secret");
  bench.report.drift = compliance::drift_of(1.25, 1.0, 0.05, "run fg-0");
  const Json told = bench.send();
  CHECK(told.at("status").text() == "sent");
  CHECK_FALSE(has(dump(told), "with-a-secret"));
  const auto request = server.requests().at(0);
  CHECK(request.target == "/hook/with-a-secret");
  const Json body = parse_json(request.body).value();
  CHECK(body.at("metrics") == Json::object({{"eval_loss", 1.25}, {"num_steps", 12}, {"benchmark/arc", 0.5}}));
  CHECK(body.at("drift").at("is_alert").boolean());
  CHECK(body.at("drift").at("share").real() == 0.25);
  CHECK(told.at("drift") == body.at("drift"));
}

TEST_CASE("metrics: whatever the receiver does, the export comes back with what went wrong") {
  Bench bench;
  bench.section.metrics_export = MetricsExport::custom_webhook;
  CHECK(bench.send().at("status").text() == "failed");  // no receiver is named
  bench.section.endpoint_env = "RECEIVER";
  CHECK(bench.send().at("error").text().find("RECEIVER") != std::string::npos);
  bench.section.endpoint_env.reset();
  const auto fails = [&](const test::HttpServer::Handler& handler) {
    const test::HttpServer server(handler);
    bench.section.endpoint = server.url("");
    const Json told = bench.send();
    CHECK(told.at("status").text() == "failed");
    CHECK_FALSE(told.at("error").text().empty());
  };
  fails(always(test::answer(400, "no")));
  fails(always(test::answer(302, "", "Location: http://127.0.0.1:1/\r\n")));
  fails(always("garbage"));
  fails([](const test::ReceivedRequest&, test::ServerConnection& connection) { connection.reset(); });
  const test::HttpServer server(always(test::answer(200, "")));
  bench.section.endpoint = server.url("");
  bench.section.allow_private_destinations = false;
  CHECK(bench.send().at("status").text() == "failed");
  CHECK(server.requests().empty());  // a private address is not dialled unless the job allows it
  set_offline(true);
  CHECK(bench.send().at("status").text() == "failed");
  set_offline(false);
  bench.section.metrics_export = MetricsExport::none;
  CHECK(bench.send().at("status").text() == "none");
}

TEST_CASE("metrics: the drift is the excess over the baseline, and a loss that is no number is an alert") {
  CHECK_FALSE(compliance::drift_of(1.04, 1.0, 0.05, "")->is_alert);
  CHECK(compliance::drift_of(1.06, 1.0, 0.05, "")->is_alert);
  CHECK_FALSE(compliance::drift_of(0.5, 1.0, 0.0, "")->is_alert);
  CHECK(compliance::drift_of(std::numeric_limits<double>::quiet_NaN(), 1.0, 0.05, "")->is_alert);
  CHECK_FALSE(compliance::drift_of(1.0, 0.0, 0.05, ""));
}
