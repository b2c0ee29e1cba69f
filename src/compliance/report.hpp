// The reports of a bundle, in the reference's layout: its keys first and in its order, ours behind them.
#pragma once

#include <string>

#include "forgelm/compliance/run_facts.hpp"
#include "forgelm/config/load.hpp"

namespace forgelm::compliance {

/// compliance_report.json: the reference's training manifest.
Json compliance_report(const config::LoadedJob& loaded, const RunFacts& facts);
/// training_manifest.yaml, from the report.
std::string training_manifest_yaml(const Json& report);
/// data_governance_report.json.
Json data_governance_report(const config::LoadedJob& loaded, const RunFacts& facts);
/// risk_assessment.json, and a member of the report; null without the section.
Json risk_assessment(const config::JobConfig& job);
/// "QLoRA (4-bit NF4) + r=8": how the model was changed, in the reference's words.
std::string adapter_method(const config::JobConfig& job, const RunFacts& facts);
/// deployer_instructions.md (Article 13). `model_location`: where the deployer finds the model.
std::string deployer_instructions(const config::LoadedJob& loaded, const RunFacts& facts,
                                  const std::string& model_location);
/// README.md of the bundle: what each of its files proves, and does not.
std::string bundle_readme(const config::LoadedJob& loaded, const RunFacts& facts, bool has_annex);

/// Provider, system and purpose are all blank: then there is no Annex IV file, as in the reference.
bool has_annex_identity(const config::JobConfig& job);

}  // namespace forgelm::compliance
