// The one HTTP client of forgelm: every request of hub, webhook, judge, teacher and trackers goes through send().
// Invariants: a host name is looked up once, every address it has must pass the address guard, and only such an address
// is dialled (so a name that changes its answer between check and connect gains nothing); each redirect is a new
// request that passes the same checks; credentials stay with the origin they were given for; nothing is sent that the
// caller did not ask for (no cookies, no .netrc, no referer, no telemetry); the User-Agent is `forgelm/<version>`.
// Proxies named in the environment are ignored unless the policy says otherwise: through a proxy it is the proxy that
// looks the name up and dials, so the guarantee above ends there.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/choices.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/url.hpp"

namespace forgelm {

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpResponse {
  int status = 0;                   ///< e.g. 200, 404; of the last hop
  std::vector<HttpHeader> headers;  ///< of the last hop, in order
  std::string body;                 ///< empty when the body went to on_body
  std::string url;                  ///< of the last hop; may hold secrets: mask_url() before showing
  int num_redirects = 0;

  bool is_success() const noexcept { return status >= 200 && status < 300; }
  /// The first header of this name (any case), or nullptr.
  const std::string* header(std::string_view name) const noexcept;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<HttpHeader> headers = {};
  std::string body = {};
  bool is_path_secret = false;  ///< masks the path of the URL too in errors (webhooks)

  /// When set, the body of a 2xx answer goes here piece by piece and not into HttpResponse::body; the head (status,
  /// headers, url) is complete by then. Returning false cancels. May throw: send() passes it on.
  std::function<bool(const HttpResponse& head, std::string_view piece)> on_body = {};
  /// Bytes received of this hop's body and its Content-Length (0: unknown).
  std::function<void(std::int64_t received, std::int64_t total)> on_progress = {};
  /// Asked at least once a second; true ends the request with HttpFailure::cancelled.
  std::function<bool()> is_cancelled = {};
};

struct HttpPolicy {
  std::int64_t connect_timeout_ms = 10'000;
  std::int64_t total_timeout_ms = 60'000;  ///< of the whole send(), redirects included; 0: none (downloads)
  std::int64_t stall_timeout_ms = 30'000;  ///< less than a byte a second for this long (whole seconds); 0: none
  std::int64_t max_response_bytes = 64 << 20;
  int max_redirects = 0;                    ///< 0: a redirect is the answer
  bool allow_private_destinations = false;  ///< loopback, private and carrier-grade NAT addresses too
  bool require_https = false;
  bool use_environment_proxy = false;  ///< https_proxy, http_proxy, all_proxy, no_proxy; never while offline
  std::string ca_bundle = {};          ///< PEM file of trusted authorities; empty: the system's
};

/// refused: by a rule of ours, before any byte was sent to the refused place. protocol: a broken or cut-off answer.
FORGELM_CHOICES(HttpFailure, refused, dns, connect, tls, timeout, too_large, protocol, cancelled)

/// RunError(network) with the fields "failure" and "url" (masked).
class HttpError : public RunError {
 public:
  HttpError(HttpFailure failure, const std::string& message, std::string hint, std::string masked_url,
            CodePlace where = CodePlace::current());
  ~HttpError() override;
  HttpFailure failure() const noexcept { return failure_; }

 private:
  HttpFailure failure_;
};

/// Sends and waits. Any complete answer is a response, whatever its status; HttpError when there is none. On a redirect
/// to another scheme, host or port all headers but a few harmless ones (Accept, Range, If-*) are dropped, a body is not
/// sent on, and https never becomes http. Safe from any thread; each call makes its own connection.
HttpResponse send(const HttpRequest& request, const HttpPolicy& policy);

/// The process-wide switch of --offline: then send() looks up no name and dials no address, except that with
/// allow_private_destinations a name is looked up and dialled when all its addresses are loopback or private.
void set_offline(bool is_offline) noexcept;
bool is_offline() noexcept;

}  // namespace forgelm
