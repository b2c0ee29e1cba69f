#include "annex_iv_document.hpp"

#include "forgelm/compliance/annex_iv.hpp"
#include "forgelm/core/redact.hpp"
#include "report.hpp"

namespace forgelm::compliance {
namespace {

/// What stands where a run would have left something, so that nobody takes an empty object for an oversight.
Json nothing_recorded(const RunFacts& facts) {
  return Json::object({{"recorded", facts.run ? "the run ended before there was anything to record"
                                              : "exported from the job alone: no run was recorded"}});
}

Json member_or(const Json& report, std::string_view name, Json other) {
  const Json* value = report.find(name);
  return value != nullptr ? *value : std::move(other);
}

}  // namespace

std::optional<Json> annex_iv_document(const config::LoadedJob& loaded, const RunFacts& facts, const Json& report) {
  if (!has_annex_identity(loaded.job)) return std::nullopt;
  const Json& provider = report.at("annex_iv");
  Json identification = Json::object();
  for (const char* key : {"provider_name", "provider_contact", "system_name", "system_version", "intended_purpose",
                          "risk_classification"})
    identification.set(key, provider.at(key));
  const Json& metrics = report.at("evaluation_results").at("metrics");
  Json document = Json::object({
      {"system_identification", std::move(identification)},
      {"intended_purpose", provider.at("intended_purpose")},
      {"system_components", Json::object({{"model_lineage", report.at("model_lineage")},
                                          {"training_parameters", report.at("training_parameters")}})},
      {"computational_resources", member_or(report, "resource_usage", nothing_recorded(facts))},
      {"data_governance", report.at("data_provenance")},
      {"technical_documentation", Json::object({{"forgelm_version", report.at("forgelm_version")},
                                                {"generated_at", report.at("generated_at")},
                                                {"known_limitations", provider.at("known_limitations")}})},
      {"monitoring_and_logging", member_or(report, "monitoring", Json::object({{"audit_log", "audit_log.jsonl"}}))},
      {"performance_metrics", metrics.members().empty() ? nothing_recorded(facts) : metrics},
      {"risk_management",
       member_or(report, "risk_assessment", Json::object({{"art9_reference", "no risk_assessment block configured"}}))},
      {"provider_metadata", provider},
  });
  document.set("annex_iv", annex_iv_points(loaded, facts, document));
  // Masked before the hash is taken, so that the hash is of what is written.
  document = parse_json(redact(dump(document))).value();
  document.set("metadata", Json::object({{"manifest_hash", annex_iv_hash(document)}}));
  return document;
}

}  // namespace forgelm::compliance
