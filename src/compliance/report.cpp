#include "report.hpp"

#include <algorithm>

#include "forgelm/compliance/resource_usage.hpp"
#include "forgelm/config/emit.hpp"
#include "forgelm/core/rounding.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"

namespace forgelm::compliance {
namespace {

using config::JobConfig;

/// An object of the job's values under other names: "epochs" <- "training.num_train_epochs".
struct Named {
  const char* name;
  std::string_view path;
};

Json object_of(const JobConfig& job, std::initializer_list<Named> names) {
  Json out = Json::object();
  for (const Named& named : names) out.set(named.name, config::value_at(job, named.path));
  return out;
}

std::string quantization_text(const JobConfig& job, const RunFacts& facts) {
  const bool is_fp4 =
      facts.run ? facts.run->quantization == "fp4" : job.model.bnb_4bit_quant_type == config::QuantType::fp4;
  const bool is_quantized = facts.run ? facts.run->quantization != "none"
                                      : job.model.load_in_4bit && job.lora.method != config::LoraMethod::none;
  return !is_quantized ? "none" : is_fp4 ? "4-bit FP4" : "4-bit NF4";
}

Json base_model_revision(const JobConfig& job, const RunFacts& facts) {
  Json out = Json::object({{"repo_id", job.model.name_or_path},
                           {"revision_requested", config::value_at(job, "model.revision")},
                           {"revision_resolved", Json()},
                           {"resolution_source", facts.run ? "local_path" : "unresolved"},
                           {"revision_pinned", Json()}});
  if (!facts.run) out.set("reason", "no base-model load in this process recorded a revision for this repo");
  return out;
}

Json model_lineage(const JobConfig& job, const RunFacts& facts) {
  const Json revision = base_model_revision(job, facts);
  Json components = Json::array();
  if (facts.run) {
    Json component = Json::object({{"role", "base_model"}});
    for (const auto& [key, value] : revision.members()) component.set(key, value);
    components.push(std::move(component));
  }
  Json out = Json::object({{"base_model", job.model.name_or_path},
                           {"base_model_revision", revision},
                           {"component_revisions", std::move(components)},
                           {"backend", config::value_at(job, "model.backend")},
                           {"adapter_method", adapter_method(job, facts)},
                           {"quantization", quantization_text(job, facts)},
                           {"trust_remote_code", job.model.trust_remote_code}});
  if (job.compliance && job.compliance->base_model_license)
    out.set("base_model_license", *job.compliance->base_model_license);
  if (facts.run) {
    out.set("base_model_digest", cat("sha256:", facts.run->model_digest));
    out.set("family", facts.run->family);
  }
  return out;
}

Json training_parameters(const JobConfig& job, const RunFacts& facts) {
  Json out = object_of(job, {{"trainer_type", "training.trainer_type"},
                             {"epochs", "training.num_train_epochs"},
                             {"batch_size", "training.per_device_train_batch_size"},
                             {"gradient_accumulation_steps", "training.gradient_accumulation_steps"},
                             {"learning_rate", "training.learning_rate"},
                             {"max_length", "model.max_length"},
                             {"lora_r", "lora.r"},
                             {"lora_alpha", "lora.alpha"},
                             {"lora_dropout", "lora.dropout"},
                             {"dora", "lora.use_dora"},
                             {"target_modules", "lora.target_modules"}});
  if (facts.run && !facts.run->oom_recovery.is_null()) out.set("oom_recovery", facts.run->oom_recovery);
  out.set("seed", config::value_at(job, "training.seed"));
  out.set("method", config::value_at(job, "lora.method"));
  if (facts.run) {
    out.set("precision", facts.run->precision);
    out.set("num_weights", facts.run->compute.num_weights);
    out.set("num_trained", facts.run->compute.num_trained);
  }
  return out;
}

const char* source_of(DataSetFacts::Kind kind) {
  switch (kind) {
    case DataSetFacts::Kind::file: return "";
    case DataSetFacts::Kind::directory: return "local_directory";
    case DataSetFacts::Kind::hub: return "huggingface_hub";
    case DataSetFacts::Kind::unknown: break;
  }
  return "unknown";
}

Json to_json(const FileFacts& file) {
  Json out = Json::object({{"path", file.path}, {"sha256", file.sha256}, {"size_bytes", file.size_bytes}});
  if (!file.modified.empty()) out.set("modified", file.modified);
  return out;
}

Json fingerprint(const DataSetFacts& set, const RunFacts& facts) {
  Json out = Json::object({{"path", set.name}, {"timestamp", facts.generated_at}});
  const bool is_local = set.kind == DataSetFacts::Kind::file || set.kind == DataSetFacts::Kind::directory;
  if (!is_local) out.set("source", source_of(set.kind));
  if (set.kind == DataSetFacts::Kind::hub) out.set("dataset_id", set.name);
  if (set.kind == DataSetFacts::Kind::directory) out.set("source", source_of(set.kind));
  if (is_local && !set.resolved.empty()) out.set("resolved_path", set.resolved);
  if (set.kind == DataSetFacts::Kind::file && !set.files.empty()) {
    const FileFacts& file = set.files.front();
    out.set("size_bytes", file.size_bytes).set("modified", file.modified).set("sha256", file.sha256);
  }
  switch (set.kind) {
    case DataSetFacts::Kind::file:
    case DataSetFacts::Kind::directory: out.set("hf_revision_source", "local_path"); break;
    case DataSetFacts::Kind::hub:
      if (set.revision.empty()) {
        out.set("hf_revision_source", "unresolved");
        out.set("hf_revision_reason", "no snapshot of this data set was read on this machine");
      } else {
        out.set("hf_revision", set.revision).set("hf_revision_source", "loaded");
      }
      break;
    case DataSetFacts::Kind::unknown:
      out.set("hf_revision_source", "unresolved");
      out.set("hf_revision_reason", "path is neither a local file or directory nor a Hugging Face Hub dataset id");
      break;
  }
  if (set.kind != DataSetFacts::Kind::file && !set.files.empty()) {
    Json files = Json::array();
    for (const FileFacts& file : set.files) files.push(to_json(file));
    out.set("files", std::move(files));
  }
  if (!set.registered.is_null()) out.set("registered", set.registered);
  return out;
}

/// As the job names it.
const std::string& primary_dataset(const JobConfig& job) {
  return job.data.dataset_ref ? *job.data.dataset_ref : job.data.dataset_name_or_path;
}

Json data_provenance(const JobConfig& job, const RunFacts& facts) {
  Json out = Json::object({{"primary_dataset", primary_dataset(job)}});
  out.set("fingerprint", facts.data_sets.empty() ? Json::object() : fingerprint(facts.data_sets.front(), facts));
  out.set("shuffle", job.data.shuffle).set("clean_text", job.data.clean_text);
  if (facts.data_sets.size() > 1) {
    Json extra = Json::array();
    for (std::size_t i = 1; i < facts.data_sets.size(); ++i)
      extra.push(
          Json::object({{"path", facts.data_sets[i].name}, {"fingerprint", fingerprint(facts.data_sets[i], facts)}}));
    out.set("extra_datasets", std::move(extra));
  }
  Json read = Json::array();
  for (const DataSetFacts& set : facts.data_sets)
    if (!set.tokens_digest.empty())
      read.push(Json::object({{"path", set.name}, {"tokens_sha256", set.tokens_digest}, {"rows", set.rows}}));
  if (!read.items().empty()) out.set("read", std::move(read));
  Json splits = Json::object();
  for (const SplitFacts& split : facts.splits)
    splits.set(split.name, Json::object({{"num_examples", split.num_examples}, {"sha256", split.digest}}));
  if (!splits.members().empty()) out.set("splits", std::move(splits));
  return out;
}

/// "https://Name:8080/path" as "https://name:8080".
std::string origin_of(const std::string& endpoint) {
  const std::size_t host = endpoint.find("://");
  if (host == std::string::npos) return endpoint;
  return ascii_lower(endpoint.substr(0, endpoint.find('/', host + 3)));
}

Json monitoring(const config::LoadedJob& loaded) {
  const config::MonitoringSection& section = *loaded.job.monitoring;
  const bool is_named = section.endpoint_env.has_value();
  Json defaulted = Json::array();
  for (const char* name : {"endpoint", "metrics_export", "alert_on_drift", "check_interval_hours"}) {
    const std::string given = is_named && std::string_view(name) == "endpoint" ? "endpoint_env" : name;
    if (!loaded.is_given(cat("monitoring.", given))) defaulted.push(name);
  }
  const bool acts = section.metrics_export != config::MetricsExport::none || section.alert_on_drift;
  return Json::object({{"declarative_only", !acts},
                       {"endpoint", is_named                   ? Json(cat("$", *section.endpoint_env))
                                    : section.endpoint.empty() ? Json()
                                                               : Json(origin_of(section.endpoint))},
                       {"endpoint_redacted", !section.endpoint.empty() && !is_named},
                       {"metrics_export", to_text(section.metrics_export)},
                       {"alert_on_drift", section.alert_on_drift},
                       {"check_interval_hours", section.check_interval_hours},
                       {"defaulted_fields", std::move(defaulted)},
                       {"drift_threshold", section.drift_threshold}});
}

Json evaluation_results(const RunFacts& facts) {
  Json out = Json::object({{"metrics", facts.run ? facts.run->metrics : Json::object()}});
  if (!facts.run) return out;
  if (!facts.run->safety.is_null()) out.set("safety", facts.run->safety);
  if (!facts.run->judge.is_null()) out.set("llm_judge", facts.run->judge);
  if (!facts.run->benchmark.is_null()) out.set("benchmark", facts.run->benchmark);
  return out;
}

Json execution_of(const Execution& run) {
  Json outputs = Json::array();
  for (const FileFacts& file : run.outputs) outputs.push(to_json(file));
  Json out = Json::object({{"id", run.id},
                           {"started_at", run.started_at},
                           {"ended_at", run.ended_at.empty() ? Json() : Json(run.ended_at)},
                           {"previous", Json::array_of(run.previous)},
                           {"host", run.host},
                           {"forgelm_commit", run.commit},
                           {"final_model", run.final_model},
                           {"outputs", std::move(outputs)}});
  if (!run.state.empty()) out.set("state", run.state);
  if (!run.gates.is_null()) out.set("gates", run.gates);
  if (!run.error.is_null()) out.set("error", run.error);
  return out;
}

}  // namespace

std::string adapter_method(const JobConfig& job, const RunFacts& facts) {
  // GaLore trains the weights themselves; the reference puts it on top of an adapter.
  if (job.training.galore_enabled) return cat("GaLore (", to_text(job.training.galore_optim), ")");
  if (job.lora.method == config::LoraMethod::none) return "full fine-tuning";
  std::vector<std::string> parts;
  const std::string quantization = quantization_text(job, facts);
  if (quantization != "none") parts.push_back(cat("QLoRA (", quantization, ")"));
  else if (job.lora.method == config::LoraMethod::pissa) parts.push_back("PiSSA");
  else if (job.lora.method == config::LoraMethod::rslora) parts.push_back("rsLoRA");
  else parts.push_back("LoRA");
  if (job.lora.use_dora || job.lora.method == config::LoraMethod::dora) parts.push_back("DoRA");
  parts.push_back(cat("r=", job.lora.r));
  return join(parts, " + ");
}

bool has_annex_identity(const JobConfig& job) {
  if (!job.compliance) return false;
  for (const std::string* text :
       {&job.compliance->provider_name, &job.compliance->system_name, &job.compliance->intended_purpose})
    if (!trim(*text).empty()) return true;
  return false;
}

Json risk_assessment(const JobConfig& job) {
  if (!job.risk_assessment) return Json();
  return object_of(job, {{"intended_use", "risk_assessment.intended_use"},
                         {"foreseeable_misuse", "risk_assessment.foreseeable_misuse"},
                         {"risk_category", "risk_assessment.risk_category"},
                         {"mitigation_measures", "risk_assessment.mitigation_measures"},
                         {"vulnerable_groups_considered", "risk_assessment.vulnerable_groups_considered"}});
}

Json compliance_report(const config::LoadedJob& loaded, const RunFacts& facts) {
  const JobConfig& job = loaded.job;
  Json report = Json::object({{"forgelm_version", version()},
                              {"generated_at", facts.generated_at},
                              {"config_hash", config::config_hash(loaded)},
                              {"model_lineage", model_lineage(job, facts)},
                              {"training_parameters", training_parameters(job, facts)},
                              {"data_provenance", data_provenance(job, facts)},
                              {"evaluation_results", evaluation_results(facts)}});
  if (job.compliance)
    report.set("annex_iv", object_of(job, {{"provider_name", "compliance.provider_name"},
                                           {"provider_contact", "compliance.provider_contact"},
                                           {"system_name", "compliance.system_name"},
                                           {"intended_purpose", "compliance.intended_purpose"},
                                           {"known_limitations", "compliance.known_limitations"},
                                           {"system_version", "compliance.system_version"},
                                           {"risk_classification", "compliance.risk_classification"}}));
  if (job.risk_assessment) report.set("risk_assessment", risk_assessment(job));
  if (job.monitoring && job.monitoring->enabled) report.set("monitoring", monitoring(loaded));
  if (job.webhook) {
    Json webhook = Json::object();
    for (const char* name : {"url_env", "notify_on_start", "notify_on_success", "notify_on_failure", "timeout",
                             "allow_private_destinations", "require_https", "tls_ca_bundle"})
      webhook.set(name, config::value_at(job, cat("webhook.", name)));
    report.set("webhook_config", std::move(webhook));
  }
  if (!facts.run) return report;
  report.set("run_id", facts.run->id);
  if (facts.run->compute.num_weights > 0)
    report.set("resource_usage",
               resource_usage(facts.run->compute, job.training.gpu_cost_per_hour,
                              job.compliance ? job.compliance->base_model_training_flops : std::nullopt));
  report.set("run", execution_of(*facts.run));
  return report;
}

std::string training_manifest_yaml(const Json& report) {
  std::string out;
  const auto line = [&](std::string_view name, const Json& value) {
    out += cat(name, ": ", config::to_yaml_scalar(value), "\n");
  };
  line("forgelm_version", report.at("forgelm_version"));
  line("generated_at", report.at("generated_at"));
  line("base_model", report.at("model_lineage").at("base_model"));
  line("adapter_method", report.at("model_lineage").at("adapter_method"));
  line("trainer_type", report.at("training_parameters").at("trainer_type"));
  line("dataset", report.at("data_provenance").at("primary_dataset"));
  line("epochs", report.at("training_parameters").at("epochs"));
  std::string metrics;
  for (const auto& [name, value] : report.at("evaluation_results").at("metrics").members()) {
    if (name.starts_with("benchmark/")) continue;
    const bool is_real = value.kind() == Json::Kind::real;
    metrics += cat("  ", config::to_yaml_scalar(Json(name)), ": ",
                   config::to_yaml_scalar(is_real ? Json(rounded(value.real(), 4)) : value), "\n");
  }
  out += metrics.empty() ? std::string("final_metrics: {}\n") : cat("final_metrics:\n", metrics);
  const Json* run = report.find("run");
  if (const Json* state = run != nullptr ? run->find("state") : nullptr) line("state", *state);
  return out;
}

Json data_governance_report(const config::LoadedJob& loaded, const RunFacts& facts) {
  const JobConfig& job = loaded.job;
  Json splits = Json::object();
  for (const SplitFacts& split : facts.splits) {
    Json info = Json::object({{"sample_count", split.num_rows}});
    if (!split.columns.empty()) info.set("columns", Json::array_of(split.columns));
    if (!split.text_length.is_null()) info.set("text_length", split.text_length);
    info.set("num_examples", split.num_examples);
    if (!split.token_length.is_null()) info.set("token_length", split.token_length);
    if (!split.source_columns.empty()) info.set("source_columns", Json::array_of(split.source_columns));
    splits.set(split.name, std::move(info));
  }
  Json report = Json::object(
      {{"generated_at", facts.generated_at}, {"primary_dataset", primary_dataset(job)}, {"splits", std::move(splits)}});
  if (job.data.governance)
    report.set("governance", object_of(job, {{"collection_method", "data.governance.collection_method"},
                                             {"annotation_process", "data.governance.annotation_process"},
                                             {"known_biases", "data.governance.known_biases"},
                                             {"personal_data_included", "data.governance.personal_data_included"},
                                             {"dpia_completed", "data.governance.dpia_completed"}}));
  report.set("data_audit_inlined", facts.data_audit.has_value());
  if (facts.data_audit) report.set("data_audit", *facts.data_audit);
  Json sets = Json::array();
  for (const DataSetFacts& set : facts.data_sets)
    if (!set.rows.is_null()) sets.push(Json::object({{"path", set.name}, {"rows", set.rows}}));
  if (!sets.items().empty()) report.set("data_sets", std::move(sets));
  return report;
}

}  // namespace forgelm::compliance
