// TLS: who is believed. The authority and its certificates are made in this process.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "forgelm/core/http.hpp"
#include "forgelm/core/text.hpp"
#include "support/fake_network.hpp"
#include "support/http_client.hpp"
#include "support/http_server.hpp"
#include "support/test.hpp"
#include "support/test_authority.hpp"

using namespace forgelm;
using namespace forgelm::test;

namespace {

/// A file with the PEM text, for as long as it lives.
class PemFile {
 public:
  explicit PemFile(const std::string& pem) {
    const int fd = ::mkstemp(path_.data());
    REQUIRE(fd >= 0);
    ::close(fd);
    std::ofstream(path_) << pem;
  }
  ~PemFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/forgelm_test_ca_XXXXXX";
};

HttpServer::Handler ok() {
  return [](const ReceivedRequest&, ServerConnection& connection) { connection.send(answer(200, "ok")); };
}

HttpPolicy trusting(const std::string& ca_bundle) {
  HttpPolicy policy = local();
  policy.ca_bundle = ca_bundle;
  policy.require_https = true;
  return policy;
}

HttpError failure(const HttpServer& server, const HttpPolicy& policy, std::string_view host = "127.0.0.1") {
  return failure_of([&] { send(get(server.url("/", host)), policy); });
}

}  // namespace

TEST_CASE("tls: a certificate of a trusted authority with the right name is believed") {
  const TestAuthority authority("Test CA");
  const PemFile bundle(authority.pem());
  const TlsIdentity identity = authority.issue("DNS:good.test,IP:127.0.0.1");
  const HttpServer server(ok(), &identity);
  REQUIRE(send(get(server.url()), trusting(bundle.path())).body == "ok");
  FakeNetwork network;
  network.name("good.test", {{"93.184.216.34"}});
  network.name("bad.test", {{"93.184.216.34"}});
  REQUIRE(send(get(server.url("/", "good.test")), trusting(bundle.path())).body == "ok");
  REQUIRE(failure(server, trusting(bundle.path()), "bad.test").failure() == HttpFailure::tls);
  REQUIRE(server.requests().size() == 2);  // the third got no request
}

TEST_CASE("tls: an unknown authority is not believed, and the error says what to do") {
  const TestAuthority authority("Test CA");
  const TestAuthority other("Test CA");
  const PemFile bundle(other.pem());
  const TlsIdentity identity = authority.issue("IP:127.0.0.1");
  const HttpServer server(ok(), &identity);
  for (const std::string& trusted : {std::string(), bundle.path()}) {
    const HttpError error = failure(server, trusting(trusted));
    REQUIRE(error.failure() == HttpFailure::tls);
    REQUIRE(error.hint().find("CA bundle") != std::string::npos);
  }
  REQUIRE(server.requests().empty());
}

TEST_CASE("tls: a wrong host, an expired and a not yet valid certificate are refused") {
  const TestAuthority authority("Test CA");
  const PemFile bundle(authority.pem());
  const TlsIdentity identities[] = {authority.issue("IP:127.0.0.2,DNS:127.0.0.1"),
                                    authority.issue("IP:127.0.0.1", -7200, -3600),
                                    authority.issue("IP:127.0.0.1", 3600, 7200)};
  for (const TlsIdentity& identity : identities) {
    const HttpServer server(ok(), &identity);
    REQUIRE(failure(server, trusting(bundle.path())).failure() == HttpFailure::tls);
    REQUIRE(server.requests().empty());
  }
}

TEST_CASE("tls: a bundle that is missing or holds no certificate is a TLS failure") {
  const TestAuthority authority("Test CA");
  const PemFile broken("not a certificate");
  const TlsIdentity identity = authority.issue("IP:127.0.0.1");
  const HttpServer server(ok(), &identity);
  REQUIRE(failure(server, trusting("/nonexistent/ca.pem")).failure() == HttpFailure::tls);
  REQUIRE(failure(server, trusting(broken.path())).failure() == HttpFailure::tls);
}

TEST_CASE("tls: a server that speaks no TLS is a TLS failure") {
  const HttpServer server(ok());
  const HttpError error = failure_of([&] { send(get(cat("https://127.0.0.1:", server.port(), "/")), trusting("")); });
  REQUIRE(error.failure() == HttpFailure::tls);
}

TEST_CASE("tls: https is never left for http by a redirect") {
  const TestAuthority authority("Test CA");
  const PemFile bundle(authority.pem());
  const TlsIdentity identity = authority.issue("IP:127.0.0.1");
  const HttpServer plain(ok());
  const HttpServer server(
      [&](const ReceivedRequest&, ServerConnection& connection) {
        connection.send(answer(302, "", cat("Location: ", plain.url(), "\r\n")));
      },
      &identity);
  HttpPolicy policy = trusting(bundle.path());
  policy.require_https = false;
  policy.max_redirects = 5;
  REQUIRE(failure(server, policy).failure() == HttpFailure::refused);
  REQUIRE(plain.num_connections() == 0);
}
