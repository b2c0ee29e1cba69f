#include "forgelm/pipeline/evidence.hpp"

#include "forgelm/compliance/bundle.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/pipeline/run.hpp"
#include "run_facts.hpp"

namespace forgelm::pipeline {
namespace {

namespace fs = std::filesystem;

/// The record of a run of this configuration that has ended with a model, or null.
Json record_of_run(const config::LoadedJob& loaded) {
  const auto text = read_file_if_exists(fs::path(loaded.job.training.output_dir) / kRunFile);
  if (!text) return Json();
  auto parsed = parse_json(*text);
  if (!parsed || parsed->kind() != Json::Kind::object) return Json();
  const Json& record = *parsed;
  const Json* config = record.find("config");
  const Json* state = record.find("state");
  const Json* hash = config != nullptr ? config->find("config_hash") : nullptr;
  const bool is_of_this_job = hash != nullptr && *hash == Json(config::config_hash(loaded));
  const bool has_model = state != nullptr && (*state == Json("finished") || *state == Json("awaiting_approval"));
  return is_of_this_job && has_model && record.find("compute") != nullptr ? record : Json();
}

}  // namespace

ExportedBundle export_bundle(const config::LoadedJob& loaded, const fs::path& given) {
  const fs::path folder = given.has_filename() ? given : given.parent_path();
  const Json record = record_of_run(loaded);
  compliance::RunFacts facts = facts_of(loaded, record);
  if (facts.run) {
    const Json* staging = record.find("staging_path");
    facts.run->final_model = staging != nullptr && staging->kind() == Json::Kind::text
                                 ? staging->text()
                                 : config::final_model_path(loaded.job);
  }
  if (const auto before = read_file_if_exists(folder / compliance::kAnnexIvFile))
    if (auto document = parse_json(*before)) facts.previous_annex = std::move(document).value();
  std::error_code error;
  if (const fs::path parent = folder.parent_path(); !parent.empty()) fs::create_directories(parent, error);
  if (error)
    throw RunError(RunErrorKind::io, cat("cannot make the folder of ", quote(folder.native()), ": ", error.message()),
                   {}, {{"path", folder.native()}});
  const compliance::Bundle bundle = compliance::make_bundle(loaded, facts);
  if (!bundle.governance_problem.empty()) throw RunError(RunErrorKind::internal, bundle.governance_problem);
  ExportedBundle out;
  out.files = compliance::write_bundle(bundle, folder);
  if (facts.run) out.run_id = facts.run->id;
  return out;
}

}  // namespace forgelm::pipeline
