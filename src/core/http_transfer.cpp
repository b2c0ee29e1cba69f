// The trap: libcurl calls us back from C, so nothing may be thrown through it: callbacks keep the exception and stop
// the transfer, and run() throws it afterwards.
#include "http_transfer.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>
#include <cstring>
#include <ctime>
#include <exception>
#include <new>

#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"

namespace forgelm {
namespace {

constexpr std::size_t kMaxHeaderBytes = 256u << 10;

/// OpenSSL writes with write(2): a closed connection would raise SIGPIPE, which ends the process by default. Blocked
/// for this thread only, and one that we raised is taken away again.
class SigpipeBlock {
 public:
  SigpipeBlock() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~SigpipeBlock() {
    const timespec at_once{};
    if (!was_pending_)
      while (sigtimedwait(&pipe_, nullptr, &at_once) == SIGPIPE) continue;
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeBlock(const SigpipeBlock&) = delete;
  SigpipeBlock& operator=(const SigpipeBlock&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

DialTarget target_of(const curl_sockaddr& address) {
  DialTarget target;
  if (address.family == AF_INET6) {
    sockaddr_in6 in6{};
    std::memcpy(&in6, &address.addr, sizeof in6);
    target.address.is_v6 = true;
    std::memcpy(target.address.bytes.data(), &in6.sin6_addr, 16);
    target.port = ntohs(in6.sin6_port);
  } else if (address.family == AF_INET) {
    sockaddr_in in4{};
    std::memcpy(&in4, &address.addr, sizeof in4);
    std::memcpy(target.address.bytes.data(), &in4.sin_addr, 4);
    target.port = ntohs(in4.sin_port);
  }
  return target;
}

void point_to(curl_sockaddr& address, const DialTarget& target) {
  const auto port = htons(static_cast<std::uint16_t>(target.port));
  if (target.address.is_v6) {
    sockaddr_in6 in6{};
    in6.sin6_family = AF_INET6;
    in6.sin6_port = port;
    std::memcpy(&in6.sin6_addr, target.address.bytes.data(), 16);
    std::memcpy(&address.addr, &in6, sizeof in6);
    address.family = AF_INET6;
    address.addrlen = sizeof in6;
  } else {
    sockaddr_in in4{};
    in4.sin_family = AF_INET;
    in4.sin_port = port;
    std::memcpy(&in4.sin_addr, target.address.bytes.data(), 4);
    std::memcpy(&address.addr, &in4, sizeof in4);
    address.family = AF_INET;
    address.addrlen = sizeof in4;
  }
}

HttpFailure failure_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return HttpFailure::dns;
    case CURLE_COULDNT_CONNECT: return HttpFailure::connect;
    case CURLE_OPERATION_TIMEDOUT: return HttpFailure::timeout;
    case CURLE_FILESIZE_EXCEEDED: return HttpFailure::too_large;
    case CURLE_ABORTED_BY_CALLBACK: return HttpFailure::cancelled;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_USE_SSL_FAILED: return HttpFailure::tls;
    default: return HttpFailure::protocol;
  }
}

class Transfer {
 public:
  Transfer(const HttpRequest& request, const Route& route, const HttpPolicy& policy, bool stops_at_redirect)
      : request_(request),
        route_(route),
        policy_(policy),
        stops_at_redirect_(stops_at_redirect),
        handle_(curl_.curl_easy_init()) {
    if (!handle_) throw std::bad_alloc();
  }

  HttpResponse run(std::int64_t timeout_ms) {
    set_destination();
    set_method_and_headers();
    set_limits(timeout_ms);
    set_trust();
    const SigpipeBlock no_sigpipe;
    const CURLcode code = curl_.curl_easy_perform(handle_.get());
    if (thrown_) std::rethrow_exception(thrown_);
    if (code != CURLE_OK && !is_stopped_at_redirect_) fail(code);
    return std::move(response_);
  }

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    if (const CURLcode code = curl_.curl_easy_setopt(handle_.get(), option, value); code != CURLE_OK)
      throw RunError(RunErrorKind::internal,
                     cat("libcurl refuses option ", static_cast<int>(option), ": ", curl_.curl_easy_strerror(code)));
  }

