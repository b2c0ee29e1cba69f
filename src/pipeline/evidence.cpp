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

/// The record of a run of this configuration that has trained and has come to an end, or null.
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
  const bool has_ended = state != nullptr && state->kind() == Json::Kind::text && *state != Json("running");
  return is_of_this_job && has_ended && record.find("training") != nullptr ? record : Json();
}

/// What the run came to, and where its model is now; a person may have approved it since.
void tell_outcome(const config::LoadedJob& loaded, const Json& record, compliance::Execution& run) {
  run.state = record.at("state").text();
  const Json* staging = record.find("staging_path");
  const bool is_staged = staging != nullptr && staging->kind() == Json::Kind::text && fs::exists(staging->text());
  if (run.state == to_string(RunState::awaiting_approval) && !is_staged) run.state = to_string(RunState::finished);
  if (is_staged) run.final_model = staging->text();
  else if (run.has_model()) run.final_model = config::final_model_path(loaded.job);
}

}  // namespace

ExportedBundle export_bundle(const config::LoadedJob& loaded, const fs::path& given) {
  const fs::path folder = given.has_filename() ? given : given.parent_path();
  const Json record = record_of_run(loaded);
  compliance::RunFacts facts = facts_of(loaded, record);
  if (facts.run) tell_outcome(loaded, record, *facts.run);
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
