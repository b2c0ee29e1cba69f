// Where the client may go: addresses, redirects, credentials, offline.
#include <cstdlib>

#include "forgelm/core/http.hpp"
#include "forgelm/core/text.hpp"
#include "support/fake_network.hpp"
#include "support/http_client.hpp"
#include "support/http_server.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::test;

namespace {

constexpr const char* kPublic = "93.184.216.34";
constexpr const char* kOtherPublic = "93.184.216.35";

HttpPolicy following(int max_redirects) {
  HttpPolicy policy;
  policy.max_redirects = max_redirects;
  policy.total_timeout_ms = 5000;
  return policy;
}

HttpFailure failure(const HttpRequest& request, const HttpPolicy& policy) {
  return failure_of([&] { send(request, policy); }).failure();
}

HttpServer::Handler redirecting_to(std::string location, int status = 302) {
  return [=](const ReceivedRequest&, ServerConnection& connection) {
    connection.send(answer(status, "moved", cat("Location: ", location, "\r\n")));
  };
}

HttpServer::Handler ok() {
  return [](const ReceivedRequest&, ServerConnection& connection) { connection.send(answer(200, "ok")); };
}

/// --offline for as long as it lives.
struct Offline {
  Offline() { set_offline(true); }
  ~Offline() { set_offline(false); }
};

}  // namespace

TEST_CASE("http guard: loopback is refused by default and allowed by the flag") {
  const HttpServer server(ok());
  HttpPolicy policy;
  for (const char* host : {"127.0.0.1", "127.1", "2130706433", "0x7f.1", "localhost", "[::ffff:127.0.0.1]", "[::1]"}) {
    INFO(host);
    const HttpError error = failure_of([&] { send(get(server.url("/", host)), policy); });
    REQUIRE(error.failure() == HttpFailure::refused);
    REQUIRE(error.hint().find("allow_private_destinations") != std::string::npos);
  }
  REQUIRE(server.num_connections() == 0);
  policy.allow_private_destinations = true;
  REQUIRE(send(get(server.url("/", "127.1")), policy).status == 200);
  REQUIRE(send(get(server.url("/", "localhost")), policy).status == 200);
  REQUIRE(send(get(server.url("/", "[::ffff:127.0.0.1]")), policy).status == 200);
}

TEST_CASE("http guard: a metadata service is refused even with the flag") {
  FakeNetwork network;
  network.name("metadata.test", {{"169.254.169.254"}});
  HttpPolicy policy;
  policy.allow_private_destinations = true;
  for (const char* url : {"http://169.254.169.254/latest/meta-data/", "http://[::ffff:a9fe:a9fe]/",
                          "http://metadata.test/", "http://0xa9fea9fe/", "http://[64:ff9b::a9fe:a9fe]/"}) {
    INFO(url);
    REQUIRE(failure(get(url), policy) == HttpFailure::refused);
  }
  REQUIRE(network.dialled().empty());
}

TEST_CASE("http guard: one forbidden address among those of a name refuses the name") {
  const HttpServer server(ok());
  FakeNetwork network;
  network.name("mixed.test", {{kPublic, "10.0.0.1"}});
  REQUIRE(failure(get(server.url("/", "mixed.test")), {}) == HttpFailure::refused);
  REQUIRE(server.num_connections() == 0);
}

TEST_CASE("http guard: a name is looked up once, and only the address that was checked is dialled") {
  const HttpServer server(ok());
  for (int i = 0; i < 20; ++i) {
    FakeNetwork network;
    network.name("rebinding.test", {{kPublic}, {"127.0.0.1"}});  // the second look-up would give loopback
    REQUIRE(send(get(server.url("/", "rebinding.test")), {}).status == 200);
    REQUIRE(network.num_look_ups() == 1);
    REQUIRE(network.dialled() == std::vector<std::string>{kPublic});
    REQUIRE(failure(get(server.url("/", "rebinding.test")), {}) == HttpFailure::refused);  // that one is caught too
    REQUIRE(network.dialled().size() == 1);
  }
}

TEST_CASE("http guard: a name with IPv6 and IPv4 addresses is dialled at those and no others") {
  const HttpServer server(ok());
  FakeNetwork network;
  network.name("both.test", {{"2606:4700::1111", kPublic}});
  REQUIRE(send(get(server.url("/", "both.test")), {}).status == 200);
  REQUIRE_FALSE(network.dialled().empty());
  for (const std::string& address : network.dialled()) REQUIRE((address == "2606:4700::1111" || address == kPublic));
  REQUIRE(server.requests().at(0).header("Host") == cat("both.test:", server.port()));
}

