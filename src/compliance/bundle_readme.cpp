// README.md of the bundle. It must be true of every bundle: what it claims of a file is what the writer of that file
// does, no more.
#include "forgelm/compliance/bundle.hpp"
#include "forgelm/compliance/law.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"
#include "report.hpp"

namespace forgelm::compliance {
namespace {

struct Artefact {
  std::string_view name, proves, does_not;
};

constexpr Artefact kArtefacts[] = {
    {kReportFile, "Configuration, lineage, data, results and cost as the run recorded them.",
     "That the machine was honest; it is not signed."},
    {"training_manifest.yaml", "The same on one page.", "Anything of its own."},
    {"configuration.yaml", "Every setting in force, secrets masked; its digest is `config_hash`.",
     "What the masked values were."},
    {"data_provenance.json", "Which bytes were read: SHA-256 of each file, and of the tokens made of them.",
     "That the data may be used, or what is in it."},
    {"data_governance_report.json",
     "Rows, what was dropped and why, lengths; the provider's statements; the data audit where one was made.",
     "That the statements are true."},
    {"risk_assessment.json", "What the provider states about risks.", "That the assessment is complete."},
    {"annex_iv_metadata.json",
     "The nine points of Annex IV with a status each. Its hash finds damage: `forgelm verify-annex-iv`.",
     "That nobody rewrote it: the hash has no key."},
    {"deployer_instructions.md", "What deployers are told (Article 13).", "That they read it."},
    {"bom.cdx.json", "Model, base model and data sets as a CycloneDX 1.7 bill of materials.",
     "Their licences, unless stated."},
    {"provenance.slsa.json",
     "Which job, base model and data made which files, as SLSA provenance v1 in an in-toto statement.",
     "Its own origin: it is not signed here."},
};

/// What the run came to, where that is not a model in its place.
std::string verdict_of(const Execution& run) {
  if (run.state == "awaiting_approval") return "\nA person had still to approve its model when this was written.\n";
  if (run.has_model()) return "";
  std::string out = cat("\nIts state is `", run.state, "`: this is no evidence of a model that was let out.\n");
  if (run.gates.kind() == Json::Kind::array)
    for (const Json& gate : run.gates.items())
      out += cat("\n- gate ", gate.at("name").text(), ": ", gate.at("verdict").text(), ". ", gate.at("detail").text());
  if (run.error.kind() == Json::Kind::object)
    out += cat("\n- error at the stage ", run.error.at("stage").text(), ": ", run.error.at("message").text());
  return out.back() == '\n' ? out : out + "\n";
}

}  // namespace

std::string bundle_readme(const config::LoadedJob& loaded, const RunFacts& facts, bool has_annex) {
  std::string out =
      cat("# Compliance bundle\n\n",
          facts.run ? cat("Of run ", facts.run->id) : std::string("Of a job alone: no run is recorded in it"),
          ", written by forgelm ", version(), " at ", facts.generated_at, ".\n",
          facts.run ? verdict_of(*facts.run) : "", "\n", "| file | shows | does not show |\n|---|---|---|\n");
  for (const Artefact& artefact : kArtefacts) {
    if (artefact.name == "risk_assessment.json" && !loaded.job.risk_assessment) continue;
    if (artefact.name == "annex_iv_metadata.json" && !has_annex) continue;
    if (artefact.name == "provenance.slsa.json" && (!facts.run || !facts.run->has_model())) continue;
    if (artefact.name == kInstructionsFile && facts.run && !facts.run->has_model()) continue;
    out += cat("| ", artefact.name, " | ", artefact.proves, " | ", artefact.does_not, " |\n");
  }
  if (!has_annex)
    out += "\nThere is no annex_iv_metadata.json: the job names neither provider, system nor purpose (`compliance`).\n";
  out +=
      "\nDigests tie these files to the run's folder: `forgelm_run.json` lists the files of the model, the audit log "
      "(`audit_log.jsonl`) holds what happened in order, and `model_integrity.json` beside the model covers its bytes. "
      "Check with `forgelm verify-audit`, `forgelm verify-integrity` and `forgelm verify-annex-iv`.\n\n## Dates and "
      "thresholds of law\n\n";
  out += cat("As compared with the sources on ", law_table_as_of(), ":\n\n");
  for (const LawEntry& entry : law_table())
    out += cat("- ", entry.date.empty() ? python_float_repr(entry.number) : std::string(entry.date), ": ", entry.what,
               " ", entry.provision, "; ", entry.source, ".\n");
  return out;
}

}  // namespace forgelm::compliance
