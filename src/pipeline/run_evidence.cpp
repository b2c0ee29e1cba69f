#include "run_evidence.hpp"

#include <exception>

#include "forgelm/compliance/bundle.hpp"
#include "forgelm/compliance/model_integrity.hpp"
#include "forgelm/compliance/model_signing.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/redact.hpp"
#include "model_card.hpp"
#include "run_facts.hpp"

namespace forgelm::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.run");
constexpr const char* kDataAudit = "data_audit_report.json";

void write_compliance(const PassedRun& run, compliance::RunFacts facts) {
  const fs::path folder = run.run_folder / compliance::kBundleFolder;
  compliance::Bundle bundle;
  std::vector<std::string> files;
  // As in the reference a bundle that cannot be written is on the record and does not take the model away.
  try {
    facts.run->outputs = facts_of_model(run.model, run.model_place, run.run_folder);
    if (const auto before = read_file_if_exists(folder / compliance::kAnnexIvFile))
      if (auto document = parse_json(*before)) facts.previous_annex = std::move(document).value();
    bundle = compliance::make_bundle(run.loaded, facts);
    files = compliance::write_bundle(bundle, folder);
  } catch (const Error& error) {
    logger.warning("the compliance bundle cannot be written: ", error.what());
    run.audit.record({"compliance.artifacts_export_failed", Json::object({{"reason", redact(error.what())}})});
    return;
  }
  const bool has_governance = bundle.governance_problem.empty();
  if (has_governance) {
    run.audit.record({"compliance.governance_exported",
                      Json::object({{"output_path", (folder / compliance::kGovernanceFile).native()},
                                    {"dataset_count", facts.splits.size()}})});
    if (!facts.data_audit)
      run.audit.record({"compliance.governance_section_missing",
                        Json::object({{"section", "data_audit_report"},
                                      {"expected_path", (run.run_folder / kDataAudit).native()}})});
  } else {
    logger.warning("the data governance report cannot be written: ", bundle.governance_problem);
    run.audit.record({"compliance.governance_failed", Json::object({{"reason", redact(bundle.governance_problem)}})});
  }
  run.audit.record({"compliance.artifacts_exported", Json::object({{"output_dir", folder.native()},
                                                                   {"files", Json::array_of(files)},
                                                                   {"governance_ok", has_governance}})});
}

/// The manifest over the model's files, and with a key the signature over both.
void attest_model(const PassedRun& run) {
  compliance::ModelFolder folder(run.model);
  const auto written = compliance::write_model_integrity(folder, run.model_place);
  Json details = Json::object({{"artifacts", written.num_artifacts}});
  if (run.signing_key != nullptr) {
    const auto signed_model = compliance::sign_model(
        folder, *run.signing_key, run.model / compliance::kModelSignatureFile, run.model_place.filename().native());
    details.set("signature", compliance::kModelSignatureFile).set("key_sha256", signed_model.key_sha256);
  }
  run.audit.record({"model.integrity_verified", std::move(details)});
}

}  // namespace

std::optional<PrivateKey> signing_key(const config::JobConfig& job, const std::optional<std::filesystem::path>& path) {
  std::optional<std::filesystem::path> chosen = path;
  if (!chosen && job.compliance && job.compliance->model_key) chosen = *job.compliance->model_key;
  if (!chosen) return std::nullopt;
  PrivateKey key = PrivateKey::from_pem_file(*chosen);
  compliance::require_signing_key(key);
  return key;
}

void write_evidence(const PassedRun& run) {
  compliance::RunFacts facts = facts_of(run.loaded, run.record);
  facts.run->final_model = run.model_place.native();
  facts.run->ended_at = facts.generated_at;  // of training and gates
  // Beside the weights. What is written here after the manifest is not in it.
  write_file_durably(run.model / "README.md", model_card({run.loaded, run.record, run.is_adapter}));
  write_file_durably(run.model / compliance::kInstructionsFile,
                     compliance::instructions_for_use(run.loaded, facts, run.model_place.native()));
  attest_model(run);  // the last to write there
  // In the run's folder.
  write_compliance(run, std::move(facts));
}

}  // namespace forgelm::pipeline
