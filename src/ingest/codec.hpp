// Texts in other encodings than UTF-8, by the names that Python gives them ("cp1254", "latin-1", "shift_jis"): the
// C library's iconv does the work. Bytes that mean nothing become U+FFFD, as errors="replace" has it.
#pragma once

#include <string>
#include <string_view>

#include "forgelm/core/result.hpp"

namespace forgelm::ingest {

/// A name that a decoder takes; a failure lists names that people look for.
Result<std::string> find_codec(std::string_view python_name);

/// `codec` comes from find_codec. Without a byte order mark.
std::string decode_text(std::string_view bytes, const std::string& codec);

}  // namespace forgelm::ingest
