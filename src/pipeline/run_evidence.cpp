#include "run_evidence.hpp"

#include <exception>

#include "forgelm/compliance/bundle.hpp"
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

/// O/compliance. As in the reference a bundle that cannot be written is on the record and does not take the model away.
void write_compliance(const PassedRun& run, compliance::RunFacts facts) {
  const fs::path folder = run.run_folder / compliance::kBundleFolder;
  try {
    facts.run->outputs = facts_of_model(run.model, run.model_place, run.run_folder);
    if (const auto before = read_file_if_exists(folder / compliance::kAnnexIvFile))
      if (auto document = parse_json(*before)) facts.previous_annex = std::move(document).value();
    const compliance::Bundle bundle = compliance::make_bundle(run.loaded, facts);
    const auto files = compliance::write_bundle(bundle, folder);
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
      run.audit.record(
          {"compliance.governance_failed", Json::object({{"reason", redact(bundle.governance_problem)}})});
    }
    run.audit.record({"compliance.artifacts_exported", Json::object({{"output_dir", folder.native()},
                                                                     {"files", Json::array_of(files)},
                                                                     {"governance_ok", has_governance}})});
  } catch (const Error& error) {
    logger.warning("the compliance bundle cannot be written: ", error.what());
    run.audit.record({"compliance.artifacts_export_failed", Json::object({{"reason", redact(error.what())}})});
  }
}

}  // namespace

void write_evidence(const PassedRun& run) {
  compliance::RunFacts facts = facts_of(run.loaded, run.record);
  facts.run->final_model = run.model_place.native();
  facts.run->ended_at = facts.generated_at;  // of training and gates
  // Beside the weights. What is written here after the manifest is not in it.
  write_file_durably(run.model / "README.md", model_card({run.loaded, run.record, run.is_adapter}));
  write_file_durably(run.model / compliance::kInstructionsFile,
                     compliance::instructions_for_use(run.loaded, facts, run.model_place.native()));
  // In the run's folder.
  write_compliance(run, std::move(facts));
}

}  // namespace forgelm::pipeline
