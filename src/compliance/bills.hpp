// Bills of what a model was made from, in formats that others read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "forgelm/compliance/run_facts.hpp"
#include "forgelm/config/load.hpp"

namespace forgelm::compliance {

/// bom.cdx.json: a machine-learning bill of materials, CycloneDX 1.7. `report`: compliance_report().
Json cyclonedx_bom(const config::LoadedJob& loaded, const RunFacts& facts, const Json& report);

/// provenance.slsa.json: an in-toto Statement v1 with the predicate SLSA provenance v1. Nothing without a run, or when
/// the run left no file: a statement has a subject.
std::optional<Json> slsa_provenance(const config::LoadedJob& loaded, const RunFacts& facts);

/// What the predicate's buildType and builder.id say; docs/compliance-bundle.md tells what the parameters mean.
inline constexpr std::string_view kBuildType = "urn:forgelm:build-type:training-run:1";
inline constexpr std::string_view kBuilder = "urn:forgelm:builder:local";

/// "urn:uuid:..." that follows from the text (RFC 9562, version 8).
std::string uuid_urn_of(std::string_view text);

}  // namespace forgelm::compliance
