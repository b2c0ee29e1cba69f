// The client against a server that answers well and badly.
#include "forgelm/core/http.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdlib>

#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"
#include "support/fake_network.hpp"
#include "support/http_client.hpp"
#include "support/http_server.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::test;

namespace {

HttpServer::Handler always(std::string bytes) {
  return [bytes = std::move(bytes)](const ReceivedRequest&, ServerConnection& connection) { connection.send(bytes); };
}

HttpFailure failure(const HttpServer& server, const HttpPolicy& policy = local()) {
  return failure_of([&] { send(get(server.url("/x?key=value")), policy); }).failure();
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("http: an answer comes with status, headers and body, whatever its status") {
  const HttpServer server(always(answer(404, "not here", "X-Kind: First\r\nx-kind: second\r\n")));
  const HttpResponse response = send(get(server.url("/a?b=c")), local());
  REQUIRE(response.status == 404);
  REQUIRE_FALSE(response.is_success());
  REQUIRE(response.body == "not here");
  REQUIRE(*response.header("X-KIND") == "First");
  REQUIRE(response.header("Absent") == nullptr);
  REQUIRE(response.url == server.url("/a?b=c"));
  REQUIRE(server.requests().at(0).target == "/a?b=c");
}

TEST_CASE("http: nothing is sent that was not asked for") {
  const HttpServer server(always(answer(200, "", "Set-Cookie: id=1\r\n")));
  send(get(server.url()), local());
  send(get(server.url()), local());
  const ReceivedRequest request = server.requests().at(1);
  const std::string host = cat("127.0.0.1:", server.port());
  REQUIRE(request.head ==
          cat("GET / HTTP/1.1\r\nHost: ", host, "\r\nUser-Agent: forgelm/", version(), "\r\nAccept: */*"));
}

TEST_CASE("http: a POST carries its body, headers and no others") {
  const HttpServer server(always(answer(200, "{}")));
  HttpRequest request = get(server.url("/hook"));
  request.method = "POST";
  request.headers = {{"Content-Type", "application/json"}, {"Authorization", "Bearer t"}, {"X-Empty", ""}};
  request.body = std::string("{\"a\": \0 1}", 10) + std::string(200000, 'x');
  REQUIRE(send(request, local()).status == 200);
  const ReceivedRequest received = server.requests().at(0);
  REQUIRE(received.body == request.body);
  REQUIRE(received.header("content-type") == "application/json");
  REQUIRE(received.header("authorization") == "Bearer t");
  REQUIRE(received.header("x-empty").empty());
  REQUIRE(received.header("expect") == "(absent)");
  request.headers.clear();
  request.body.clear();
  send(request, local());
  REQUIRE(server.requests().at(1).header("content-type") == "(absent)");
  REQUIRE(server.requests().at(1).header("content-length") == "0");
}

TEST_CASE("http: HEAD takes no body, and its announced length is no limit") {
  const HttpServer server(always("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"));
  HttpRequest request = get(server.url());
  request.method = "HEAD";
  const HttpResponse response = send(request, local());
  REQUIRE(response.body.empty());
  REQUIRE(*response.header("content-length") == "99999999999");
  REQUIRE(server.requests().at(0).method == "HEAD");
}

TEST_CASE("http: chunked bodies are put together and their trailers left out") {
  const HttpServer server(
      always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n"
             "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nX-Late: 1\r\n\r\n"));
  const HttpResponse response = send(get(server.url()), local());
  REQUIRE(response.body == "hello world");
  REQUIRE(response.header("X-Late") == nullptr);
}

TEST_CASE("http: headers of an interim answer count for nothing") {
  const HttpServer server(always("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" + answer(200, "ok")));
  const HttpResponse response = send(get(server.url()), local());
  REQUIRE(response.status == 200);
  REQUIRE(response.header("X-Early") == nullptr);
}

TEST_CASE("http: a broken or cut-off answer is a protocol failure, not a short body") {
  const char* answers[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
      "hello, no status line",
      "",
  };
  for (const char* bytes : answers) {
    INFO(bytes);
    const HttpServer server(always(bytes));
    REQUIRE(failure(server) == HttpFailure::protocol);
  }
}

TEST_CASE("http: a reset at any point of the answer is a protocol failure") {
  const std::string whole = answer(200, std::string(300, 'x'));
  for (std::size_t at = 0; at < whole.size(); at += 37) {
    const HttpServer server([&](const ReceivedRequest&, ServerConnection& connection) {
      connection.send(whole.substr(0, at));
      connection.reset();
    });
    INFO(at);
    REQUIRE(failure(server) == HttpFailure::protocol);
  }
}

TEST_CASE("http: more than the bytes allowed is refused, announced or not") {
  HttpPolicy policy = local();
  policy.max_response_bytes = 1000;
  const HttpServer announced(always("HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\nx"));
  REQUIRE(failure(announced, policy) == HttpFailure::too_large);
  const HttpServer endless([](const ReceivedRequest&, ServerConnection& connection) {
    connection.send("HTTP/1.1 200 OK\r\n\r\n");
    while (connection.send(std::string(1000, 'x'))) continue;
  });
  REQUIRE(failure(endless, policy) == HttpFailure::too_large);
  const HttpServer exact(always(answer(200, std::string(1000, 'x'))));
  REQUIRE(send(get(exact.url()), policy).body.size() == 1000);
  const HttpServer headers([](const ReceivedRequest&, ServerConnection& connection) {
    connection.send("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 5000 && connection.send(cat("X-", i, ": ", std::string(200, 'h'), "\r\n")); ++i) continue;
    connection.send("\r\n");
  });
  REQUIRE(failure(headers, policy) == HttpFailure::too_large);
}

TEST_CASE("http: the total time is kept, however slowly the server drips") {
  const HttpServer server([](const ReceivedRequest&, ServerConnection& connection) {
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    while (connection.wait(20) && connection.send("x")) continue;
  });
  HttpPolicy policy = local();
  policy.total_timeout_ms = 200;
  REQUIRE(failure(server, policy) == HttpFailure::timeout);
}

TEST_CASE("http: a server that stops sending is given up after the stall time") {
  const HttpServer server([](const ReceivedRequest&, ServerConnection& connection) {
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx");
    connection.wait(10'000);
  });
  HttpPolicy policy = local();
  policy.total_timeout_ms = 0;
  policy.stall_timeout_ms = 1000;
  REQUIRE(failure(server, policy) == HttpFailure::timeout);
}

TEST_CASE("http: a port on which nobody listens is a connect failure") {
  int port = 0;
  {
    const HttpServer server(always(""));
    port = server.port();
  }
  const HttpError error = failure_of([&] { send(get(cat("http://127.0.0.1:", port, "/")), local()); });
  REQUIRE(error.failure() == HttpFailure::connect);
  REQUIRE(error.kind() == RunErrorKind::network);
  REQUIRE_FALSE(error.hint().empty());
}

TEST_CASE("http: a body is streamed piece by piece with its head, an error page is not") {
  const std::string body(300'000, 'b');
  const HttpServer server([&](const ReceivedRequest& request, ServerConnection& connection) {
    connection.send(request.target == "/ok" ? answer(206, body, "ETag: e\r\n") : answer(403, "denied"));
  });
  std::string got;
  std::int64_t last_received = 0;
  std::int64_t last_total = 0;
  HttpRequest request = get(server.url("/ok"));
  request.on_body = [&](const HttpResponse& head, std::string_view piece) {
    REQUIRE(head.status == 206);
    REQUIRE(*head.header("etag") == "e");
    got += piece;
    return true;
  };
  request.on_progress = [&](std::int64_t received, std::int64_t total) {
    last_received = received, last_total = total;
  };
  REQUIRE(send(request, local()).body.empty());
  REQUIRE(got == body);
  REQUIRE(last_received == 300'000);
  REQUIRE(last_total == 300'000);
  got.clear();
  request.url = server.url("/denied");
  REQUIRE(send(request, local()).body == "denied");
  REQUIRE(got.empty());
}

TEST_CASE("http: the caller can cancel from any callback, and what it throws comes through") {
  const HttpServer server(always(answer(200, "body")));
  HttpRequest request = get(server.url());
  request.on_body = [](const HttpResponse&, std::string_view) { return false; };
  REQUIRE(failure_of([&] { send(request, local()); }).failure() == HttpFailure::cancelled);
  request.on_body = [](const HttpResponse&, std::string_view) -> bool { throw std::runtime_error("disk full"); };
  REQUIRE_THROWS_WITH(send(request, local()), "disk full");
  const HttpServer silent([](const ReceivedRequest&, ServerConnection& connection) { connection.wait(10'000); });
  request = get(silent.url());
  const auto begin = std::chrono::steady_clock::now();
  request.is_cancelled = [&] { return std::chrono::steady_clock::now() - begin > std::chrono::milliseconds(50); };
  REQUIRE(failure_of([&] { send(request, local()); }).failure() == HttpFailure::cancelled);
}

TEST_CASE("http: a request that would smuggle something is refused before any connection") {
  const HttpServer server(always(answer(200, "")));
  const auto refused = [&](HttpRequest request) {
    return failure_of([&] { send(request, local()); }).failure() == HttpFailure::refused;
  };
  HttpRequest request = get(server.url());
  for (const HttpHeader& header :
       {HttpHeader{"X", "a\r\nHost: b"}, HttpHeader{"X", "a\n"}, HttpHeader{"X\r\nY", "a"},
        HttpHeader{"X", std::string("a\0b", 3)}, HttpHeader{"", "a"}, HttpHeader{"X Y", "a"}, HttpHeader{"Host", "b"},
        HttpHeader{"content-length", "5"}, HttpHeader{"Cookie", "a=b"}, HttpHeader{"User-Agent", "other"},
        HttpHeader{"Transfer-Encoding", "chunked"}}) {
    request.headers = {header};
    INFO(header.name);
    REQUIRE(refused(request));
  }
  request.headers.clear();
  request.method = "GET /x HTTP/1.1\r\nX: y";
  REQUIRE(refused(request));
  REQUIRE(refused(get("ftp://127.0.0.1/")));
  REQUIRE(refused(get("http://u:p@127.0.0.1/")));
  REQUIRE(server.num_connections() == 0);
}

TEST_CASE("http: errors name the masked URL, what happened and which kind") {
  const HttpServer server(always(""));
  HttpRequest request = get(server.url("/services/T0/SECRETPATH?token=SECRETQUERY"));
  request.headers = {{"Authorization", "Bearer SECRETTOKEN"}};
  request.is_path_secret = true;
  const HttpError error = failure_of([&] { send(request, local()); });
  REQUIRE(has(error.what(), cat("GET \"http://127.0.0.1:", server.port(), "/***?***\": ")));
  REQUIRE_FALSE(has(error.what(), "SECRET"));
  REQUIRE(error.fields().at(0) == std::pair<std::string, std::string>("failure", "protocol"));
  REQUIRE(error.fields().at(1).second == cat("http://127.0.0.1:", server.port(), "/***?***"));
}

TEST_CASE("http: proxies of the environment are used only when the policy says so") {
  const HttpServer proxy(always(answer(200, "from the proxy")));
  const HttpServer server(always(answer(200, "direct")));
  ::setenv("http_proxy", cat("http://user:PROXYSECRET@127.0.0.1:", proxy.port()).c_str(), 1);
  ::setenv("no_proxy", "other.test, .exempt.test", 1);
  FakeNetwork network;
  network.name("public.test", {{"93.184.216.34"}});
  network.name("sub.exempt.test", {{"93.184.216.34"}});
  network.name("intranet.test", {{"10.0.0.1"}});
  HttpPolicy policy;
  REQUIRE(send(get(server.url("/", "public.test")), policy).body == "direct");
  policy.use_environment_proxy = true;
  HttpRequest request = get(server.url("/", "public.test"));
  request.headers = {{"Authorization", "Bearer t"}};
  REQUIRE(send(request, policy).body == "from the proxy");
  REQUIRE(send(get("http://unknown-here.test/"), policy).body == "from the proxy");  // the proxy looks it up
  REQUIRE(proxy.requests().at(1).target == "http://unknown-here.test/");
  REQUIRE(send(get(server.url("/", "sub.exempt.test")), policy).body == "direct");
  REQUIRE(failure_of([&] { send(get("http://intranet.test/"), policy); }).failure() == HttpFailure::refused);
  REQUIRE(failure_of([&] { send(get("http://127.0.0.1/"), policy); }).failure() == HttpFailure::refused);
  ::setenv("http_proxy", "socks5://127.0.0.1:1", 1);
  REQUIRE(failure_of([&] { send(get("http://public.test/"), policy); }).failure() == HttpFailure::refused);
  ::unsetenv("http_proxy");
  ::unsetenv("no_proxy");
}
