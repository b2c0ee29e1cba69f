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

compliance::RunFacts facts_about(const RunEvidence& run) {
  compliance::RunFacts facts = facts_of(run.loaded, run.record);
  facts.run->state = to_string(run.state);
  facts.run->ended_at = facts.generated_at;  // of training and gates
  if (!run.model.empty()) facts.run->final_model = run.model_place.native();
  return facts;
}

}  // namespace

void write_compliance(const RunEvidence& run) {
  const fs::path folder = run.folder.path() / compliance::kBundleFolder;
  compliance::RunFacts facts;
  compliance::Bundle bundle;
  std::vector<std::string> files;
  // As in the reference a bundle that cannot be written is on the record and does not take the model away.
  try {
    run.folder.keep_earlier_evidence();  // whose place this takes
    facts = facts_about(run);
    if (!run.model.empty()) facts.run->outputs = facts_of_model(run.model, run.model_place, run.folder.path());
    if (const auto before = read_file_if_exists(folder / compliance::kAnnexIvFile))
      if (auto document = parse_json(*before)) facts.previous_annex = std::move(document).value();
    bundle = compliance::make_bundle(run.loaded, facts);
    files = compliance::write_bundle(bundle, folder);
  } catch (const std::exception& error) {
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
                                      {"expected_path", (run.folder.path() / kDataAudit).native()}})});
  } else {
    logger.warning("the data governance report cannot be written: ", bundle.governance_problem);
    run.audit.record({"compliance.governance_failed", Json::object({{"reason", redact(bundle.governance_problem)}})});
  }
  run.audit.record({"compliance.artifacts_exported", Json::object({{"output_dir", folder.native()},
                                                                   {"files", Json::array_of(files)},
                                                                   {"governance_ok", has_governance}})});
}

void attest_model(const RunEvidence& run, bool is_adapter, const PrivateKey* key) {
  // What is written here after the manifest is not in it.
  write_file_durably(run.model / "README.md", model_card({run.loaded, run.record, is_adapter}));
  write_file_durably(run.model / compliance::kInstructionsFile,
                     compliance::instructions_for_use(run.loaded, facts_about(run), run.model_place.native()));
  compliance::ModelFolder folder(run.model);
  const auto written = compliance::write_model_integrity(folder, run.model_place);
  Json details = Json::object({{"artifacts", written.num_artifacts}});
  if (key != nullptr) {
    const auto signed_model = compliance::sign_model(folder, *key, run.model / compliance::kModelSignatureFile,
                                                     run.model_place.filename().native());
    details.set("signature", compliance::kModelSignatureFile).set("key_sha256", signed_model.key_sha256);
  }
  run.audit.record({"model.integrity_verified", std::move(details)});
}

std::optional<PrivateKey> signing_key(const config::JobConfig& job, const std::optional<std::filesystem::path>& path) {
  std::optional<std::filesystem::path> chosen = path;
  if (!chosen && job.compliance && job.compliance->model_key) chosen = *job.compliance->model_key;
  if (!chosen) return std::nullopt;
  PrivateKey key = PrivateKey::from_pem_file(*chosen);
  compliance::require_signing_key(key);
  return key;
}

}  // namespace forgelm::pipeline
