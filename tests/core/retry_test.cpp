#include "forgelm/core/retry.hpp"

#include <algorithm>
#include <atomic>

#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "support/fake_network.hpp"
#include "support/http_client.hpp"
#include "support/http_server.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::test;

namespace {

/// Notes delays instead of sleeping; the draw is always `share`.
RetryPolicy noting(std::vector<std::int64_t>& delays, double share = 0.0) {
  RetryPolicy retry;
  retry.random = [share] { return share; };
  retry.sleep = [&delays](std::int64_t delay_ms) { delays.push_back(delay_ms); };
  return retry;
}

std::vector<std::int64_t> all_delays(RetryPolicy policy, std::optional<std::string_view> retry_after = {}) {
  RetrySchedule schedule(std::move(policy));
  std::vector<std::int64_t> delays;
  while (const auto delay = schedule.next_delay_ms(retry_after)) delays.push_back(*delay);
  return delays;
}

/// Answers with each status in turn, the last one for ever.
HttpServer::Handler scripted(std::vector<int> statuses, std::string headers = "") {
  return [statuses, headers, next = std::make_shared<std::atomic<std::size_t>>(0)](const ReceivedRequest&,
                                                                                   ServerConnection& connection) {
    const int status = statuses[std::min(next->fetch_add(1), statuses.size() - 1)];
    if (status == 0) connection.reset();
    else connection.send(answer(status, cat("body ", status), status == 200 ? "" : headers));
  };
}

/// Keeps the log lines of a test off stderr.
struct Lines {
  Lines() {
    set_log_sink([this](LogLevel, std::string_view line) { all.emplace_back(line); });
  }
  ~Lines() { set_log_sink({}); }
  std::vector<std::string> all;
};

HttpRequest request_to(const HttpServer& server, const std::string& method = "GET") {
  HttpRequest request;
  request.url = server.url("/secret-path?token=t");
  request.method = method;
  return request;
}

}  // namespace

TEST_CASE("retry: delays double, are capped, and lie in the upper half of their range") {
  std::vector<std::int64_t> unused;
  REQUIRE(all_delays(noting(unused, 0.0)) == std::vector<std::int64_t>{250, 500, 1000, 2000});
  REQUIRE(all_delays(noting(unused, 1.0)) == std::vector<std::int64_t>{500, 1000, 2000, 4000});
  RetryPolicy policy = noting(unused, 1.0);
  policy.max_delay_ms = 1500;
  REQUIRE(all_delays(policy) == std::vector<std::int64_t>{500, 1000, 1500, 1500});
  policy.max_attempts = 1;
  REQUIRE(all_delays(policy).empty());
}

TEST_CASE("retry: delays of different clients differ") {
  std::vector<std::vector<std::int64_t>> series;
  for (int i = 0; i < 20; ++i) series.push_back(all_delays(RetryPolicy{}));
  REQUIRE(std::count(series.begin(), series.end(), series[0]) < 20);
}

TEST_CASE("retry: Retry-After in seconds is honoured within the cap, anything else ignored") {
  std::vector<std::int64_t> unused;
  const std::vector<std::int64_t> own = {250, 500, 1000, 2000};
  REQUIRE(all_delays(noting(unused), "3") == std::vector<std::int64_t>{3000, 3000, 3000, 3000});
  REQUIRE(all_delays(noting(unused), " 1 ") == std::vector<std::int64_t>{1000, 1000, 1000, 2000});
  REQUIRE(all_delays(noting(unused), "1000000000") == std::vector<std::int64_t>{30000, 30000, 30000, 30000});
  REQUIRE(all_delays(noting(unused), "99999999999999999999999") ==
          std::vector<std::int64_t>{30000, 30000, 30000, 30000});
  for (const char* text : {"-5", "0", "", "soon", "1.5", "Wed, 21 Oct 2026 07:28:00 GMT", "5s"}) {
    INFO(text);
    REQUIRE(all_delays(noting(unused), text) == own);
  }
}

