// metadata.manifest_hash of a document, and what it should be.
#pragma once

#include <string>

#include "forgelm/core/json.hpp"

namespace forgelm::compliance {

struct ManifestStamp {
  std::string expected;  ///< as the document has it; empty: it has none
  std::string actual;    ///< empty as well then
  bool is_legacy = false;
};

ManifestStamp check_stamp(const Json& document);

}  // namespace forgelm::compliance
