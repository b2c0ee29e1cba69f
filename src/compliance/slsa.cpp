// SLSA provenance v1 as an in-toto Statement v1. The statement is not signed here: who holds a key signs it with the
// tool of their choice (DSSE). Digests of several files at once are of lines "sha256  name".
#include "bills.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"

namespace forgelm::compliance {
namespace {

Json descriptor(const std::string& name, const std::string& sha256) {
  return Json::object({{"name", name}, {"digest", Json::object({{"sha256", sha256}})}});
}

Json dependencies(const config::LoadedJob& loaded, const RunFacts& facts) {
  Json out = Json::array();
  if (!facts.run->model_digest.empty()) {
    Json base = descriptor(loaded.job.model.name_or_path, facts.run->model_digest);
    out.push(base.set("annotations", Json::object({{"role", "base model"},
                                                   {"digest_is_over", "lines of sha256, two blanks, file name"}})));
  }
  for (const DataSetFacts& set : facts.data_sets)
    for (const FileFacts& file : set.files) {
      Json data = descriptor(file.path, file.sha256);
      out.push(data.set("annotations", Json::object({{"role", "training data"}, {"data_set", set.name}})));
    }
  return out;
}

}  // namespace

std::optional<Json> slsa_provenance(const config::LoadedJob& loaded, const RunFacts& facts) {
  if (!facts.run || !facts.run->has_model() || facts.run->outputs.empty()) return std::nullopt;
  const Execution& run = *facts.run;
  Json subjects = Json::array(), byproducts = Json::array();
  const std::string model = cat(loaded.job.training.final_model_dir, "/");
  for (const FileFacts& file : run.outputs)
    (file.path.starts_with(model) ? subjects : byproducts).push(descriptor(file.path, file.sha256));
  if (subjects.items().empty()) return std::nullopt;
  const Json external = Json::object({{"job", Json::object({{"file", loaded.file}, {"sha256", loaded.sha256}})},
                                      {"config_hash", config::config_hash(loaded)},
                                      {"configuration", config::dump(loaded)}});
  const Json internal = Json::object({{"device", run.compute.device_name},
                                      {"num_threads", run.compute.num_threads},
                                      {"precision", run.precision},
                                      {"quantization", run.quantization}});
  Json definition = Json::object({{"buildType", kBuildType},
                                  {"externalParameters", external},
                                  {"internalParameters", internal},
                                  {"resolvedDependencies", dependencies(loaded, facts)}});
  const Json builder = Json::object(
      {{"id", kBuilder}, {"version", Json::object({{"forgelm", version()}, {"commit", build_info().commit}})}});
  Json metadata = Json::object({{"invocationId", run.id}, {"startedOn", run.started_at}});
  if (!run.ended_at.empty()) metadata.set("finishedOn", run.ended_at);
  Json details = Json::object({{"builder", builder}, {"metadata", std::move(metadata)}});
  if (!byproducts.items().empty()) details.set("byproducts", std::move(byproducts));
  return Json::object(
      {{"_type", "https://in-toto.io/Statement/v1"},
       {"subject", std::move(subjects)},
       {"predicateType", "https://slsa.dev/provenance/v1"},
       {"predicate", Json::object({{"buildDefinition", std::move(definition)}, {"runDetails", std::move(details)}})}});
}

}  // namespace forgelm::compliance