TEST_CASE("http guard: a name without an address is a look-up failure") {
  FakeNetwork network;
  REQUIRE(failure(get("http://nowhere.test/"), {}) == HttpFailure::dns);
}

TEST_CASE("http redirects: without permission a redirect is the answer") {
  FakeNetwork network;
  network.name("first.test", {{kPublic}});
  const HttpServer server(redirecting_to("http://127.0.0.1/"));
  const HttpResponse response = send(get(server.url("/", "first.test")), {});
  REQUIRE(response.status == 302);
  REQUIRE(response.body == "moved");
  REQUIRE(*response.header("location") == "http://127.0.0.1/");
}

TEST_CASE("http redirects: each hop is checked, so a public server cannot send us to a private place") {
  const HttpServer target(ok());
  for (const std::string& location :
       {target.url(), target.url("/", "localhost"), target.url("/", "inside.test"),
        std::string("http://169.254.169.254/"), std::string("file:///etc/passwd"), std::string("gopher://127.0.0.1/"),
        std::string("http://a@b/"), std::string("//127.0.0.1/"), std::string("http://first.test\\@127.0.0.1/")}) {
    FakeNetwork network;
    network.name("first.test", {{kPublic}});
    network.name("inside.test", {{"192.168.0.1"}});
    network.name("localhost", {{"127.0.0.1"}});
    const HttpServer first(redirecting_to(location));
    INFO(location);
    REQUIRE(failure(get(first.url("/", "first.test")), following(5)) == HttpFailure::refused);
    REQUIRE(first.num_connections() == 1);
  }
  REQUIRE(target.num_connections() == 0);
}

TEST_CASE("http redirects: credentials stay with their origin") {
  const HttpServer second(ok());
  FakeNetwork network;
  network.name("first.test", {{kPublic}});
  network.name("second.test", {{kOtherPublic}});
  const HttpServer first(redirecting_to(second.url("/file", "second.test"), 307));
  HttpRequest request = get(first.url("/", "first.test"));
  request.headers = {{"Authorization", "Bearer CANARY"},
                     {"X-Api-Key", "CANARY"},
                     {"api-key", "CANARY"},
                     {"Range", "bytes=5-"},
                     {"Accept", "a/b"},
                     {"If-None-Match", "e"}};
  const HttpResponse response = send(request, following(5));
  REQUIRE(response.body == "ok");
  REQUIRE(response.num_redirects == 1);
  REQUIRE(response.url == second.url("/file", "second.test"));
  REQUIRE(network.dialled() == std::vector<std::string>{kPublic, kOtherPublic});
  REQUIRE(first.requests().at(0).header("Authorization") == "Bearer CANARY");
  const ReceivedRequest received = second.requests().at(0);
  REQUIRE(received.head.find("CANARY") == std::string::npos);
  REQUIRE(received.header("Range") == "bytes=5-");
  REQUIRE(received.header("Accept") == "a/b");
  REQUIRE(received.header("If-None-Match") == "e");
}

TEST_CASE("http redirects: another port of the same host is another origin, the same origin keeps credentials") {
  const HttpServer other_port(ok());
  FakeNetwork network;
  network.name("first.test", {{kPublic}});
  const HttpServer first([&](const ReceivedRequest& received, ServerConnection& connection) {
    const std::string next = received.target == "/" ? "/again" : other_port.url("/", "first.test");
    connection.send(answer(302, "", cat("Location: ", next, "\r\n")));
  });
  HttpRequest request = get(first.url("/", "first.test"));
  request.headers = {{"Authorization", "Bearer CANARY"}};
  REQUIRE(send(request, following(5)).num_redirects == 2);
  REQUIRE(first.requests().at(1).target == "/again");
  REQUIRE(first.requests().at(1).header("Authorization") == "Bearer CANARY");
  REQUIRE(other_port.requests().at(0).header("Authorization") == "(absent)");
}

