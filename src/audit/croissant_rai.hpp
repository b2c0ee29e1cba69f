// The terms of Croissant's RAI extension that an audit can answer.
#pragma once

#include "forgelm/audit/audit.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::audit {

/// Adds rai:personalSensitiveInformation, rai:dataBiases, rai:dataLimitations,
/// rai:dataCollectionMissingData and the measured languages (sc:inLanguage) to
/// a card: sentences with figures of the report, no term without one.
void add_rai_terms(const AuditReport& report, Json& card);

}  // namespace forgelm::audit
