// JobConfig: one job file as C++ values. Its sections carry their own rows; this file adds the root and the pipeline.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "forgelm/config/fields.hpp"
#include "forgelm/config/sections/compliance.hpp"
#include "forgelm/config/sections/data.hpp"
#include "forgelm/config/sections/evaluation.hpp"
#include "forgelm/config/sections/lora.hpp"
#include "forgelm/config/sections/model.hpp"
#include "forgelm/config/sections/run.hpp"
#include "forgelm/config/sections/services.hpp"
#include "forgelm/config/sections/training.hpp"

namespace forgelm::config {

FORGELM_CHOICES(ChainFrom, final, best)

/// One stage of a pipeline: whole sections replace the root's.
struct StageSection {
  std::string name;
  std::optional<ModelSection> model;
  std::optional<LoraSection> lora;
  std::optional<TrainingSection> training;
  std::optional<DataSection> data;
  std::optional<EvaluationSection> evaluation;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    rows(field<&StageSection::name>, "Name of the stage: 1 to 32 of a-z, 0-9 and _.", required, example("sft"),
         pattern("stage_name"), served_by(Capability::pipelines));
    rows(field<&StageSection::model>,
         "Replaces the root's model; without it the stage starts from what the stage before produced.");
    rows(field<&StageSection::lora>, "Replaces the root's adapter.");
    rows(field<&StageSection::training>, "Replaces the root's training; must set `trainer_type`.");
    rows(field<&StageSection::data>, "Replaces the root's data.");
    rows(field<&StageSection::evaluation>, "Replaces the root's gates.");
  }
};

struct PipelineSection {
  std::string output_dir = "./pipeline_run";
  std::vector<StageSection> stages;
  ChainFrom chain_from = ChainFrom::final;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    constexpr auto pipelines = served_by(Capability::pipelines);
    rows(field<&PipelineSection::output_dir>, "Folder of the pipeline's state and record.", names_path, pipelines);
    rows(field<&PipelineSection::stages>, "The stages, in order.", required, non_empty);
    rows(field<&PipelineSection::chain_from>,
         "What the next stage starts from: the final model or the best checkpoint.", added, pipelines);
  }
};

struct JobConfig {
  ModelSection model;
  LoraSection lora;
  TrainingSection training;
  DataSection data;
  std::optional<AuthSection> auth;
  std::optional<EvaluationSection> evaluation;
  std::optional<WebhookSection> webhook;
  std::optional<DistributedSection> distributed;
  std::optional<MergeSection> merge;
  std::optional<ComplianceSection> compliance;
  std::optional<RiskAssessmentSection> risk_assessment;
  std::optional<MonitoringSection> monitoring;
  std::optional<SyntheticSection> synthetic;
  std::optional<RetentionSection> retention;
  std::optional<PipelineSection> pipeline;
  std::optional<RunSection> run;
  std::optional<RegistrySection> registry;
  std::optional<IngestSection> ingest;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    rows(field<&JobConfig::model>, "The model to start from.", required);
    rows(field<&JobConfig::lora>, "What is trained: an adapter, or all weights.", required);
    rows(field<&JobConfig::training>, "The trainer, its schedule and its optimizer.", required);
    rows(field<&JobConfig::data>, "The rows to learn from.", required);
    rows(field<&JobConfig::auth>, "Access to the Hugging Face Hub.");
    rows(field<&JobConfig::evaluation>, "The gates that judge the result.");
    rows(field<&JobConfig::webhook>, "Notices about the run.");
    rows(field<&JobConfig::distributed>, "Training on several devices.");
    rows(field<&JobConfig::merge>, "Merging of adapters.");
    rows(field<&JobConfig::compliance>, "What the record says about the system.");
    rows(field<&JobConfig::risk_assessment>, "The risk assessment.");
    rows(field<&JobConfig::monitoring>, "Metrics that leave the run.");
    rows(field<&JobConfig::synthetic>, "Generation of training data by a teacher.");
    rows(field<&JobConfig::retention>, "How long artefacts are kept.");
    rows(field<&JobConfig::pipeline>, "Several stages of training, one after the other.");
    rows(field<&JobConfig::run>, "Name and bounds of the run.", added);
    rows(field<&JobConfig::registry>, "Registration of the resulting model.", added);
    rows(field<&JobConfig::ingest>, "Reading of transcripts into rows.", added);
  }
};

}  // namespace forgelm::config
