#include "forgelm/compliance/bundle.hpp"

#include <algorithm>
#include <exception>

#include "annex_iv_document.hpp"
#include "bills.hpp"
#include "forgelm/config/emit.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/redact.hpp"
#include "forgelm/core/text.hpp"
#include "report.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;

std::string pretty(const Json& document) {
  JsonStyle style;
  style.indent = 2;
  return dump(document, style) + "\n";
}

void remove_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);  // what stays is removed by the next writer
}

bool is_ours(const Bundle& bundle, const std::string& name) {
  static constexpr const char* kAll[] = {"risk_assessment.json", kAnnexIvFile, kGovernanceFile, "provenance.slsa.json",
                                         kInstructionsFile};
  return std::any_of(std::begin(kAll), std::end(kAll), [&](const char* ours) { return name == ours; }) ||
         std::any_of(bundle.files.begin(), bundle.files.end(), [&](const auto& file) { return file.first == name; });
}

/// Files that others put into the bundle's folder go with it; nothing of theirs is lost, and nothing is followed.
void keep_foreign_files(const Bundle& bundle, const fs::path& folder, const fs::path& staging) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().native();
    if (is_ours(bundle, name) || name.starts_with('.')) continue;
    if (!entry.is_regular_file() || entry.is_symlink())
      throw ConfigError(
          cat(quote(folder.native()), " holds ", quote(name), ", which is no file of a compliance bundle"),
          "the folder is replaced as a whole: name one of its own");
    std::error_code error;
    fs::create_hard_link(entry.path(), staging / name, error);
    if (error) fs::copy_file(entry.path(), staging / name);
  }
}

}  // namespace

std::string instructions_for_use(const config::LoadedJob& loaded, const RunFacts& facts,
                                 const std::string& model_location) {
  return redact(deployer_instructions(loaded, facts, model_location));
}

Bundle make_bundle(const config::LoadedJob& loaded, const RunFacts& facts) {
  Bundle bundle;
  const auto add = [&](const char* name, const std::string& bytes) { bundle.files.emplace_back(name, redact(bytes)); };
  const Json report = compliance_report(loaded, facts);
  add(kReportFile, pretty(report));
  add("training_manifest.yaml", training_manifest_yaml(report));
  add("data_provenance.json", pretty(report.at("data_provenance")));
  if (loaded.job.risk_assessment) add("risk_assessment.json", pretty(report.at("risk_assessment")));
  const auto annex = annex_iv_document(loaded, facts, report);
  if (annex) bundle.files.emplace_back(kAnnexIvFile, pretty(*annex));
  try {
    add(kGovernanceFile, pretty(data_governance_report(loaded, facts)));
  } catch (const std::exception& error) {
    bundle.governance_problem = error.what();
  }
  // Nobody is told how to use a model that is not let out.
  if (!facts.run || facts.run->has_model())
    add(kInstructionsFile,
        deployer_instructions(loaded, facts,
                              facts.run && !facts.run->final_model.empty() ? facts.run->final_model
                                                                           : config::final_model_path(loaded.job)));
  add("bom.cdx.json", pretty(cyclonedx_bom(loaded, facts, report)));
  if (const auto provenance = slsa_provenance(loaded, facts)) add("provenance.slsa.json", pretty(*provenance));
  add("configuration.yaml", config::to_yaml(config::dump(loaded)));
  add("README.md", bundle_readme(loaded, facts, annex.has_value()));
  return bundle;
}

std::vector<std::string> write_bundle(const Bundle& bundle, const fs::path& given) {
  const fs::path folder = given.has_filename() ? given : given.parent_path();
  const fs::path staging = folder.native() + ".partial", aside = folder.native() + ".replaced";
  if (fs::exists(aside) && !fs::exists(folder)) fs::rename(aside, folder);  // what a kill left between two renames
  const bool is_there = fs::exists(fs::symlink_status(folder));
  if (is_there && !fs::is_directory(folder))
    throw ConfigError(cat(quote(folder.native()), " is no folder"), "name a folder for the compliance bundle");
  remove_tree(staging);
  remove_tree(aside);
  std::error_code error;
  fs::create_directory(staging, error);
  if (error)
    throw RunError(RunErrorKind::io, cat("cannot make the folder ", quote(staging.native()), ": ", error.message()), {},
                   {{"path", staging.native()}});
  try {
    for (const auto& [name, bytes] : bundle.files) write_file_durably(staging / name, bytes);
    if (is_there) keep_foreign_files(bundle, folder, staging);
    if (is_there && !fs::is_empty(folder)) remove_tree(replace_directory(staging, folder, aside));
    else commit_directory(staging, folder);
  } catch (...) {
    remove_tree(staging);
    throw;
  }
  std::vector<std::string> names;
  for (const auto& file : bundle.files) names.push_back(file.first);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace forgelm::compliance
