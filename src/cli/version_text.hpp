// What `forgelm --version` says. Nothing is loaded for it.
#pragma once

#include <string>

#include "forgelm/core/json.hpp"

namespace forgelm::cli {

std::string version_text();
Json version_json();

}  // namespace forgelm::cli
