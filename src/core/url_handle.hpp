// The curl_url handle behind Url, for http.cpp: the handle that was checked is the one that is dialled.
#pragma once

#include <string_view>

#include "curl_library.hpp"
#include "forgelm/core/url.hpp"

namespace forgelm {

/// Never null.
CurlUrl new_url_handle();

/// parse_url() into `handle`, which then holds exactly what the returned Url says. A handle that already holds a URL
/// takes `text` as relative to it.
Result<Url> parse_into(CURLU* handle, std::string_view text);

}  // namespace forgelm
