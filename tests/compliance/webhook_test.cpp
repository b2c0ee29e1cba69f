// Notices: their bytes as the reference's, the forms of other services, and that nothing a receiver does reaches the
// run.
#include "forgelm/compliance/webhook.hpp"

#include <cmath>
#include <fstream>
#include <limits>

#include "forgelm/core/env.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/http.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/redact.hpp"
#include "forgelm/core/text.hpp"
#include "support/fake_environment.hpp"
#include "support/fake_network.hpp"
#include "support/http_server.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using compliance::DeliveryOutcome;
using compliance::WebhookNotifier;

config::WebhookSection section_for(const std::string& url) {
  config::WebhookSection section;
  section.url = url;
  section.allow_private_destinations = true;
  return section;
}

/// Retries that do not wait; their delays are kept.
struct Impatience {
  std::vector<std::int64_t> delays_ms;
  RetryPolicy policy() {
    RetryPolicy policy = compliance::webhook_retry_policy();
    policy.sleep = [this](std::int64_t delay_ms) { delays_ms.push_back(delay_ms); };
    return policy;
  }
};

/// Keeps what is logged.
class Log {
 public:
  Log() {
    set_log_sink([this](LogLevel, std::string_view line) { text_ += cat(line, "\n"); });
  }
  ~Log() { set_log_sink({}); }
  bool holds(std::string_view text) const { return text_.find(text) != std::string::npos; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void ok(const test::ReceivedRequest&, test::ServerConnection& to) { to.send(test::answer(200, "ok")); }

Json golden_metrics(const Json& object) {
  Json out = Json::object();
  for (const auto& [name, value] : object.members()) {
    const bool is_text = value.kind() == Json::Kind::text;
    if (is_text && value.text() == "nan") out.set(name, std::nan(""));
    else if (is_text && value.text().ends_with("inf"))
      out.set(name, (value.text()[0] == '-' ? -1 : 1) * std::numeric_limits<double>::infinity());
    else out.set(name, value);
  }
  return out;
}

/// Calls the function of the reference's name.
void notify(WebhookNotifier& notifier, const std::string& call, const Json::Array& arguments) {
  const auto text = [&](std::size_t i) -> const std::string& { return arguments.at(i).text(); };
  if (call == "notify_start") notifier.training_started(text(0));
  else if (call == "notify_success") notifier.training_succeeded(text(0), golden_metrics(arguments.at(1)));
  else if (call == "notify_failure") notifier.training_failed(text(0), text(1));
  else if (call == "notify_reverted") notifier.training_reverted(text(0), text(1));
  else if (call == "notify_awaiting_approval") notifier.approval_required(text(0), text(1));
  else if (call == "notify_pipeline_started") notifier.pipeline_started(text(0), arguments.at(1).integer());
  else if (call == "notify_pipeline_completed")
    notifier.pipeline_completed(text(0), text(1),
                                arguments.at(2).is_null() ? std::nullopt : std::optional<std::string_view>(text(2)));
  else if (call == "notify_pipeline_reverted") notifier.pipeline_stage_reverted(text(0), text(1), text(2));
  else FAIL("no such call: " << call);
}

}  // namespace

TEST_CASE("webhook: every notice is byte for byte the reference's") {
  test::HttpServer server(ok);
  WebhookNotifier notifier(section_for(server.url("/")));
  std::ifstream lines(FORGELM_SOURCE_DIR "/tests/golden/webhook/payloads.jsonl");
  std::size_t num_calls = 0;
  for (std::string line; std::getline(lines, line); ++num_calls) {
    const Json golden = parse_json(line).value();
    INFO(line.substr(0, 300));
    notify(notifier, golden.at("call").text(), golden.at("arguments").items());
    REQUIRE(server.requests().size() == num_calls + 1);
    const auto request = server.requests().back();
    CHECK(request.body == golden.at("body").text());
    CHECK(request.method == "POST");
    CHECK(request.header("Content-Type") == "application/json");
  }
  CHECK(num_calls == 30);
}

TEST_CASE("webhook: secrets that this process knows are masked, whatever their shape") {
  test::HttpServer server(ok);
  WebhookNotifier notifier(section_for(server.url("/")));
  REQUIRE(register_secret("hunter2-of-this-test"));
  notifier.training_failed("run", "the password hunter2-of-this-test was refused");
  CHECK(server.requests().back().body.find("hunter2") == std::string::npos);
  CHECK(server.requests().back().body.find("the password *** was refused") != std::string::npos);
}

TEST_CASE("webhook: a flag that is off, a missing section and a pipeline that waits send nothing") {
  test::HttpServer server(ok);
  auto section = section_for(server.url("/"));
  section.notify_on_start = section.notify_on_success = section.notify_on_failure = false;
  WebhookNotifier silent(section);
  WebhookNotifier none(std::nullopt);
  for (WebhookNotifier* notifier : {&silent, &none}) {
    notifier->training_started("run");
    notifier->training_succeeded("run", Json::object());
    notifier->training_failed("run", "reason");
    notifier->training_reverted("run", "reason");
    notifier->approval_required("run", "path");
    notifier->pipeline_started("pl", 1);
    notifier->pipeline_completed("pl", "completed", std::nullopt);
    notifier->pipeline_completed("pl", "stopped_at_stage", "a");
    notifier->pipeline_stage_reverted("pl", "a", "reason");
    CHECK(notifier->deliveries().empty());
  }
  WebhookNotifier notifier(section_for(server.url("/")));
  notifier.pipeline_completed("pl", "gated_pending_approval", "a");
  CHECK(server.num_connections() == 0);
  notifier.pipeline_completed("pl", "completed", std::nullopt);
  CHECK(server.num_connections() == 1);
}

TEST_CASE("webhook: the form follows the host, or the key webhook.format") {
  using config::WebhookFormat;
  CHECK(compliance::webhook_format_for("hooks.slack.com") == WebhookFormat::slack);
  CHECK(compliance::webhook_format_for("contoso.webhook.office.com") == WebhookFormat::teams);
  CHECK(compliance::webhook_format_for("prod-01.westeurope.logic.azure.com") == WebhookFormat::teams);
  CHECK(compliance::webhook_format_for("discord.com") == WebhookFormat::discord);
  CHECK(compliance::webhook_format_for("notdiscord.com") == WebhookFormat::generic);
  CHECK(compliance::webhook_format_for("discord.com.example.org") == WebhookFormat::generic);

  test::HttpServer server(ok);
  const auto body_as = [&](WebhookFormat format) {
    auto section = section_for(server.url("/"));
    section.format = format;
    WebhookNotifier notifier(section);
    notifier.training_failed("run", "<!channel> a & b\n@everyone");
    REQUIRE(notifier.deliveries().back().outcome == DeliveryOutcome::delivered);
    return parse_json(server.requests().back().body).value();
  };
  const Json slack = body_as(WebhookFormat::slack);
  CHECK(slack.at("attachments").items()[0].at("text").text().find("&lt;!channel&gt; a &amp; b") != std::string::npos);
  CHECK(slack.at("event").text() == "training.failure");

  const Json teams = body_as(WebhookFormat::teams);
  CHECK(teams.at("type").text() == "message");
  const Json& attachment = teams.at("attachments").items().at(0);
  CHECK(attachment.at("contentType").text() == "application/vnd.microsoft.card.adaptive");
  const Json& card = attachment.at("content");
  CHECK(card.at("type").text() == "AdaptiveCard");
  CHECK(card.at("version").text() == "1.4");
  CHECK(card.at("body").items().at(0).at("style").text() == "attention");
  CHECK(card.at("body").items().at(0).at("items").items().at(0).at("text").text() == "Training Failed: run");
  CHECK(card.at("body").items().at(2).at("facts").items().at(0).at("value").text() == "training.failure");

  const Json discord = body_as(WebhookFormat::discord);
  CHECK(discord.at("allowed_mentions") == Json::object({{"parse", Json::array()}}));
  const Json& embed = discord.at("embeds").items().at(0);
  CHECK(embed.at("title").text() == "Training Failed: run");
  CHECK(embed.at("color") == Json(0xff0000));
  CHECK(discord.find("attachments") == nullptr);
}

TEST_CASE("webhook: Discord's and Teams' limits hold for the longest notice") {
  test::HttpServer server(ok);
  for (const auto format : {config::WebhookFormat::discord, config::WebhookFormat::teams}) {
    auto section = section_for(server.url("/"));
    section.format = format;
    WebhookNotifier notifier(section);
    Json metrics = Json::object();
    for (int i = 0; i < 500; ++i) metrics.set(cat("a_rather_long_name_of_a_metric_", i), 0.5 + i);
    notifier.training_succeeded(std::string(5000, 'r'), metrics);
    const Json body = parse_json(server.requests().back().body).value();
    if (format == config::WebhookFormat::discord) {
      const Json& embed = body.at("embeds").items().at(0);
      std::size_t sum = num_code_points(embed.at("title").text()) + num_code_points(embed.at("description").text());
      CHECK(num_code_points(embed.at("title").text()) <= 256);
      CHECK(num_code_points(embed.at("description").text()) <= 4096);
      for (const Json& field : embed.at("fields").items()) {
        CHECK(num_code_points(field.at("value").text()) <= 1024);
        sum += num_code_points(field.at("name").text()) + num_code_points(field.at("value").text());
      }
      CHECK(sum <= 6000);
    } else {
      CHECK(server.requests().back().body.size() < 28'000);
    }
  }
}

TEST_CASE("webhook: a busy receiver is asked again, and then given up") {
  int num_asked = 0;
  test::HttpServer server([&](const test::ReceivedRequest&, test::ServerConnection& to) {
    to.send(test::answer(++num_asked < 3 ? 503 : 200, "", "Retry-After: 2\r\n"));
  });
  Impatience impatience;
  WebhookNotifier notifier(section_for(server.url("/")), impatience.policy());
  notifier.training_started("run");
  CHECK(notifier.deliveries().back().outcome == DeliveryOutcome::delivered);
  CHECK(notifier.deliveries().back().num_attempts == 3);
  CHECK(notifier.deliveries().back().http_status == 200);
  CHECK(impatience.delays_ms == std::vector<std::int64_t>{2000, 2000});
  // The same notice, whoever counts.
  CHECK(server.requests()[0].header("Idempotency-Key") == server.requests()[2].header("Idempotency-Key"));
  CHECK(server.requests()[0].header("Idempotency-Key").size() == 32);

  num_asked = -100;
  notifier.training_started("run");
  CHECK(notifier.deliveries().back().outcome == DeliveryOutcome::failed);
  CHECK(notifier.deliveries().back().num_attempts == 3);
  CHECK(notifier.deliveries().back().http_status == 503);
  CHECK(server.requests().size() == 6);
}

TEST_CASE("webhook: what a receiver answers, or does not, is only noted") {
  struct Case {
    const char* name;
    std::function<void(test::ServerConnection&)> handle;
    int http_status;
    int num_attempts;
  };
  const Case cases[] = {
      {"not found", [](auto& to) { to.send(test::answer(404, "secret echo")); }, 404, 1},
      {"refused", [](auto& to) { to.send(test::answer(401, "")); }, 401, 1},
      {"redirect", [](auto& to) { to.send(test::answer(307, "", "Location: http://169.254.169.254/latest\r\n")); }, 307,
       1},
      {"redirect to a file", [](auto& to) { to.send(test::answer(302, "", "Location: file:///etc/passwd\r\n")); }, 302,
       1},
      {"server error", [](auto& to) { to.send(test::answer(500, "")); }, 500, 3},
      {"reset", [](auto& to) { to.reset(); }, 0, 3},
      {"no http", [](auto& to) { to.send("SSH-2.0-OpenSSH_9.2\r\n"); }, 0, 3},
      {"cut off", [](auto& to) { to.send("HTTP/1."); }, 0, 3},
      {"silence", [](auto& to) { to.wait(60'000); }, 0, 3},
  };
  for (const Case& each : cases) {
    INFO(each.name);
    Log log;
    test::HttpServer server([&](const test::ReceivedRequest&, test::ServerConnection& to) { each.handle(to); });
    Impatience impatience;
    auto section = section_for(server.url("/services/T0000/B0000/this-is-the-token-of-it"));
    section.timeout = 1;
    WebhookNotifier notifier(section, impatience.policy());
    notifier.training_started("run");
    REQUIRE(notifier.deliveries().size() == 1);
    const auto& delivery = notifier.deliveries()[0];
    CHECK(delivery.outcome == DeliveryOutcome::failed);
    CHECK(delivery.http_status == each.http_status);
    CHECK(delivery.num_attempts == each.num_attempts);
    CHECK(delivery.reason != "");
    CHECK(log.holds("training.start"));
    for (const std::string& text : {log.text(), dump(compliance::to_json(delivery))}) {
      CHECK(text.find("this-is-the-token") == std::string::npos);
      CHECK(text.find("secret echo") == std::string::npos);
    }
  }
}

TEST_CASE("webhook: an answer without an end does not hold the run beyond the time-out") {
  test::HttpServer server([](const test::ReceivedRequest&, test::ServerConnection& to) {
    to.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
    while (to.send("x") && to.wait(50)) {
    }
  });
  Impatience impatience;
  auto section = section_for(server.url("/"));
  section.timeout = 1;
  WebhookNotifier notifier(section, impatience.policy());
  notifier.training_started("run");
  CHECK(notifier.deliveries().back().outcome == DeliveryOutcome::failed);
}

TEST_CASE("webhook: private and forbidden addresses are refused before anything is sent") {
  test::HttpServer server(ok);
  Log log;
  auto section = section_for(server.url("/token-of-the-receiver-0001"));
  section.allow_private_destinations = false;
  WebhookNotifier refused(section);
  refused.training_started("run");
  CHECK(refused.deliveries().back().outcome == DeliveryOutcome::refused);
  CHECK(refused.deliveries().back().num_attempts == 0);
  for (const char* url : {"http://169.254.169.254/latest", "http://[::ffff:169.254.169.254]/", "ftp://example.org/",
                          "file:///etc/passwd", "http://user:password@127.0.0.1/", "http://127.0.0.1\\@example.org/",
                          "not an address", "http://0.0.0.0/", "http://[fe80::1]/"}) {
    INFO(url);
    WebhookNotifier notifier(section_for(url));
    notifier.training_started("run");
    CHECK(notifier.deliveries().back().outcome == DeliveryOutcome::refused);
  }
  section = section_for(server.url("/"));
  section.require_https = true;
  WebhookNotifier plain(section);
  plain.training_started("run");
  CHECK(plain.deliveries().back().outcome == DeliveryOutcome::refused);
  CHECK(server.num_connections() == 0);
  CHECK_FALSE(log.holds("token-of-the-receiver"));
}

TEST_CASE("webhook: a name is looked up once, and what was checked is what is dialled") {
  test::HttpServer server(ok);
  test::FakeNetwork network;
  config::WebhookSection section;
  section.url = server.url("/", "hooks.example.org");
  {
    network.name("hooks.example.org", {{"8.8.8.8"}, {"127.0.0.1"}});
    WebhookNotifier notifier(section);
    notifier.training_started("run");
    CHECK(notifier.deliveries().back().outcome == DeliveryOutcome::delivered);
    CHECK(network.num_look_ups() == 1);
    CHECK(network.dialled() == std::vector<std::string>{"8.8.8.8"});
    notifier.training_succeeded("run", Json::object());  // the name points inside by now
    CHECK(notifier.deliveries().back().outcome == DeliveryOutcome::refused);
  }
  network.name("hooks.example.org", {{"8.8.8.8", "10.0.0.1"}});
  WebhookNotifier mixed(section);
  mixed.training_started("run");
  CHECK(mixed.deliveries().back().outcome == DeliveryOutcome::refused);
  CHECK(server.num_connections() == 1);
}

TEST_CASE("webhook: TLS is verified, against the bundle that the job names") {
  const test::TemporaryDirectory folder;
  const test::TestAuthority authority("authority of this test");
  const test::TestAuthority stranger("another authority");
  write_file_durably(folder / "authority.pem", authority.pem());
  const auto outcome = [&](const test::TlsIdentity& identity) {
    test::HttpServer server(ok, &identity);
    auto section = section_for(server.url("/"));
    section.tls_ca_bundle = (folder / "authority.pem").native();
    Impatience impatience;
    WebhookNotifier notifier(section, impatience.policy());
    notifier.training_started("run");
    CHECK(notifier.deliveries().back().num_attempts == 1);
    CHECK(server.requests().size() == (notifier.deliveries().back().outcome == DeliveryOutcome::delivered ? 1 : 0));
    return notifier.deliveries().back().outcome;
  };
  CHECK(outcome(authority.issue("IP:127.0.0.1")) == DeliveryOutcome::delivered);
  CHECK(outcome(authority.issue("DNS:other.test")) == DeliveryOutcome::failed);
  CHECK(outcome(authority.issue("IP:127.0.0.1", -7200, -3600)) == DeliveryOutcome::failed);
  CHECK(outcome(stranger.issue("IP:127.0.0.1")) == DeliveryOutcome::failed);
}

TEST_CASE("webhook: offline, only a private receiver that the job permits is told; others are noted as not sent") {
  struct Offline {
    Offline() { set_offline(true); }
    ~Offline() { set_offline(false); }
  } offline;
  test::HttpServer server(ok);
  WebhookNotifier local(section_for(server.url("/")));
  local.training_started("run");
  CHECK(local.deliveries().back().outcome == DeliveryOutcome::delivered);
  test::FakeNetwork network;
  network.name("hooks.example.org", {{"8.8.8.8"}});
  for (const bool allows : {false, true}) {
    auto section = section_for("https://hooks.example.org/");
    section.allow_private_destinations = allows;
    WebhookNotifier notifier(section);
    notifier.training_started("run");
    CHECK(notifier.deliveries().back().outcome == DeliveryOutcome::not_sent);
    CHECK(notifier.deliveries().back().reason.find("offline") != std::string::npos);
  }
  CHECK(network.dialled().empty());
}

TEST_CASE("webhook: the address comes from the environment, and a variable that is not set is noted") {
  test::HttpServer server(ok);
  test::FakeEnvironment fake;
  const ScopedEnvironment scope(fake);
  config::WebhookSection section;
  section.url_env = "HOOK_OF_THE_TEST";
  section.allow_private_destinations = true;
  WebhookNotifier unset(section);
  unset.training_started("run");
  CHECK(unset.deliveries().back().outcome == DeliveryOutcome::not_sent);
  CHECK(unset.deliveries().back().reason.find("HOOK_OF_THE_TEST") != std::string::npos);
  fake.variables["HOOK_OF_THE_TEST"] = server.url("/") + "\n";
  WebhookNotifier set(section);
  set.training_started("run");
  CHECK(set.deliveries().back().outcome == DeliveryOutcome::delivered);
}
