// The nine points of Annex IV, in the Regulation's order and lettering. A point is `provided` (the provider said it),
// `generated` (forgelm knows it), `not_applicable` with a reason, or `missing`. The annex binds providers of high-risk
// systems: what only the provider can say and did not is missing there, and not applicable in a job that declares a
// lower class. A job that declares no class is held to the strict rule.
#include <algorithm>
#include <filesystem>

#include "annex_iv_document.hpp"
#include "forgelm/compliance/bundle.hpp"
#include "forgelm/compliance/law.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;
using config::RiskTier;

struct Filled {
  std::string status;
  Json content = {};
  std::vector<std::string> artefacts = {};
  std::string reason = {};
};

Filled provided(Json content, std::vector<std::string> artefacts = {}) {
  return {"provided", std::move(content), std::move(artefacts), {}};
}

Filled generated(Json content, std::vector<std::string> artefacts = {}) {
  return {"generated", std::move(content), std::move(artefacts), {}};
}

Filled not_applicable(std::string reason) { return {"not_applicable", {}, {}, std::move(reason)}; }

Json item(std::string_view letter, std::string_view title, Filled filled) {
  Json out = Json::object({{"item", letter}, {"title", title}, {"status", filled.status}});
  if (!filled.content.is_null()) out.set("content", std::move(filled.content));
  if (!filled.artefacts.empty()) out.set("artefacts", Json::array_of(filled.artefacts));
  if (!filled.reason.empty()) out.set("reason", filled.reason);
  return out;
}

class Points {
 public:
  Points(const config::LoadedJob& loaded, const RunFacts& facts, const Json& document)
      : job_(loaded.job), said_(*loaded.job.compliance), facts_(facts), document_(document) {}

  Json all() const {
    Json points = Json::array();
    points.push(point(1, "general description of the AI system", general()));
    points.push(point(2, "elements of the AI system and the process for its development", development()));
    points.push(point(3, "monitoring, functioning and control of the AI system", {item("", "", control())}));
    points.push(point(4, "appropriateness of the performance metrics", {item("", "", metrics())}));
    points.push(point(5, "risk management system (Article 9)", {item("", "", risks())}));
    points.push(point(6, "relevant changes through the lifecycle", {item("", "", changes())}));
    points.push(point(7, "harmonised standards applied", {item("", "", standards())}));
    points.push(point(8, "EU declaration of conformity (Article 47)", {item("", "", declaration())}));
    points.push(point(9, "post-market monitoring (Article 72)", {item("", "", post_market())}));
    return points;
  }

  bool is_binding() const {
    const auto binds = [](RiskTier tier) { return tier != RiskTier::minimal_risk && tier != RiskTier::limited_risk; };
    return binds(said_.risk_classification) || (job_.risk_assessment && binds(job_.risk_assessment->risk_category));
  }

 private:
  static Json point(int number, std::string_view title, std::vector<Json> items) {
    Json out = Json::object({{"point", number}, {"title", title}, {"status", Json()}});
    const auto any = [&](std::string_view status) {
      return std::any_of(items.begin(), items.end(),
                         [&](const Json& one) { return one.at("status").text() == status; });
    };
    // A point is as whole as its weakest part.
    for (const char* status : {"not_applicable", "generated", "provided", "missing"})
      if (any(status)) out.set("status", status);
    if (items.size() == 1 && items.front().at("item").text().empty()) {
      for (const auto& [key, value] : items.front().members())
        if (key != "item" && key != "title" && key != "status") out.set(key, value);
      return out;
    }
    return out.set("items", Json(std::move(items)));
  }

  /// What only the provider can say, and did not.
  Filled unsaid(std::string_view key) const {
    if (is_binding()) return {"missing", {}, {}, cat(key, " is not set")};
    return not_applicable(cat("the job declares the class ", to_text(said_.risk_classification),
                              ", which Annex IV does not bind, and sets no ", key));
  }

  Filled text(const std::string& value, std::string_view key) const {
    return trim(value).empty() ? unsaid(key) : provided(value);
  }

  Filled list(const std::vector<std::string>& values, std::string_view key) const {
    return values.empty() ? unsaid(key) : provided(Json::array_of(values));
  }

  Filled without_run() const { return not_applicable("exported from the job alone: no run was recorded"); }

  std::vector<Json> general() const {
    return {
        item("a", "intended purpose, provider, version", identity()),
        item("b", "interaction with other hardware and software", text(said_.interactions, "compliance.interactions")),
        item("c", "versions of software", generated(software())),
        item("d", "forms in which the system is placed on the market",
             list(said_.distribution_forms, "compliance.distribution_forms")),
        item("e", "hardware that the system is intended to run on",
             text(said_.hardware_requirements, "compliance.hardware_requirements")),
        item("f", "products that the system is a component of",
             not_applicable("the run makes weights of a model; the provider of a product that holds them documents "
                            "the product")),
        item("g", "user interface given to the deployer", text(said_.user_interface, "compliance.user_interface")),
        item("h", "instructions for use", instructions())};
  }