TEST_CASE("http redirects: credentials once dropped do not come back with the first host") {
  FakeNetwork network;
  network.name("first.test", {{kPublic}});
  network.name("second.test", {{kOtherPublic}});
  std::string away;
  std::string back;
  const HttpServer first([&](const ReceivedRequest& received, ServerConnection& connection) {
    connection.send(received.target == "/" ? answer(302, "", cat("Location: ", away, "\r\n")) : answer(200, "ok"));
  });
  const HttpServer second([&](const ReceivedRequest&, ServerConnection& connection) {
    connection.send(answer(302, "", cat("Location: ", back, "\r\n")));
  });
  away = second.url("/", "second.test");
  back = first.url("/end", "first.test");
  HttpRequest request = get(first.url("/", "first.test"));
  request.headers = {{"Authorization", "Bearer CANARY"}};
  REQUIRE(send(request, following(5)).body == "ok");
  REQUIRE(first.requests().at(1).header("Authorization") == "(absent)");
}

TEST_CASE("http redirects: loops and long chains end") {
  FakeNetwork network;
  network.name("first.test", {{kPublic}});
  const HttpServer server(redirecting_to("/loop"));
  REQUIRE(failure(get(server.url("/", "first.test")), following(3)) == HttpFailure::protocol);
  REQUIRE(server.num_connections() == 4);
}

TEST_CASE("http redirects: a body goes to its own server alone, and 303 turns it into a GET") {
  FakeNetwork network;
  network.name("first.test", {{kPublic}});
  network.name("second.test", {{kOtherPublic}});
  const HttpServer second(ok());
  for (const int status : {301, 302, 303, 307, 308}) {
    INFO(status);
    const HttpServer first(redirecting_to(second.url("/", "second.test"), status));
    HttpRequest request = get(first.url("/", "first.test"));
    request.method = "POST";
    request.body = "private text";
    request.headers = {{"Content-Type", "text/plain"}};
    if (status >= 307) {
      REQUIRE(failure(request, following(5)) == HttpFailure::refused);
    } else {
      REQUIRE(send(request, following(5)).status == 200);
      REQUIRE(second.requests().back().method == "GET");
      REQUIRE(second.requests().back().body.empty());
      REQUIRE(second.requests().back().header("Content-Type") == "(absent)");
    }
  }
}

TEST_CASE("http redirects: a long body of a redirect is not read") {
  FakeNetwork network;
  network.name("first.test", {{kPublic}});
  const HttpServer server([](const ReceivedRequest& received, ServerConnection& connection) {
    if (received.target == "/end") connection.send(answer(200, "ok"));
    else connection.send("HTTP/1.1 302 Found\r\nLocation: /end\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  });
  HttpRequest request = get(server.url("/", "first.test"));
  std::string got;
  request.on_body = [&](const HttpResponse&, std::string_view piece) { return got += piece, true; };
  REQUIRE(send(request, following(1)).status == 200);
  REQUIRE(got == "ok");
}

TEST_CASE("http guard: require_https refuses http before any look-up, and after a redirect") {
  FakeNetwork network;
  HttpPolicy policy;
  policy.require_https = true;
  REQUIRE(failure(get("http://first.test/"), policy) == HttpFailure::refused);
  REQUIRE(network.num_look_ups() == 0);
}

TEST_CASE("http offline: no name is looked up and no connection made") {
  const HttpServer server(ok());
  FakeNetwork network;
  network.name("public.test", {{kPublic}});
  network.name("local.test", {{"127.0.0.1"}});
  network.name("mixed.test", {{"127.0.0.1", kPublic}});
  const Offline offline;
  HttpPolicy policy;
  for (const std::string& url : {server.url(), server.url("/", "public.test"), server.url("/", "local.test")})
    REQUIRE(failure(get(url), policy) == HttpFailure::refused);
  REQUIRE(network.num_look_ups() == 0);
  policy.allow_private_destinations = true;
  REQUIRE(failure(get(server.url("/", "public.test")), policy) == HttpFailure::refused);
  REQUIRE(failure(get(server.url("/", "mixed.test")), policy) == HttpFailure::refused);
  REQUIRE(failure(get(cat("http://", kPublic, ":", server.port(), "/")), policy) == HttpFailure::refused);
  REQUIRE(network.dialled().empty());
  REQUIRE(server.num_connections() == 0);
  REQUIRE(send(get(server.url("/", "local.test")), policy).status == 200);
  REQUIRE(send(get(server.url()), policy).status == 200);
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  policy.use_environment_proxy = true;  // a proxy would carry us out: it is not used
  REQUIRE(failure(get(server.url("/", "public.test")), policy) == HttpFailure::refused);
  REQUIRE(send(get(server.url()), policy).status == 200);
  ::unsetenv("http_proxy");
}
