// annex_iv_metadata.json, as it is written.
#pragma once

#include <optional>

#include "forgelm/compliance/run_facts.hpp"
#include "forgelm/config/load.hpp"

namespace forgelm::compliance {

/// Nothing where the job names neither provider, system nor purpose. `report`: compliance_report().
std::optional<Json> annex_iv_document(const config::LoadedJob& loaded, const RunFacts& facts, const Json& report);

/// The nine points: {"regulation", "points": [...], ...}. `document`: the reference's layout, filled.
Json annex_iv_points(const config::LoadedJob& loaded, const RunFacts& facts, const Json& document);

}  // namespace forgelm::compliance