  Filled instructions() const {
    if (facts_.run && !facts_.run->has_model())
      return not_applicable(cat("the run's state is ", facts_.run->state, ": there is no model that could be used"));
    return generated(Json(), {kInstructionsFile});
  }

  Filled identity() const {
    const Json& content = document_.at("system_identification");
    for (const char* key : {"provider_name", "system_name", "intended_purpose"})
      if (trim(content.at(key).text()).empty()) return {"missing", content, {}, cat("compliance.", key, " is not set")};
    return provided(content);
  }

  Json software() const {
    Json out = Json::object({{"forgelm", version()}, {"commit", build_info().commit}});
    if (facts_.run) out.set("precision", facts_.run->precision).set("family", facts_.run->family);
    return out;
  }

  std::vector<Json> development() const {
    return {item("a", "methods and steps, pre-trained systems and tools of third parties", methods()),
            item("b", "design specifications, choices and their rationale", design()),
            item("c", "system architecture and computational resources", architecture()),
            item("d", "data sets: provenance, characteristics, labelling, cleaning", data()),
            item("e", "assessment of the human oversight measures (Article 14)", oversight()),
            item("f", "pre-determined changes", list(said_.planned_changes, "compliance.planned_changes")),
            item("g", "validation and testing, metrics, test logs and reports", tests()),
            item("h", "cybersecurity measures", cybersecurity())};
  }

  Filled methods() const {
    const Json& lineage = document_.at("system_components").at("model_lineage");
    std::vector<std::string> artefacts = {"configuration.yaml", "bom.cdx.json"};
    if (facts_.run && facts_.run->has_model()) artefacts.push_back("provenance.slsa.json");
    return generated(lineage, std::move(artefacts));
  }

  Filled design() const {
    if (trim(said_.design_rationale).empty()) return unsaid("compliance.design_rationale");
    return provided(
        Json::object({{"rationale", said_.design_rationale},
                      {"training_parameters", document_.at("system_components").at("training_parameters")}}));
  }

  Filled architecture() const {
    if (!facts_.run) return without_run();
    return generated(Json::object({{"family", facts_.run->family},
                                   {"num_weights", facts_.run->compute.num_weights},
                                   {"num_trained", facts_.run->compute.num_trained},
                                   {"computational_resources", document_.at("computational_resources")}}));
  }

  Filled data() const {
    if (!job_.data.governance && !facts_.data_audit && is_binding())
      return {"missing", {}, {}, "neither data.governance is set nor a data_audit_report.json is in the run's folder"};
    return generated(Json::object({{"governance_declared", job_.data.governance.has_value()},
                                   {"data_audit_inlined", facts_.data_audit.has_value()}}),
                     {"data_provenance.json", "data_governance_report.json"});
  }

  bool has_approval() const { return job_.evaluation && job_.evaluation->require_human_approval; }

  Filled oversight() const {
    const bool is_said = !trim(said_.human_oversight).empty();
    if (!is_said && !has_approval()) return unsaid("compliance.human_oversight");
    Json content = Json::object({{"approval_required", has_approval()}});
    if (is_said) content.set("measures", said_.human_oversight);
    std::vector<std::string> artefacts;
    if (has_approval()) artefacts.push_back("../audit_log.jsonl");
    return is_said ? provided(std::move(content), artefacts) : generated(std::move(content), artefacts);
  }

  Filled tests() const {
    if (!facts_.run) return without_run();
    if (trim(said_.responsible_person).empty() && is_binding()) return unsaid("compliance.responsible_person");
    Json content = Json::object({{"metrics", document_.at("performance_metrics")},
                                 {"started_at", facts_.run->started_at},
                                 {"ended_at", facts_.run->ended_at.empty() ? Json() : Json(facts_.run->ended_at)}});
    if (!trim(said_.responsible_person).empty()) content.set("responsible_person", said_.responsible_person);
    if (!facts_.run->gates.is_null()) content.set("gates", facts_.run->gates);
    return generated(std::move(content), {kReportFile, "../loss.jsonl", "../metrics.jsonl"});
  }

  Filled cybersecurity() const {
    Json content =
        Json::object({{"by_the_run", Json::array({"digests of every file of the model (model_integrity.json)",
                                                  "an audit log whose entries are chained by digests",
                                                  "digests of the data, the base model and the job",
                                                  "no code of a model is ever run"})}});
    if (trim(said_.cybersecurity_measures).empty()) return generated(std::move(content));
    return provided(content.set("by_the_provider", said_.cybersecurity_measures));
  }

  Filled control() const {
    if (trim(said_.known_limitations).empty()) return unsaid("compliance.known_limitations");
    Json content = Json::object({{"known_limitations", said_.known_limitations}});
    if (!trim(said_.input_specification).empty()) content.set("input_specification", said_.input_specification);
    if (!trim(said_.human_oversight).empty()) content.set("human_oversight", said_.human_oversight);
    if (job_.risk_assessment)
      content.set("foreseeable_misuse", Json::array_of(job_.risk_assessment->foreseeable_misuse));
    return provided(std::move(content));
  }