  void set_destination() {
    set(CURLOPT_CURLU, route_.url);
    restrict_protocols();
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_ERRORBUFFER, static_cast<char*>(error_text_));
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_PROXY, route_.proxy.c_str());  // "" also turns off what the environment says
    set(CURLOPT_NOPROXY, "");
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));  // no Authorization to the proxy
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    // A kept connection was checked under another policy, perhaps a laxer one.
    set(CURLOPT_FORBID_REUSE, 1L);
    set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::open_socket);
    set(CURLOPT_OPENSOCKETDATA, this);
    if (parse_ip_address(route_.dial_host)) return;
    std::string entry = cat(route_.dial_host, ":", route_.dial_port, ":");
    for (const IpAddress& address : route_.addresses) {
      if (entry.back() != ':') entry += ',';
      entry += address.is_v6 ? cat("[", to_string(address), "]") : to_string(address);
    }
    append(pinned_, entry);
    set(CURLOPT_RESOLVE, pinned_.get());
  }

  void restrict_protocols() {
#if LIBCURL_VERSION_NUM >= 0x075500
    if (curl_.curl_easy_setopt(handle_.get(), CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK) return;
    throw RunError(RunErrorKind::network, "libcurl is older than 7.85, for which forgelm was built");
#else
    set(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  }

  void set_method_and_headers() {
    const bool has_body =
        !request_.body.empty() || request_.method == "POST" || request_.method == "PUT" || request_.method == "PATCH";
    if (request_.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else if (has_body) {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDS, request_.body.data());
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    }
    if (request_.method != "HEAD") set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    bool has_content_type = false;
    for (const HttpHeader& header : request_.headers) {
      has_content_type = has_content_type || equals_ignoring_ascii_case(header.name, "Content-Type");
      append(headers_, header.value.empty() ? header.name + ";" : cat(header.name, ": ", header.value));
    }
    append(headers_, "Expect:");
    if (!has_content_type) append(headers_, "Content-Type:");  // or curl would claim a form
    set(CURLOPT_HTTPHEADER, headers_.get());
    set(CURLOPT_USERAGENT, cat("forgelm/", version()).c_str());
    set(CURLOPT_HEADERFUNCTION, &Transfer::receive_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &Transfer::receive_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
    set(CURLOPT_XFERINFODATA, this);
  }

  void set_limits(std::int64_t timeout_ms) {
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(policy_.connect_timeout_ms));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_ms));
    if (policy_.stall_timeout_ms > 0) {
      set(CURLOPT_LOW_SPEED_LIMIT, 1L);
      set(CURLOPT_LOW_SPEED_TIME, static_cast<long>((policy_.stall_timeout_ms + 999) / 1000));
    }
    if (request_.method != "HEAD")  // there a Content-Length announces no bytes
      set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(policy_.max_response_bytes));
  }

  void set_trust() {
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (policy_.ca_bundle.empty()) return;
    set(CURLOPT_CAINFO, policy_.ca_bundle.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // this bundle and nothing beside it
  }

  static void append(CurlList& list, const std::string& text) {
    curl_slist* longer = curl_library().curl_slist_append(list.get(), text.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(list.release());
    list.reset(longer);
  }

  /// The last gate: whatever libcurl wants to dial, only a checked address gets a socket.
  static curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* address) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    return transfer.guarded<curl_socket_t>(CURL_SOCKET_BAD, [&]() -> curl_socket_t {
      const DialTarget target = target_of(*address);
      bool is_checked = target.port == transfer.route_.dial_port;
      if (is_checked) {
        is_checked = false;
        for (const IpAddress& known : transfer.route_.addresses) is_checked = is_checked || known == target.address;
      }
      if (!is_checked || (address->family != AF_INET && address->family != AF_INET6)) {
        transfer.refused_address_ = to_string(target.address);
        return CURL_SOCKET_BAD;
      }
      if (dial_hooks().dial) point_to(*address, dial_hooks().dial(target));
      return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    });
  }

  static std::size_t receive_header(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    return transfer.guarded<std::size_t>(0, [&] { return transfer.take_header({data, size}) ? size : 0; });
  }

  bool take_header(std::string_view line) {
    num_header_bytes_ += line.size();
    if (num_header_bytes_ > kMaxHeaderBytes) {
      is_too_large_ = true;
      return false;
    }
    if (has_body_begun_) return true;    // trailers: not asked for
    if (line.substr(0, 5) == "HTTP/") {  // also after an interim 1xx answer, whose headers count for nothing
      response_.headers.clear();
      long status = 0;
      curl_.curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
      response_.status = static_cast<int>(status);
      response_.url = route_.parsed.text;
      return true;
    }
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos)
      response_.headers.push_back(
          {std::string(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1)))});
    return true;
  }

  static std::size_t receive_body(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    return transfer.guarded<std::size_t>(0, [&] { return transfer.take_body({data, size}) ? size : 0; });
  }

  /// False stops the transfer.
  bool take_body(std::string_view piece) {
    has_body_begun_ = true;
    if (stops_at_redirect_ && is_redirect(response_)) {
      is_stopped_at_redirect_ = true;
      return false;
    }
    num_body_bytes_ += static_cast<std::int64_t>(piece.size());
    if (num_body_bytes_ > policy_.max_response_bytes) {
      is_too_large_ = true;
      return false;
    }
    if (request_.on_body && response_.is_success()) {
      is_cancelled_ = !request_.on_body(response_, piece);
      return !is_cancelled_;
    }
    response_.body += piece;
    return true;
  }

  static int on_progress(void* self, curl_off_t total, curl_off_t received, curl_off_t, curl_off_t) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    return transfer.guarded<int>(1, [&] {
      const HttpRequest& request = transfer.request_;
      if (request.on_progress) request.on_progress(received, total);
      if (request.is_cancelled && request.is_cancelled()) transfer.is_cancelled_ = true;
      return transfer.is_cancelled_ ? 1 : 0;
    });
  }

  template <class Value, class Work>
  Value guarded(Value on_exception, Work work) noexcept {
    try {
      return static_cast<Value>(work());
    } catch (...) {
      thrown_ = std::current_exception();
      return on_exception;
    }
  }

  [[noreturn]] void fail(CURLcode code) {
    if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
    if (!refused_address_.empty())
      fail_request(HttpFailure::refused, request_,
                   cat("refused to dial ", refused_address_, ", which was not checked"));
    if (is_too_large_ || code == CURLE_FILESIZE_EXCEEDED)
      fail_request(HttpFailure::too_large, request_,
                   num_header_bytes_ > kMaxHeaderBytes
                       ? cat("the headers of the answer are larger than ", kMaxHeaderBytes, " bytes")
                       : cat("the answer is larger than the ", policy_.max_response_bytes, " bytes allowed"));
    if (is_cancelled_) fail_request(HttpFailure::cancelled, request_, "cancelled");
    const HttpFailure failure = failure_of(code);
    const std::string why = error_text_[0] != '\0' ? error_text_ : curl_.curl_easy_strerror(code);
    std::string hint;
    if (failure == HttpFailure::tls)
      hint = "for a certificate of your own authority, name its PEM file as the CA bundle";
    if (failure == HttpFailure::timeout) hint = "the server answers too slowly, or a firewall drops the connection";
    if (failure == HttpFailure::connect) hint = "is the server running, and may this host reach it?";
    fail_request(failure, request_, why, std::move(hint));
  }

  const CurlLibrary& curl_ = curl_library();
  const HttpRequest& request_;
  const Route& route_;
  const HttpPolicy& policy_;
  const bool stops_at_redirect_;
  CurlList headers_;
  CurlList pinned_;
  CurlEasy handle_;  // after the lists: it is destroyed before what it points at
  HttpResponse response_;
  std::size_t num_header_bytes_ = 0;
  std::int64_t num_body_bytes_ = 0;
  bool has_body_begun_ = false;
  bool is_stopped_at_redirect_ = false;
  bool is_too_large_ = false;
  bool is_cancelled_ = false;
  std::string refused_address_;
  std::exception_ptr thrown_;
  char error_text_[CURL_ERROR_SIZE] = "";
};

}  // namespace

bool is_redirect(const HttpResponse& response) noexcept {
  const int status = response.status;
  const bool redirects = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  return redirects && response.header("Location") != nullptr;
}

HttpResponse transfer(const HttpRequest& request, const Route& route, const HttpPolicy& policy, std::int64_t timeout_ms,
                      bool stops_at_redirect) {
  return Transfer(request, route, policy, stops_at_redirect).run(timeout_ms);
}

}  // namespace forgelm
