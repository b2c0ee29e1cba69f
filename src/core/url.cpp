#include "forgelm/core/url.hpp"

#include <algorithm>
#include <charconv>
#include <new>

#include "curl_library.hpp"
#include "forgelm/core/text.hpp"
#include "url_handle.hpp"

namespace forgelm {
namespace {

std::string part_of(CURLU* handle, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_library().curl_url_get(handle, part, &text, flags) != CURLUE_OK) return {};
  const CurlText owner(text);
  return text;
}

/// Present, be it empty: "http://@host/" has a user name.
bool has_part(CURLU* handle, CURLUPart part) {
  char* text = nullptr;
  const CURLUcode code = curl_library().curl_url_get(handle, part, &text, 0);
  const CurlText owner(text);
  return code == CURLUE_OK;
}

Failure refused(std::string_view text, std::string_view why, std::string hint = {}) {
  return {cat("refused URL ", quote(mask_url(text)), ": ", why), std::move(hint)};
}

/// Our own rules on top of curl's; empty when the text may go to its parser.
std::string_view fault_of(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7F) return "it holds a blank or control character";
    if (byte >= 0x80) return "it holds a character that is not ASCII";
    if (c == '\\') return "it holds a backslash";
  }
  if (text.empty()) return "it is empty";
  // curl takes one or three slashes for two, and then the start of a path for the host.
  const std::size_t colon = text.find_first_of(":/?#");
  if (colon == std::string_view::npos) return {};
  const std::string scheme = text[colon] == ':' ? ascii_lower(text.substr(0, colon)) : "";
  std::string_view rest = text.substr(scheme.empty() ? 0 : colon + 1);
  if ((scheme == "http" || scheme == "https") && rest.substr(0, 2) != "//")
    return "it does not start with http:// or https://";
  return rest.substr(0, 3) == "///" && scheme != "file" ? "it names no host" : std::string_view{};
}

bool is_host_character(char c) {
  return is_ascii_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_' || c == ':';
}

Result<Url> checked(CURLU* url, std::string_view text) {
  const CurlLibrary& curl = curl_library();
  curl.curl_url_set(url, CURLUPART_FRAGMENT, nullptr, 0);
  Url out;
  out.scheme = ascii_lower(part_of(url, CURLUPART_SCHEME));
  if (out.scheme != "http" && out.scheme != "https")
    return refused(text, cat("the scheme is ", quote(out.scheme), "; allowed: http, https"));
  if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD) || has_part(url, CURLUPART_OPTIONS))
    return refused(text, "it holds a user name or password", "credentials belong into their own setting");
  if (has_part(url, CURLUPART_ZONEID)) return refused(text, "its address has a zone identifier");
  out.host = ascii_lower(part_of(url, CURLUPART_HOST));
  if (out.host.size() > 2 && out.host.front() == '[') out.host = out.host.substr(1, out.host.size() - 2);
  if (out.host.size() > 1 && out.host.back() == '.') {
    out.host.pop_back();
    curl.curl_url_set(url, CURLUPART_HOST, out.host.c_str(), 0);
  }
  if (out.host.empty() || out.host.back() == '.') return refused(text, "it names no host");
  if (!std::all_of(out.host.begin(), out.host.end(), is_host_character))
    return refused(text, cat("the host ", quote(out.host), " holds a character that no host name has"));
  const std::string port = part_of(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (out.port < 1 || out.port > 65535) return refused(text, "its port is not between 1 and 65535");
  out.path = part_of(url, CURLUPART_PATH);
  out.query = part_of(url, CURLUPART_QUERY);
  out.text = part_of(url, CURLUPART_URL);
  return out;
}

}  // namespace

Result<Url> parse_into(CURLU* handle, std::string_view text) {
  if (const std::string_view fault = fault_of(text); !fault.empty()) return refused(text, fault);
  if (curl_library().curl_url_set(handle, CURLUPART_URL, std::string(text).c_str(), 0) != CURLUE_OK) {
    const std::size_t end = text.find("://");
    const std::string scheme = end != std::string_view::npos ? ascii_lower(text.substr(0, end)) : "";
    if (end == std::string_view::npos) return refused(text, "it does not start with http:// or https://");
    if (scheme != "http" && scheme != "https")
      return refused(text, cat("the scheme is ", quote(scheme), "; allowed: http, https"));
    return refused(text, "it is not a well-formed URL with a host");
  }
  return checked(handle, text);
}

CurlUrl new_url_handle() {
  CurlUrl handle(curl_library().curl_url());
  if (!handle) throw std::bad_alloc();
  return handle;
}

Result<Url> parse_url(std::string_view text) { return parse_into(new_url_handle().get(), text); }

Result<Url> resolve_url(const Url& base, std::string_view reference) {
  const CurlUrl handle = new_url_handle();
  if (Result<Url> parsed = parse_into(handle.get(), base.text); !parsed) return parsed;
  return parse_into(handle.get(), reference);
}

std::string mask_url(std::string_view text, bool is_path_secret) {
  std::string out;
  std::string_view rest = text;
  if (const std::size_t at = rest.find("://"); at != std::string_view::npos) {
    out = rest.substr(0, at + 3);
    rest.remove_prefix(at + 3);
  }
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  rest.remove_prefix(authority.size());
  const std::size_t user = authority.rfind('@');
  out += user == std::string_view::npos ? authority : authority.substr(user + 1);
  const std::size_t end = rest.find_first_of("?#");
  const std::string_view path = rest.substr(0, end);
  if (is_path_secret && path.size() > 1) out += "/***";
  else out += path;
  if (end != std::string_view::npos && rest[end] == '?') out += "?***";
  return out;
}

}  // namespace forgelm
