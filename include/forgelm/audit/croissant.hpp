// A card of the data set in Croissant 1.1
// (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html) with the
// terms of its RAI extension: the reference's keys, with digests, sizes, data
// types, and what the audit measured. Invariant: nothing is said that was not
// measured; licence, creator, citation and the like are for people to add.
// Oracle: the package mlcroissant validates the card and reads rows by it
// (tools/conformance/croissant.py).
#pragma once

#include "forgelm/audit/audit.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::audit {

inline constexpr const char* kCardName = "croissant.json";

/// The card, to stand beside the data files, which it names without a folder.
/// Reads the files again, for the types of the columns. RunError(io).
Json croissant_card(const AuditReport& report, int num_workers = 1);

}  // namespace forgelm::audit
