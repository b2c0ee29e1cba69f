// Two bundles from facts that stand still, for the validators of tools/conformance and the test that holds what they
// took: of a run, with everything filled in, and of a job alone.
#pragma once

#include <map>
#include <string>

#include "forgelm/compliance/bundle.hpp"
#include "forgelm/config/load.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"

namespace forgelm::test {

inline const char* const kSampleJob = R"(
model: {name_or_path: org/base-model, load_in_4bit: false, revision: "0123456789012345678901234567890123456789"}
lora: {r: 16}
training: {output_dir: ./out}
data:
  dataset_name_or_path: data.jsonl
  extra_datasets: [folder]
  governance: {collection_method: "collected by hand", annotation_process: "two people", personal_data_included: true}
compliance:
  provider_name: "Bank of Examples"
  provider_contact: "ai@bank.example"
  system_name: "Letter helper"
  system_version: "1.2"
  intended_purpose: "Answers letters; Gr\u00fc\u00dfe too."
  known_limitations: "German only."
  base_model_license: "Apache-2.0"
  base_model_training_flops: 1.0e+22
  human_oversight: "A person reads every letter."
risk_assessment: {intended_use: letters, foreseeable_misuse: ["medical advice", "legal advice"], mitigation_measures: ["limits are told"]}
monitoring: {enabled: true, endpoint: "https://metrics.example:9091", metrics_export: prometheus}
)";

inline compliance::RunFacts sample_facts(bool has_run) {
  using compliance::DataSetFacts;
  compliance::RunFacts facts;
  facts.generated_at = "2026-08-01T12:00:00.123456+00:00";
  facts.data_sets.push_back({"data.jsonl",
                             DataSetFacts::Kind::file,
                             "/data/data.jsonl",
                             "",
                             {{"data.jsonl", std::string(64, '1'), 1000, "2026-07-01T00:00:00+00:00"}},
                             Json(),
                             ""});
  facts.data_sets.push_back({"folder",
                             DataSetFacts::Kind::directory,
                             "/data/folder",
                             "",
                             {{"a.jsonl", std::string(64, '2'), 10, {}}, {"b.jsonl", std::string(64, '3'), 20, {}}},
                             Json(),
                             ""});
  if (!has_run) return facts;
  compliance::Execution run;
  run.id = "fg-0123456789ab";
  run.started_at = "2026-08-01T10:00:00.5+00:00";
  run.ended_at = facts.generated_at;
  run.previous = {"fg-000000000000"};
  run.host = "host";
  run.model_digest = std::string(64, 'a');
  run.family = "llama";
  run.method = "lora";
  run.quantization = "none";
  run.precision = "bfloat16";
  run.final_model = "out/final_model";
  run.outputs = {{"final_model/adapter_config.json", std::string(64, 'b'), 100, {}},
                 {"final_model/adapter_model.safetensors", std::string(64, 'c'), 1000, {}},
                 {"loss.jsonl", std::string(64, 'd'), 10, {}}};
  run.metrics = Json::object({{"train_loss", 1.25}, {"eval_loss", 1.5}, {"num_steps", 12}, {"odd", "nan"}});
  run.compute = {false, "A processor", 1, 8, 3600, 1u << 30, 1'000'000, 1'100'000'000, 1'000'000};
  facts.run = run;
  facts.splits = {{"train", 90, {"text"}, std::string(64, 'e'), Json(), Json(), 90, {"messages"}},
                  {"validation", 10, {}, std::string(64, 'f'), Json(), Json(), 10}};
  return facts;
}

/// The files of a sample, with words in place of what changes with every build.
inline std::map<std::string, std::string> sample_files(bool has_run) {
  const auto loaded = config::read_job(kSampleJob, "job.yaml");
  std::map<std::string, std::string> out;
  for (auto& [name, bytes] : compliance::make_bundle(loaded, sample_facts(has_run)).files) out[name] = bytes;
  for (const char* name : {"bom.cdx.json", "provenance.slsa.json"}) {
    const auto file = out.find(name);
    if (file == out.end()) continue;
    for (const auto& [what, word] : {std::pair(cat("\"", version(), "\""), "\"VERSION\""),
                                     std::pair(cat("\"", build_info().commit, "\""), "\"COMMIT\"")})
      for (std::size_t at = 0; (at = file->second.find(what, at)) != std::string::npos;)
        file->second.replace(at, what.size(), word);
  }
  return out;
}

}  // namespace forgelm::test
