// One exchange with one server: a libcurl easy handle with every option that matters set by us. Redirects, their rules
// and the choice of addresses are http.cpp's and http_dial.cpp's.
#pragma once

#include <cstdint>
#include <vector>

#include "curl_library.hpp"
#include "forgelm/core/http.hpp"
#include "http_dial.hpp"

namespace forgelm {

struct Route {
  CURLU* url = nullptr;              ///< checked by parse_into()
  Url parsed;                        ///< what it says
  std::vector<IpAddress> addresses;  ///< the only ones that may be dialled
  std::string proxy;                 ///< empty: direct; else `addresses` are the proxy's
  std::string dial_host;             ///< whose addresses they are
  int dial_port = 0;
};

/// Runs `request` (url as in `route`) within `timeout_ms` (0: none). With `stops_at_redirect` the body of a redirect is
/// not read. Throws HttpError, and what the request's callbacks throw.
HttpResponse transfer(const HttpRequest& request, const Route& route, const HttpPolicy& policy, std::int64_t timeout_ms,
                      bool stops_at_redirect);

/// 301, 302, 303, 307, 308 with a Location.
bool is_redirect(const HttpResponse& response) noexcept;

}  // namespace forgelm
