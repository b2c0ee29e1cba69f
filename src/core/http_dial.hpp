// From a host name to the addresses that may be dialled for it. The look-up and the dial can be replaced by tests of
// ours, which have only loopback and yet must show what happens to public names.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/address_guard.hpp"
#include "forgelm/core/http.hpp"

namespace forgelm {

struct DialTarget {
  IpAddress address;
  int port = 0;
};

struct DialHooks {
  /// All addresses of a host name, or none.
  std::function<std::vector<IpAddress>(const std::string& host)> look_up;
  /// Where the socket goes for a target that passed the guard; called last of all.
  std::function<DialTarget(const DialTarget& target)> dial;
};

/// For tests only: replaces look-up and dial for the whole process; empty functions mean the real ones.
void set_dial_hooks(DialHooks hooks);
const DialHooks& dial_hooks();

/// The addresses of `host`, which may be an address itself. Failures are HttpError(dns | timeout | cancelled).
/// A look-up that takes longer than `timeout_ms` is left behind on its own thread.
std::vector<IpAddress> addresses_of(const std::string& host, std::int64_t timeout_ms, const HttpRequest& request);

/// addresses_of() past the guard: HttpError(refused) when one of them may not be dialled under `policy`, and, offline,
/// before any look-up.
std::vector<IpAddress> checked_addresses(const Url& url, const HttpRequest& request, const HttpPolicy& policy,
                                         std::int64_t timeout_ms);

/// Throws HttpError: `what` after the method and the masked URL of the request.
[[noreturn]] void fail_request(HttpFailure failure, const HttpRequest& request, const std::string& what,
                               std::string hint = {});

struct Proxy {
  std::string text;  ///< as libcurl takes it; may hold a password, which is registered as a secret
  std::string host;
  int port = 0;
};

/// The proxy that the environment names for `url` (https_proxy, http_proxy in lower case only, all_proxy; no_proxy).
/// HttpError(refused) for one that is not http:// or https://.
std::optional<Proxy> environment_proxy(const Url& url, const HttpRequest& request);

}  // namespace forgelm
