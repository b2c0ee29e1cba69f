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
  std::string interactions;
  std::vector<std::string> distribution_forms = {};
  std::string hardware_requirements;
  std::string user_interface;
  std::string input_specification;
  std::string design_rationale;
  std::string human_oversight;
  std::vector<std::string> planned_changes = {};
  std::string cybersecurity_measures;
  std::string responsible_person;
  std::string metric_rationale;
  std::vector<std::string> lifecycle_changes = {};
  std::vector<std::string> standards_applied = {};
  std::string standards_reason;
  std::optional<std::string> declaration_of_conformity;
  std::optional<std::string> post_market_plan;
  std::optional<std::string> base_model_license;
  std::optional<double> base_model_training_flops;
  std::optional<std::string> model_key;
  std::optional<std::string> audit_key;
  std::optional<std::string> anchor_path;

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
    rows(field<&S::interactions>, "Annex IV 1(b): hardware and software that the system works with.", added, record);
    rows(field<&S::distribution_forms>, "Annex IV 1(d): forms in which the system is placed on the market.", added,
         record);
    rows(field<&S::hardware_requirements>, "Annex IV 1(e): hardware that the system is meant to run on.", added,
         record);
    rows(field<&S::user_interface>, "Annex IV 1(g): the user interface given to the deployer.", added, record);
    rows(field<&S::input_specification>, "Annex IV 3: what the system takes as input.", added, record);
    rows(field<&S::design_rationale>, "Annex IV 2(b): design choices, assumptions and trade-offs, and why.", added,
         record);
    rows(field<&S::human_oversight>, "Annex IV 2(e) and 3: measures by which people oversee the system.", added,
         record);
    rows(field<&S::planned_changes>, "Annex IV 2(f): changes of the system that are determined in advance.", added,
         record);
    rows(field<&S::cybersecurity_measures>, "Annex IV 2(h): measures beside those that the run takes.", added, record);
    rows(field<&S::responsible_person>, "Annex IV 2(g): who answers for the test reports.", added, record);
    rows(field<&S::metric_rationale>, "Annex IV 4: why the performance metrics fit the system.", added, record);
    rows(field<&S::lifecycle_changes>, "Annex IV 6: changes made to the system through its lifecycle.", added, record);
    rows(field<&S::standards_applied>, "Annex IV 7: harmonised standards and specifications applied, with edition.",
         added, record);
    rows(field<&S::standards_reason>,
         "Annex IV 7: without harmonised standards, the solutions that meet the requirements instead.", added, record);
    rows(field<&S::declaration_of_conformity>,
         "Annex IV 8: file of the EU declaration of conformity; its digest is recorded.", names_path, added, record);
    rows(field<&S::post_market_plan>, "Annex IV 9: the post-market monitoring plan, a file or where it is kept.", added,
         record);
    rows(field<&S::base_model_license>, "Licence of the base model, as an SPDX identifier or text.", added, record);
    rows(field<&S::base_model_training_flops>,
         "Floating-point operations that trained the base model; the run's own are compared with a third of them.",
         above(0), finite, example("1.0e+24"), added, record);
    rows(field<&S::model_key>,
         "Private key (PEM, ECDSA on P-256, P-384 or P-521) that signs the final model: model.sig beside its files.",
         names_path, added, record);
    rows(field<&S::audit_key>, "Private key (PEM, Ed25519) that signs the checkpoint of the audit log.", names_path,
         added, record);
    rows(
        field<&S::anchor_path>,
        "Where a second copy of the audit log's checkpoint goes: a file, or a directory that holds those of many logs.",
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
  double drift_threshold = 0.05;
  std::optional<std::string> textfile_directory;
  std::optional<std::string> api_key_env;
  bool allow_private_destinations = false;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    using S = MonitoringSection;
    constexpr auto monitoring = served_by(Capability::monitoring);
    rows(field<&S::enabled>, "Send the run's metrics by `metrics_export`.", monitoring);
    rows(field<&S::endpoint>, "http(s)://host[:port] of the receiver; empty when `endpoint_env` names it.",
         pattern("endpoint"), monitoring);
    rows(field<&S::endpoint_env>, "Environment variable that holds the endpoint.", pattern("identifier"), monitoring);
    rows(field<&S::metrics_export>, "Form in which metrics leave.", monitoring);
    rows(field<&S::alert_on_drift>, "Warn when the evaluation is worse than its baseline by `drift_threshold`.",
         monitoring);
    rows(field<&S::check_interval_hours>,
         "Hours in which the next evaluation is due; exported beside the time of this one, so that a rule can tell.",
         at_least(1), monitoring);
    rows(field<&S::drift_threshold>, "Share by which the evaluation loss may exceed its baseline.", at_least(0), finite,
         added, monitoring);
    rows(field<&S::textfile_directory>,
         "Prometheus: directory of the node exporter's textfile collector; null is the run's folder.", names_path,
         added, monitoring);
    rows(field<&S::api_key_env>,
         "Environment variable with the receiver's key: Datadog's API key (null is DD_API_KEY), a bearer token for the "
         "others.",
         pattern("identifier"), added, monitoring);
    rows(field<&S::allow_private_destinations>, "Allow a receiver at a loopback or private address.", added,
         monitoring);
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
