#include "http_dial.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>

#include "forgelm/core/text.hpp"

namespace forgelm {
namespace {

DialHooks& hooks() {
  static auto& instance = *new DialHooks;
  return instance;
}

struct LookUp {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_done = false;
  int error = 0;  // of getaddrinfo
  std::vector<IpAddress> addresses;
};

IpAddress address_of(const sockaddr* address) {
  IpAddress out;
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in6{};
    std::memcpy(&in6, address, sizeof in6);
    out.is_v6 = true;
    std::memcpy(out.bytes.data(), &in6.sin6_addr, 16);
  } else {
    sockaddr_in in4{};
    std::memcpy(&in4, address, sizeof in4);
    std::memcpy(out.bytes.data(), &in4.sin_addr, 4);
  }
  return out;
}

void look_up(const std::string& host, LookUp& result) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  std::vector<IpAddress> addresses;
  for (const addrinfo* each = error == 0 ? found : nullptr; each != nullptr; each = each->ai_next) {
    if (each->ai_family != AF_INET && each->ai_family != AF_INET6) continue;
    const IpAddress address = address_of(each->ai_addr);
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) addresses.push_back(address);
  }
  if (error == 0) ::freeaddrinfo(found);
  const std::lock_guard lock(result.mutex);
  result.error = error;
  result.addresses = std::move(addresses);
  result.is_done = true;
  result.changed.notify_all();
}

}  // namespace

void set_dial_hooks(DialHooks replacement) { hooks() = std::move(replacement); }
const DialHooks& dial_hooks() { return hooks(); }

std::vector<IpAddress> addresses_of(const std::string& host, std::int64_t timeout_ms, const HttpRequest& request) {
  if (const auto literal = parse_ip_address(host)) return {*literal};
  if (hooks().look_up) {
    std::vector<IpAddress> found = hooks().look_up(host);
    if (found.empty()) fail_request(HttpFailure::dns, request, cat("no address for host ", quote(host)));
    return found;
  }
  // getaddrinfo knows no deadline and cannot be interrupted: it runs on a thread of its own that owns what it writes
  // to.
  const auto result = std::make_shared<LookUp>();
  std::thread([result, host] { look_up(host, *result); }).detach();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  std::unique_lock lock(result->mutex);
  while (!result->is_done) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline)
      fail_request(HttpFailure::timeout, request,
                   cat("looking up host ", quote(host), " took more than ", timeout_ms, " ms"));
    if (request.is_cancelled && request.is_cancelled()) fail_request(HttpFailure::cancelled, request, "cancelled");
    result->changed.wait_until(lock, std::min(deadline, now + std::chrono::milliseconds(100)));
  }
  if (result->addresses.empty())
    fail_request(
        HttpFailure::dns, request,
        cat("no address for host ", quote(host), ": ", result->error != 0 ? ::gai_strerror(result->error) : "none"),
        "check the spelling and the name server; without network use --offline");
  return result->addresses;
}

std::vector<IpAddress> checked_addresses(const Url& url, const HttpRequest& request, const HttpPolicy& policy,
                                         std::int64_t timeout_ms) {
  if (is_offline() && !policy.allow_private_destinations)
    fail_request(HttpFailure::refused, request, "offline: no connection is made",
                 "run without --offline, or see what is cached");
  std::vector<IpAddress> addresses = addresses_of(url.host, timeout_ms, request);
  for (const IpAddress& address : addresses) {
    const AddressKind kind = kind_of(address);
    const std::string place = cat("host ", quote(url.host), " is at ", to_string(address), " (", to_string(kind), ")");
    if (is_offline() && kind == AddressKind::global)
      fail_request(HttpFailure::refused, request, cat("offline: ", place),
                   "offline, only loopback and private addresses are dialled");
    if (may_dial(kind, policy.allow_private_destinations)) continue;
    const bool would_be_allowed = may_dial(kind, true);
    fail_request(HttpFailure::refused, request,
                 cat("refused destination: ", place, "; allowed: public addresses",
                     policy.allow_private_destinations ? ", loopback, private networks" : ""),
                 would_be_allowed ? "set allow_private_destinations: true in this section if the place is meant" : "");
  }
  return addresses;
}

}  // namespace forgelm
