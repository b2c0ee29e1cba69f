// CycloneDX 1.7 (schema bom-1.7): the model as the BOM's subject with a model card, the base model and the data sets as
// components, and who depends on whom. The trap: the schema is closed, an unknown member is an error; what CycloneDX
// has no place for goes into `properties` under the name forgelm:.
#include "bills.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"
#include "report.hpp"

namespace forgelm::compliance {
namespace {

Json hash_of(const std::string& sha256) { return Json::object({{"alg", "SHA-256"}, {"content", sha256}}); }

void add_property(Json& properties, std::string_view name, const std::string& value) {
  if (!value.empty()) properties.push(Json::object({{"name", cat("forgelm:", name)}, {"value", value}}));
}

std::string number_text(const Json& value) { return value.kind() == Json::Kind::text ? value.text() : dump(value); }

Json quantitative_analysis(const RunFacts& facts) {
  Json metrics = Json::array();
  if (facts.run)
    for (const auto& [name, value] : facts.run->metrics.members())
      if (value.is_number() || value.kind() == Json::Kind::text)
        metrics.push(Json::object({{"type", name}, {"value", number_text(value)}}));
  return Json::object({{"performanceMetrics", std::move(metrics)}});
}

Json considerations(const config::JobConfig& job) {
  Json out = Json::object();
  if (job.compliance) {
    if (!job.compliance->intended_purpose.empty()) out.set("useCases", Json::array({job.compliance->intended_purpose}));
    if (!job.compliance->known_limitations.empty())
      out.set("technicalLimitations", Json::array({job.compliance->known_limitations}));
  }
  if (job.risk_assessment && !job.risk_assessment->foreseeable_misuse.empty()) {
    const std::string measures = join(job.risk_assessment->mitigation_measures, "; ");
    Json risks = Json::array();
    for (const std::string& misuse : job.risk_assessment->foreseeable_misuse) {
      Json risk = Json::object({{"name", misuse}});
      if (!measures.empty()) risk.set("mitigationStrategy", measures);
      risks.push(std::move(risk));
    }
    out.set("ethicalConsiderations", std::move(risks));
  }
  return out;
}

Json model_card(const config::JobConfig& job, const RunFacts& facts, const Json& datasets) {
  Json parameters = Json::object({{"approach", Json::object({{"type", "supervised"}})}, {"task", "text-generation"}});
  if (facts.run && !facts.run->family.empty()) parameters.set("architectureFamily", facts.run->family);
  if (!datasets.items().empty()) parameters.set("datasets", datasets);
  parameters.set("inputs", Json::array({Json::object({{"format", "text"}})}));
  parameters.set("outputs", Json::array({Json::object({{"format", "text"}})}));
  Json card = Json::object({{"bom-ref", "model-card"}, {"modelParameters", std::move(parameters)}});
  if (facts.run) card.set("quantitativeAnalysis", quantitative_analysis(facts));
  Json considered = considerations(job);
  if (!considered.members().empty()) card.set("considerations", std::move(considered));
  return card;
}

/// The digest that stands for all files of a data set: of the one file, or over names and digests of several.
std::string digest_of(const DataSetFacts& set) {
  if (set.files.size() == 1) return set.files.front().sha256;
  Sha256 all;
  for (const FileFacts& file : set.files) all.update(cat(file.sha256, "  ", file.path, "\n"));
  return all.finish_hex();
}

Json data_component(const config::JobConfig& job, const DataSetFacts& set, const std::string& reference) {
  Json dataset = Json::object({{"bom-ref", cat(reference, "-content")}, {"type", "dataset"}, {"name", set.name}});
  if (job.data.governance) {
    if (job.data.governance->personal_data_included) dataset.set("sensitiveData", Json::array({"personal data"}));
    const auto& said = *job.data.governance;
    const std::string description =
        join(std::vector<std::string>{said.collection_method, said.annotation_process}, " ");
    if (!trim(description).empty()) dataset.set("description", std::string(trim(description)));
  }
  Json component = Json::object({{"type", "data"}, {"bom-ref", reference}, {"name", set.name}});
  if (!set.revision.empty()) component.set("version", set.revision);
  if (!set.files.empty()) component.set("hashes", Json::array({hash_of(digest_of(set))}));
  component.set("data", Json::array({std::move(dataset)}));
  Json properties = Json::array();
  if (set.files.size() > 1) add_property(properties, "hash_is_over", "lines of sha256, two blanks, path");
  for (const FileFacts& file : set.files)
    add_property(properties, cat("file:", file.path), cat("sha256:", file.sha256));
  if (!properties.items().empty()) component.set("properties", std::move(properties));
  return component;
}

Json licenses_of(const std::string& license) {
  // A name is always valid; an SPDX identifier is one only from the list of the schema.
  return Json::array({Json::object({{"license", Json::object({{"name", license}})}})});
}

Json base_component(const config::JobConfig& job, const RunFacts& facts) {
  Json base =
      Json::object({{"type", "machine-learning-model"}, {"bom-ref", "base-model"}, {"name", job.model.name_or_path}});
  if (job.model.revision) base.set("version", *job.model.revision);
  if (facts.run && !facts.run->model_digest.empty()) {
    Json properties = Json::array();
    add_property(properties, "digest", cat("sha256:", facts.run->model_digest));
    add_property(properties, "digest_is_over", "lines of sha256, two blanks, file name, of configuration and weights");
    base.set("properties", std::move(properties));
  }
  if (job.compliance && job.compliance->base_model_license)
    base.set("licenses", licenses_of(*job.compliance->base_model_license));
  return base;
}

Json subject(const config::LoadedJob& loaded, const RunFacts& facts, const Json& report, const Json& datasets) {
  const config::JobConfig& job = loaded.job;
  const bool is_named = job.compliance && !job.compliance->system_name.empty();
  Json out = Json::object({{"type", "machine-learning-model"}, {"bom-ref", "model"}});
  out.set("name", is_named ? job.compliance->system_name : job.training.final_model_dir);
  if (job.compliance && !job.compliance->system_version.empty()) out.set("version", job.compliance->system_version);
  out.set("description", cat(adapter_method(job, facts), " of ", job.model.name_or_path));
  if (job.compliance && !job.compliance->provider_name.empty())
    out.set("supplier", Json::object({{"name", job.compliance->provider_name}}));
  Json properties = Json::array();
  add_property(properties, "config_hash", report.at("config_hash").text());
  if (facts.run) {
    add_property(properties, "run_id", facts.run->id);
    add_property(properties, "run_state", facts.run->state);
    add_property(properties, "precision", facts.run->precision);
    for (const FileFacts& file : facts.run->outputs)
      add_property(properties, cat("file:", file.path), cat("sha256:", file.sha256));
  }
  out.set("properties", std::move(properties));
  return out.set("modelCard", model_card(job, facts, datasets));
}

}  // namespace

std::string uuid_urn_of(std::string_view text) {
  std::string hex = sha256_hex(text).substr(0, 32);
  hex[12] = '8';
  hex[16] = "89ab"[static_cast<unsigned char>(hex[16]) % 4];
  return cat("urn:uuid:", hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-", hex.substr(16, 4), "-",
             hex.substr(20));
}

Json cyclonedx_bom(const config::LoadedJob& loaded, const RunFacts& facts, const Json& report) {
  Json references = Json::array(), depends_on = Json::array({"base-model"});
  Json components = Json::array({base_component(loaded.job, facts)});
  for (std::size_t i = 0; i < facts.data_sets.size(); ++i) {
    const std::string reference = cat("data-", i + 1);
    references.push(Json::object({{"ref", reference}}));
    depends_on.push(reference);
    components.push(data_component(loaded.job, facts.data_sets[i], reference));
  }
  const Json tool = Json::object({{"type", "application"}, {"name", "forgelm"}, {"version", version()}});
  Json metadata =
      Json::object({{"timestamp", facts.generated_at},
                    {"lifecycles", Json::array({Json::object({{"phase", facts.run ? "build" : "design"}})})},
                    {"tools", Json::object({{"components", Json::array({tool})}})},
                    {"component", subject(loaded, facts, report, references)}});
  return Json::object(
      {{"bomFormat", "CycloneDX"},
       {"specVersion", "1.7"},
       {"serialNumber", uuid_urn_of(cat(report.at("config_hash").text(), " ", facts.run ? facts.run->id : std::string(),
                                        " ", facts.generated_at))},
       {"version", 1},
       {"metadata", std::move(metadata)},
       {"components", std::move(components)},
       {"dependencies", Json::array({Json::object({{"ref", "model"}, {"dependsOn", std::move(depends_on)}})})}});
}

}  // namespace forgelm::compliance
