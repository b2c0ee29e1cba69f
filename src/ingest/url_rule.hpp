// Web addresses in a text: kept, masked as "[URL]" or taken out.
#pragma once

#include <cstddef>

#include "document.hpp"

namespace forgelm::ingest {

/// Puts `replacement` in place of every http, https and ftp address; the number of them. The addresses are those of the
/// reference's pattern.
std::size_t replace_urls(Document& document, std::string_view replacement);

}  // namespace forgelm::ingest
