// The environment's proxy variables, read as curl reads them: http_proxy in lower case only (HTTP_PROXY can be set by a
// client of a CGI program), the others in either case, the lower one first.
#include <charconv>
#include <cstdlib>

#include "forgelm/core/redact.hpp"
#include "forgelm/core/text.hpp"
#include "http_dial.hpp"
#include "url_handle.hpp"

namespace forgelm {
namespace {

std::string environment(const std::string& name, bool also_upper) {
  if (const char* value = std::getenv(name.c_str())) return value;
  if (const char* value = also_upper ? std::getenv(ascii_upper(name).c_str()) : nullptr) return value;
  return {};
}

/// "*", a host, or a domain with or without a leading dot that stands for itself and all hosts below.
bool is_exempt(std::string_view host, std::string_view list) {
  while (!list.empty()) {
    const std::size_t end = list.find_first_of(", \t");
    std::string entry = ascii_lower(list.substr(0, end));
    list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
    if (entry == "*") return true;
    if (!entry.empty() && entry.front() == '.') entry.erase(0, 1);
    if (entry.size() > 2 && entry.front() == '[' && entry.back() == ']') entry = entry.substr(1, entry.size() - 2);
    if (entry.empty() || host.size() < entry.size() || host.substr(host.size() - entry.size()) != entry) continue;
    if (host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.') return true;
  }
  return false;
}

std::string part_of(CURLU* handle, CURLUPart part, unsigned flags) {
  char* text = nullptr;
  if (curl_library().curl_url_get(handle, part, &text, flags) != CURLUE_OK) return {};
  const CurlText owner(text);
  return text;
}

}  // namespace

std::optional<Proxy> environment_proxy(const Url& url, const HttpRequest& request) {
  if (is_exempt(url.host, environment("no_proxy", true))) return std::nullopt;
  Proxy proxy;
  proxy.text = environment(url.scheme + "_proxy", url.scheme == "https");
  if (proxy.text.empty()) proxy.text = environment("all_proxy", true);
  if (proxy.text.empty()) return std::nullopt;
  if (proxy.text.find("://") == std::string::npos) proxy.text = "http://" + proxy.text;

  const CurlUrl handle = new_url_handle();
  const bool is_readable = curl_library().curl_url_set(handle.get(), CURLUPART_URL, proxy.text.c_str(),
                                                       CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;
  const std::string scheme = is_readable ? part_of(handle.get(), CURLUPART_SCHEME, 0) : "";
  proxy.host = is_readable ? part_of(handle.get(), CURLUPART_HOST, 0) : "";
  if ((scheme != "http" && scheme != "https") || proxy.host.empty())
    fail_request(HttpFailure::refused, request,
                 cat("the environment names proxy ", quote(mask_url(proxy.text)),
                     "; allowed: http://host:port, https://host:port"));
  register_secret(part_of(handle.get(), CURLUPART_PASSWORD, CURLU_URLDECODE));
  if (proxy.host.front() == '[') proxy.host = proxy.host.substr(1, proxy.host.size() - 2);
  proxy.port = scheme == "https" ? 443 : 1080;  // what libcurl takes when none is given
  const std::string port = part_of(handle.get(), CURLUPART_PORT, 0);
  std::from_chars(port.data(), port.data() + port.size(), proxy.port);
  return proxy;
}

}  // namespace forgelm
