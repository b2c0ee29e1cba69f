// The rules around one exchange: what may be sent, where to, and what happens on a redirect.
#include "forgelm/core/http.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>

#include "forgelm/core/text.hpp"
#include "http_dial.hpp"
#include "http_transfer.hpp"
#include "url_handle.hpp"

namespace forgelm {
namespace {

using Clock = std::chrono::steady_clock;

std::atomic<bool> offline{false};

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [&](auto each) { return equals_ignoring_ascii_case(name, each); });
}

/// Nothing that could smuggle a second header or request into the first.
void check_request(const HttpRequest& request) {
  if (!is_token(request.method)) fail_request(HttpFailure::refused, request, "the method is not a token");
  for (const HttpHeader& header : request.headers) {
    if (!is_token(header.name))
      fail_request(HttpFailure::refused, request, cat("header name ", quote(header.name), " is not a token"));
    if (header.value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
      fail_request(HttpFailure::refused, request,
                   cat("the value of header ", header.name, " holds a line break or NUL"),
                   "a token read from a file may end in a line break: strip it");
    if (is_one_of(header.name, {"Host", "Content-Length", "Transfer-Encoding", "Connection", "User-Agent", "Cookie"}))
      fail_request(HttpFailure::refused, request, cat("header ", header.name, " is not the caller's to set"));
  }
}

/// The time left of one send().
class Deadline {
 public:
  explicit Deadline(std::int64_t total_ms) {
    if (total_ms > 0) at_ = Clock::now() + std::chrono::milliseconds(total_ms);
  }
  /// 0: no limit.
  std::int64_t remaining_ms(const HttpRequest& request) const {
    if (!at_) return 0;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*at_ - Clock::now()).count();
    if (left <= 0) fail_request(HttpFailure::timeout, request, "the time allowed is used up");
    return left;
  }
  std::int64_t at_most(std::int64_t limit_ms, const HttpRequest& request) const {
    const std::int64_t left = remaining_ms(request);
    return left == 0 ? limit_ms : std::min(left, limit_ms);
  }

 private:
  std::optional<Clock::time_point> at_;
};

/// Sets where the proxy is dialled. The place itself is still checked as far as we can see it: what our own look-up
/// finds.
void route_through(Proxy proxy, Route& route, const HttpRequest& request, const HttpPolicy& policy,
                   std::int64_t timeout_ms) {
  try {
    checked_addresses(route.parsed, request, policy, timeout_ms);
  } catch (const HttpError& error) {
    if (error.failure() != HttpFailure::dns) throw;  // behind a proxy, public names often have no address here
  }
  route.dial_host = proxy.host;
  route.dial_port = proxy.port;
  route.addresses = addresses_of(proxy.host, timeout_ms, request);
  route.proxy = std::move(proxy.text);
}

/// Headers that tell the next server nothing about the caller; anything else may be a credential.
bool may_cross_origins(const HttpHeader& header) {
  return is_one_of(header.name, {"Accept", "Accept-Encoding", "Accept-Language", "Range", "If-Match", "If-None-Match",
                                 "If-Modified-Since", "If-Unmodified-Since", "If-Range"});
}

/// Turns `request`, answered by `response` at `from`, into the one for `to`.
void follow(HttpRequest& request, const HttpResponse& response, const Url& from, const Url& to) {
  if (from.scheme == "https" && to.scheme != "https")
    fail_request(HttpFailure::refused, request, cat("redirected from https to ", quote(mask_url(to.text))));
  const bool drops_body = response.status == 303 || (response.status < 303 && request.method == "POST");
  if (drops_body && request.method != "HEAD") {
    request.method = "GET";
    request.body.clear();
    request.headers.erase(std::remove_if(request.headers.begin(), request.headers.end(),
                                         [](const HttpHeader& h) { return is_one_of(h.name, {"Content-Type"}); }),
                          request.headers.end());
  }
  if (!from.has_same_origin(to)) {
    if (!request.body.empty())
      fail_request(
          HttpFailure::refused, request,
          cat("redirected with its body to another server, ", quote(mask_url(to.text, request.is_path_secret))));
    auto& headers = request.headers;
    headers.erase(std::remove_if(headers.begin(), headers.end(), [](const auto& h) { return !may_cross_origins(h); }),
                  headers.end());
  }
  request.url = to.text;
}

}  // namespace

HttpError::HttpError(HttpFailure failure, const std::string& message, std::string hint, std::string masked_url,
                     CodePlace where)
    : RunError(RunErrorKind::network, message, std::move(hint),
               {{"failure", to_text(failure)}, {"url", std::move(masked_url)}}, where),
      failure_(failure) {}
HttpError::~HttpError() = default;

void fail_request(HttpFailure failure, const HttpRequest& request, const std::string& what, std::string hint) {
  std::string url = mask_url(request.url, request.is_path_secret);
  const std::string message =
      cat(is_token(request.method) ? request.method : quote(request.method), " ", quote(url, 400), ": ", what);
  throw HttpError(failure, message, std::move(hint), std::move(url));
}

const std::string* HttpResponse::header(std::string_view name) const noexcept {
  for (const HttpHeader& each : headers)
    if (equals_ignoring_ascii_case(each.name, name)) return &each.value;
  return nullptr;
}

HttpResponse send(const HttpRequest& original, const HttpPolicy& policy) {
  HttpRequest request = original;
  check_request(request);
  const Deadline deadline(policy.total_timeout_ms);
  const CurlUrl handle = new_url_handle();
  std::string reference = request.url;
  std::optional<Url> from;
  HttpResponse response;
  for (int num_redirects = 0;; ++num_redirects) {
    Result<Url> url = parse_into(handle.get(), reference);
    if (!url) fail_request(HttpFailure::refused, request, url.error().message, url.error().hint);
    if (from) follow(request, response, *from, *url);
    if (policy.require_https && url->scheme != "https")
      fail_request(HttpFailure::refused, request, "the URL is not https, which is required here");
    Route route{handle.get(), *url, {}, {}, url->host, url->port};
    const std::int64_t look_up_ms = deadline.at_most(policy.connect_timeout_ms, request);
    std::optional<Proxy> proxy;
    if (policy.use_environment_proxy && !is_offline()) proxy = environment_proxy(*url, request);
    if (proxy) route_through(std::move(*proxy), route, request, policy, look_up_ms);
    else route.addresses = checked_addresses(*url, request, policy, look_up_ms);
    const bool follows = policy.max_redirects > 0;
    response = transfer(request, route, policy, deadline.remaining_ms(request), follows);
    response.num_redirects = num_redirects;
    if (!follows || !is_redirect(response)) return response;
    if (num_redirects == policy.max_redirects)
      fail_request(HttpFailure::protocol, request, cat("more than ", policy.max_redirects, " redirects"));
    reference = *response.header("Location");
    from = std::move(*url);
  }
}

void set_offline(bool is_offline) noexcept { offline = is_offline; }
bool is_offline() noexcept { return offline; }

}  // namespace forgelm
