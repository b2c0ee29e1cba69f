// `compliance`, `risk_assessment`, `monitoring`, `retention`: what the record says about the system and how long it
// stays.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/config/fields.hpp"

namespace forgelm::config {

FORGELM_CHOICES_HYPHENATED(RiskTier, unknown, minimal_risk, limited_risk, high_risk, unacceptable)
FORGELM_CHOICES(MetricsExport, none, prometheus, datadog, custom_webhook)
FORGELM_CHOICES(RetentionEnforce, log_only, warn_on_excess, block_on_excess)

/// High-risk and unacceptable systems must be tested for safety.
constexpr bool is_strict(RiskTier tier) { return tier == RiskTier::high_risk || tier == RiskTier::unacceptable; }

struct ComplianceSection {
  std::string provider_name;
  std::string provider_contact;
  std::string system_name;
  std::string intended_purpose;
  std::string known_limitations;
  std::string system_version;
  RiskTier risk_classification = RiskTier::minimal_risk;
  std::optional<std::string> model_key;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    using S = ComplianceSection;
    constexpr auto record = served_by(Capability::compliance_record);
    rows(field<&S::provider_name>, "Who provides the system.", wizard, record);
    rows(field<&S::provider_contact>, "How to reach the provider.", wizard, record);
    rows(field<&S::system_name>, "Name of the system.", wizard, record);
    rows(field<&S::intended_purpose>, "What the system is for.", wizard, record);
    rows(field<&S::known_limitations>, "What the system cannot do.", wizard, record);
    rows(field<&S::system_version>, "Version of the system, as text.", record);
    rows(field<&S::risk_classification>, "Risk class under the EU AI Act; the strict ones demand a safety gate.",
         wizard, record);
    rows(field<&S::model_key>,
         "Private key (PEM, ECDSA on P-256, P-384 or P-521) that signs the final model: model.sig beside its files.",
         names_path, added, record);
  }
};

struct RiskAssessmentSection {
  std::string intended_use;
  std::vector<std::string> foreseeable_misuse = {};
  RiskTier risk_category = RiskTier::minimal_risk;
  std::vector<std::string> mitigation_measures = {};
  bool vulnerable_groups_considered = false;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    using S = RiskAssessmentSection;
    constexpr auto record = served_by(Capability::compliance_record);
    rows(field<&S::intended_use>, "Use that the assessment covers.", record);
    rows(field<&S::foreseeable_misuse>, "Misuse that can be foreseen.", record);
    rows(field<&S::risk_category>, "Risk class under the EU AI Act; the strict ones demand a safety gate.", record);
    rows(field<&S::mitigation_measures>, "What is done about the risks.", record);
    rows(field<&S::vulnerable_groups_considered>, "Whether vulnerable groups were considered.", record);
  }
};

struct MonitoringSection {
  bool enabled = false;
  std::string endpoint;
  std::optional<std::string> endpoint_env;
  MetricsExport metrics_export = MetricsExport::none;
  bool alert_on_drift = true;
  std::int64_t check_interval_hours = 24;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    using S = MonitoringSection;
    constexpr auto monitoring = served_by(Capability::monitoring);
    rows(field<&S::enabled>, "Send the run's metrics by `metrics_export`.", monitoring);
    rows(field<&S::endpoint>, "http(s)://host[:port] of the receiver; empty when `endpoint_env` names it.",
         pattern("endpoint"), monitoring);
    rows(field<&S::endpoint_env>, "Environment variable that holds the endpoint.", pattern("identifier"), monitoring);
    rows(field<&S::metrics_export>, "Form in which metrics leave.", monitoring);
    rows(field<&S::alert_on_drift>, "Recorded: whether drift raises an alert.", monitoring);
    rows(field<&S::check_interval_hours>, "Recorded: hours between checks.", at_least(1), monitoring);
  }
};

struct RetentionSection {
  std::int64_t audit_log_retention_days = 1825;
  std::int64_t staging_ttl_days = 7;
  std::int64_t ephemeral_artefact_retention_days = 90;
  std::int64_t raw_documents_retention_days = 90;
  RetentionEnforce enforce = RetentionEnforce::log_only;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    using S = RetentionSection;
    constexpr auto retention = served_by(Capability::retention);
    rows(field<&S::audit_log_retention_days>, "Days that the audit log is kept.", at_least(0), retention);
    rows(field<&S::staging_ttl_days>, "Days that a staged model may wait.", at_least(0), retention);
    rows(field<&S::ephemeral_artefact_retention_days>, "Days that compliance artefacts are kept.", at_least(0),
         retention);
    rows(field<&S::raw_documents_retention_days>, "Days that raw documents are kept.", at_least(0), retention);
    rows(field<&S::enforce>, "What an excess does: it is logged, warned of, or ends the run with exit code 3.",
         retention);
  }
};

}  // namespace forgelm::config
