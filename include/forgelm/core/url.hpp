// http and https URLs, read by libcurl's parser alone: the one that dials is the one that is checked, so that no
// disagreement between two parsers can be used against us (a backslash, a user name that looks like a host).
#pragma once

#include <string>
#include <string_view>

#include "forgelm/core/result.hpp"

namespace forgelm {

struct Url {
  std::string scheme;  ///< "http" or "https"
  std::string host;    ///< lower case; an IPv6 address without brackets; never empty; without a final dot
  int port = 0;        ///< the scheme's own when the text has none
  std::string path;    ///< from the first slash; at least "/"
  std::string query;   ///< without "?"; may be empty
  std::string text;    ///< the whole, normalised, without the fragment
  bool operator==(const Url&) const = default;

  /// Same scheme, host and port: what credentials may be sent to.
  bool has_same_origin(const Url& other) const {
    return scheme == other.scheme && host == other.host && port == other.port;
  }
};

/// Refuses with a reason: other schemes, user names and passwords, control characters and blanks, backslashes, empty
/// and non-ASCII hosts (write their xn-- form), zone identifiers. Needs libcurl: RunError(network) when it is not
/// there.
Result<Url> parse_url(std::string_view text);

/// The same for a reference found in a document at `base`, e.g. a Location header.
Result<Url> resolve_url(const Url& base, std::string_view reference);

/// For messages and logs: without user name, password and fragment, the query as "?***". Works on any text. With
/// `is_path_secret` (webhooks carry their token there) the path is "/***".
std::string mask_url(std::string_view text, bool is_path_secret = false);

}  // namespace forgelm
