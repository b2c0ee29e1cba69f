// Requests of tests to the server of support/http_server.hpp.
#pragma once

#include <string>

#include "forgelm/core/http.hpp"

namespace forgelm::test {

/// A policy that reaches loopback and gives up soon.
inline HttpPolicy local() {
  HttpPolicy policy;
  policy.allow_private_destinations = true;
  policy.total_timeout_ms = 5000;
  return policy;
}

inline HttpRequest get(const std::string& url) {
  HttpRequest request;
  request.url = url;
  return request;
}

}  // namespace forgelm::test