TEST_CASE("retry: all delays together stay within their limit") {
  std::vector<std::int64_t> unused;
  RetryPolicy policy = noting(unused);
  policy.max_attempts = 100;
  policy.max_total_delay_ms = 100'000;
  REQUIRE(all_delays(policy, "30") == std::vector<std::int64_t>{30000, 30000, 30000});
}

TEST_CASE("retry: a server that recovers is asked again until it answers") {
  const Lines lines;
  const HttpServer server(scripted({503, 429, 0, 500, 200}, "Retry-After: 2\r\n"));
  std::vector<std::int64_t> delays;
  REQUIRE(send_with_retries(request_to(server), local(), noting(delays)).body == "body 200");
  REQUIRE(delays == std::vector<std::int64_t>{2000, 2000, 1000, 2000});
  REQUIRE(server.num_connections() == 5);
  REQUIRE(lines.all.size() == 4);
  REQUIRE(lines.all[0].find("/secret-path?***: status 503; attempt 2 of 5 in 2000 ms") != std::string::npos);
}

TEST_CASE("retry: at most five attempts, then the last answer or failure") {
  const Lines lines;
  std::vector<std::int64_t> delays;
  const HttpServer busy(scripted({503}));
  REQUIRE(send_with_retries(request_to(busy), local(), noting(delays)).status == 503);
  REQUIRE(busy.num_connections() == 5);
  const HttpServer broken(scripted({0}));
  REQUIRE(failure_of([&] { send_with_retries(request_to(broken), local(), noting(delays)); }).failure() ==
          HttpFailure::protocol);
  REQUIRE(broken.num_connections() == 5);
}

TEST_CASE("retry: what will not change is not tried again") {
  const Lines lines;
  std::vector<std::int64_t> delays;
  for (const int status : {200, 301, 400, 401, 403, 404, 501}) {
    const HttpServer server(scripted({status}));
    REQUIRE(send_with_retries(request_to(server), local(), noting(delays)).status == status);
    REQUIRE(server.num_connections() == 1);
  }
  const HttpServer server(scripted({200}));
  REQUIRE(failure_of([&] { send_with_retries(request_to(server), HttpPolicy{}, noting(delays)); }).failure() ==
          HttpFailure::refused);
  REQUIRE(delays.empty());
}

TEST_CASE("retry: a POST is repeated only when it was surely not carried out, or the caller says so") {
  const Lines lines;
  std::vector<std::int64_t> delays;
  const HttpServer failing(scripted({500, 200}));
  REQUIRE(send_with_retries(request_to(failing, "POST"), local(), noting(delays)).status == 500);
  const HttpServer cut_off(scripted({0, 200}));
  REQUIRE(failure_of([&] { send_with_retries(request_to(cut_off, "POST"), local(), noting(delays)); }).failure() ==
          HttpFailure::protocol);
  const HttpServer busy(scripted({429, 503, 200}));
  REQUIRE(send_with_retries(request_to(busy, "POST"), local(), noting(delays)).status == 200);
  RetryPolicy retry = noting(delays);
  retry.may_repeat_unsafe = true;
  const HttpServer recovering(scripted({500, 0, 200}));
  REQUIRE(send_with_retries(request_to(recovering, "POST"), local(), retry).status == 200);
}

TEST_CASE("retry: nothing is sent again once a part of the body was delivered") {
  const HttpServer server([](const ReceivedRequest&, ServerConnection& connection) {
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
  });
  std::vector<std::int64_t> delays;
  HttpRequest request = request_to(server);
  std::string got;
  request.on_body = [&](const HttpResponse&, std::string_view piece) { return got += piece, true; };
  REQUIRE(failure_of([&] { send_with_retries(request, local(), noting(delays)); }).failure() == HttpFailure::protocol);
  REQUIRE(got == "hello");
  REQUIRE(server.num_connections() == 1);
}