  Filled metrics() const {
    if (trim(said_.metric_rationale).empty()) return unsaid("compliance.metric_rationale");
    Json names = Json::array();
    if (facts_.run)
      for (const auto& [name, value] : facts_.run->metrics.members()) names.push(name);
    return provided(Json::object({{"rationale", said_.metric_rationale}, {"metrics", std::move(names)}}));
  }

  Filled risks() const {
    if (!job_.risk_assessment) return unsaid("risk_assessment");
    return provided(document_.at("risk_management"), {"risk_assessment.json"});
  }

  Filled changes() const {
    Json content = Json::object();
    if (!said_.lifecycle_changes.empty()) content.set("declared", Json::array_of(said_.lifecycle_changes));
    if (facts_.run) content.set("previous_runs", Json::array_of(facts_.run->previous));
    if (facts_.previous_annex) content.set("since_the_documentation_before", difference());
    else content.set("since_the_documentation_before", "this is the first documentation in this folder");
    return said_.lifecycle_changes.empty() ? generated(std::move(content)) : provided(std::move(content));
  }

  /// What differs from the documentation that this one replaces.
  Json difference() const {
    const Json& before = *facts_.previous_annex;
    Json changed = Json::array();
    const auto compare = [&](const std::string& where, const Json* then, const Json& now) {
      if (then == nullptr || now.kind() != Json::Kind::object) return;
      for (const auto& [key, value] : now.members()) {
        const Json* old = then->find(key);
        if (old == nullptr || !(*old == value)) changed.push(cat(where, ".", key));
      }
    };
    compare("system_identification", before.find("system_identification"), document_.at("system_identification"));
    if (const Json* components = before.find("system_components"))
      for (const char* part : {"model_lineage", "training_parameters"})
        compare(part, components->find(part), document_.at("system_components").at(part));
    Json out = Json::object({{"changed", std::move(changed)}});
    const Json* metadata = before.find("metadata");
    const Json* hash = metadata != nullptr ? metadata->find("manifest_hash") : nullptr;
    out.set("manifest_hash_before", hash != nullptr ? *hash : Json());
    return out;
  }

  Filled standards() const {
    if (!said_.standards_applied.empty()) {
      Json content = Json::object({{"standards", Json::array_of(said_.standards_applied)}});
      if (!trim(said_.standards_reason).empty()) content.set("other_solutions", said_.standards_reason);
      return provided(std::move(content));
    }
    const Json none = Json::array();
    if (!trim(said_.standards_reason).empty())
      return provided(Json::object({{"standards", none}, {"other_solutions", said_.standards_reason}}));
    Filled filled = unsaid("compliance.standards_applied or compliance.standards_reason");
    filled.content = Json::object({{"standards", none}});
    return filled;
  }

  Filled declaration() const {
    if (!said_.declaration_of_conformity) return unsaid("compliance.declaration_of_conformity");
    const fs::path path = *said_.declaration_of_conformity;
    if (!fs::is_regular_file(path))
      return {"missing", {}, {}, cat("compliance.declaration_of_conformity: there is no file ", quote(path.native()))};
    return provided(pointer_to(path));
  }

  static Json pointer_to(const fs::path& path) {
    return Json::object({{"file", path.native()}, {"sha256", sha256_file(path)}, {"size_bytes", fs::file_size(path)}});
  }

  Filled post_market() const {
    if (said_.post_market_plan) {
      const fs::path path = *said_.post_market_plan;
      std::error_code error;
      Json plan = fs::is_regular_file(path, error) ? pointer_to(path) : Json(*said_.post_market_plan);
      return provided(
          Json::object({{"plan", std::move(plan)}, {"monitoring", document_.at("monitoring_and_logging")}}));
    }
    if (job_.monitoring && job_.monitoring->enabled)
      return generated(Json::object({{"monitoring", document_.at("monitoring_and_logging")}}));
    return unsaid("compliance.post_market_plan");
  }

  const config::JobConfig& job_;
  const config::ComplianceSection& said_;
  const RunFacts& facts_;
  const Json& document_;
};

}  // namespace

Json annex_iv_points(const config::LoadedJob& loaded, const RunFacts& facts, const Json& document) {
  const Points points(loaded, facts, document);
  return Json::object(
      {{"layout", "forgelm/annex-iv/1"},
       {"regulation", cat(law("technical_documentation").source, ", ", law("technical_documentation").provision)},
       {"applies_from", Json::array({to_json(law("high_risk_annex_iii_applies_from")),
                                     to_json(law("high_risk_annex_i_applies_from"))})},
       {"law_as_of", law_table_as_of()},
       {"is_binding_for_the_declared_class", points.is_binding()},
       {"points", points.all()}});
}

}  // namespace forgelm::compliance
