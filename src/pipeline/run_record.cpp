#include "run_record.hpp"

#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <vector>

#include "forgelm/compliance/resource_usage.hpp"
#include "forgelm/config/schema.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/redact.hpp"
#include "forgelm/core/rounding.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"
#include "forgelm/formats/model_config.hpp"
#include "run_facts.hpp"
#include "run_recorder.hpp"

namespace forgelm::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.run");

Json now() { return iso_format(environment().utc_now()); }

Json output_of(const fs::path& file, const fs::path& run_folder) {
  return Json::object({{"path", file.lexically_relative(run_folder).generic_string()},
                       {"sha256", sha256_file(file)},
                       {"size_bytes", fs::file_size(file)}});
}

/// Of the examples, in tokens.
Json length_of(const data::ExampleList& examples) {
  if (examples.size() == 0) return Json();
  data::LengthHistogram lengths;
  for (std::uint64_t i = 0; i < examples.size(); ++i) lengths.add(examples.num_tokens(i));
  return Json::object({{"min", lengths.min()},
                       {"max", lengths.max()},
                       {"mean", lengths.mean()},
                       {"median", lengths.percentile(50)},
                       {"p95", lengths.percentile(95)}});
}

/// Of the texts that were learnt, in characters, before they were cut: the reference's figures, as it takes them from a
/// sorted list. Null where there is none.
Json text_length_of(const data::ExampleList& examples) {
  std::vector<std::uint32_t> lengths;
  lengths.reserve(examples.size());
  for (std::uint64_t i = 0; i < examples.size(); ++i)
    if (const std::uint32_t length = examples.num_characters(i); length > 0) lengths.push_back(length);
  if (lengths.empty()) return Json();
  std::sort(lengths.begin(), lengths.end());
  const auto count = static_cast<double>(lengths.size());
  const double mean = std::accumulate(lengths.begin(), lengths.end(), 0.0) / count;
  return Json::object({{"min", lengths.front()},
                       {"max", lengths.back()},
                       {"mean", rounded(mean, 1)},
                       {"median", lengths[lengths.size() / 2]},
                       {"p95", lengths[static_cast<std::size_t>(count * 0.95)]}});
}

/// Whether rows become one text, under which the reference counts their characters.
bool learns_texts(config::TrainerType trainer) {
  return trainer == config::TrainerType::sft || trainer == config::TrainerType::cpt;
}

/// Keys of `lora` and `training` that no step's numbers follow from.
constexpr std::string_view kWithoutInfluence[] = {
    "training.output_dir",
    "training.final_model_dir",
    "training.merge_adapters",
    "training.max_steps",         // the number of steps is compared instead
    "training.num_train_epochs",  // likewise
    "training.eval_steps",
    "training.save_steps",
    "training.save_total_limit",
    "training.early_stopping_patience",
    "training.early_stopping_min_delta",
    "training.overfit_threshold",
    "training.eval_fraction",
    "training.oom_recovery",
    "training.oom_recovery_min_batch_size",
    "training.lr_rewarm_on_resume",
    "training.log_steps",
    "training.sample_prompts",
    "training.checkpoint_action",
    "training.precision",               // the checkpoint's is used
    "training.gradient_checkpointing",  // likewise
    "lora.task_type",
};

bool has_influence(const config::PlacedField& placed) {
  if (placed.field->section != nullptr || !placed.field->deprecated.empty()) return false;
  if (config::info(placed.field->capability).effect != config::Effect::weights) return false;
  const bool is_model = placed.field->capability == config::Capability::quantization;
  if (!is_model && !placed.path.starts_with("training.") && !placed.path.starts_with("lora.")) return false;
  return std::find(std::begin(kWithoutInfluence), std::end(kWithoutInfluence), placed.path) ==
         std::end(kWithoutInfluence);
}

}  // namespace

RunRecord::RunRecord(const config::LoadedJob& loaded, const Json& earlier) : id_(new_run_id()), tracker_name_(id_) {
  Json previous = Json::array();
  if (const Json* ids = earlier.find("previous"); ids != nullptr && ids->kind() == Json::Kind::array) previous = *ids;
  if (const Json* id = earlier.find("id")) previous.push(*id);
  if (const Json* name = earlier.find("tracker_name"); name != nullptr && name->kind() == Json::Kind::text)
    tracker_name_ = name->text();
  const BuildInfo& build = build_info();
  document_ = Json::object({
      {"id", id_},
      {"state", to_string(RunState::running)},
      {"started_at", now()},
      {"ended_at", Json()},
      {"seconds", Json()},
      {"previous", std::move(previous)},
      {"resumed_from", Json()},
      {"tracker_name", tracker_name_},
      {"host", environment().host_name()},
      {"process", ::getpid()},
      {"forgelm", Json::object({{"version", version()}, {"commit", build.commit}, {"build", build.build_type}})},
      {"config",
       Json::object({{"file", loaded.file}, {"sha256", loaded.sha256}, {"config_hash", config::config_hash(loaded)}})},
      {"model", Json::object({{"name_or_path", loaded.job.model.name_or_path}})},
  });
}

void RunRecord::set_model(const std::string& digest) { document_.find("model")->set("digest", digest); }

void RunRecord::set_data(const config::JobConfig& job, const data::PreparedData& data) {
  const bool has_texts = learns_texts(job.training.trainer_type);
  const auto set_of = [has_texts](const data::ExampleList& examples, const data::ChosenRows& rows) {
    return Json::object({{"digest", examples.digest()},
                         {"num_examples", examples.size()},
                         {"length", length_of(examples)},
                         {"num_rows", rows.num_rows},
                         {"columns", has_texts ? Json::array({"text"}) : Json::array_of(rows.columns)},
                         {"text_length", has_texts ? text_length_of(examples) : Json()},
                         {"source_columns", Json::array_of(rows.columns)}});
  };
  Json sources = Json::array();
  for (const auto& source : data.sources)
    sources.push(Json::object({{"name", source.name},
                               {"digest", source.tokens.store->digest()},
                               {"num_rows", source.tokens.num_rows},
                               {"report", source.tokens.report.to_json()}}));
  Json eval = set_of(*data.eval, data.eval_rows);
  eval.set("origin", data.eval_origin);
  document_.set("data",
                Json::object({{"sources", std::move(sources)},
                              {"data_sets", data_sets_for_record(job)},
                              {"train", set_of(*data.train, data.train_rows)},
                              {"eval", std::move(eval)},
                              {"tokenizer", data.model.tokenizer->digest()},
                              {"chat_template", Json::object({{"name", data.model.chat_template->name()},
                                                              {"origin", to_string(data.model.chat_template->origin())},
                                                              {"digest", data.model.chat_template->digest()}})}}));
}

void RunRecord::set_resumed_from(const fs::path& checkpoint) {
  document_.set("resumed_from", Json::object({{"checkpoint", checkpoint.native()}}));
}

void RunRecord::set_start(const engine::TrainingStart& start) {
  document_.find("model")->set("family", start.family).set("num_weights", start.num_weights);
  document_.set("training", Json::object({{"method", start.method},
                                          {"quantization", start.quantization},
                                          {"precision", start.precision},
                                          {"precision_reason", start.precision_reason},
                                          {"device", engine::to_string(start.device)},
                                          {"cpu_capability", start.cpu_capability},
                                          {"num_threads", start.num_threads},
                                          {"num_trained", start.num_trained},
                                          {"num_steps", start.num_steps},
                                          {"first_step", start.first_step},
                                          {"notes", Json::array_of(start.notes)}}));
  if (Json* resumed = document_.find("resumed_from"); !resumed->is_null()) resumed->set("step", start.first_step);
}

void RunRecord::set_outputs(const fs::path& run_folder, const fs::path& final_model) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(final_model))
    if (entry.is_regular_file()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const char* name : {kLossFile, kMetricsFile, kSamplesFile})
    if (fs::exists(run_folder / name)) files.push_back(run_folder / name);
  Json outputs = Json::array();
  for (const fs::path& file : files) outputs.push(output_of(file, run_folder));
  document_.set("outputs", std::move(outputs));
}

void RunRecord::set_resources(const config::JobConfig& job, const compliance::ComputeFacts& compute) {
  const Json usage =
      compliance::resource_usage(compute, job.training.gpu_cost_per_hour,
                                 job.compliance ? job.compliance->base_model_training_flops : std::nullopt);
  for (const auto& [name, value] : usage.members())
    if (value.is_number()) document_.find("metrics")->set(cat("resource/", name), value);
  document_.set("compute", to_json(compute));
  document_.set("resource_usage", usage);
}

void RunRecord::set_gates(const std::vector<eval::GateResult>& gates) {
  Json list = Json::array();
  for (const auto& gate : gates) {
    list.push(Json::object({{"name", gate.name},
                            {"verdict", eval::to_string(gate.verdict)},
                            {"reason", gate.reason.empty() ? Json() : Json(gate.reason)},
                            {"detail", redact(gate.detail)},
                            {"figures", gate.figures}}));
    for (const auto& [name, value] : gate.metrics.members()) document_.find("metrics")->set(name, value);
  }
  document_.set("gates", std::move(list));
}

void RunRecord::set_held(const fs::path& staging, bool is_reverted) {
  document_.set("staging_path", staging.empty() ? Json() : Json(staging.native())).set("reverted", is_reverted);
}

void RunRecord::write_running(const fs::path& run_folder) { write(run_folder); }

void RunRecord::write_ended(const fs::path& run_folder, RunState state, double seconds) {
  document_.set("state", to_string(state)).set("ended_at", now()).set("seconds", seconds);
  write(run_folder);
}

void RunRecord::write_failed(const fs::path& run_folder, std::string_view stage, const std::string& what,
                             std::string_view kind, double seconds) noexcept {
  try {
    document_.set("error", Json::object({{"stage", stage}, {"kind", kind}, {"message", redact(what)}}));
    write_ended(run_folder, RunState::failed, seconds);
  } catch (const std::exception& error) {
    logger.warning("the run's record cannot be written: ", error.what());
  }
}

void RunRecord::write_notices(const fs::path& run_folder, Json notices) noexcept {
  try {
    document_.set("notices", std::move(notices));
    write(run_folder);
  } catch (const std::exception& error) {
    logger.warning("the run's record cannot be written: ", error.what());
  }
}

void RunRecord::write(const fs::path& run_folder) {
  JsonStyle style;
  style.indent = 2;
  write_file_durably(run_folder / kRunFile, dump(document_, style) + "\n");
}

std::string model_digest(const config::ModelSection& model) {
  const formats::ModelFolders folders = formats::find_model_folders(model.name_or_path);
  Sha256 all;
  const auto add = [&](const fs::path& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder)) {
      const std::string name = entry.path().filename().native();
      if (name.ends_with(".safetensors") || name == "config.json" || name == "adapter_config.json")
        files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) all.update(cat(sha256_file(file), "  ", file.filename().native(), "\n"));
  };
  add(folders.base);
  if (folders.adapter) add(*folders.adapter);
  return all.finish_hex();
}

Json made_with(const config::JobConfig& job, const data::PreparedData& data, const std::string& model_digest) {
  Json out = Json::object({{"the model's files", model_digest},
                           {"the training data", data.train->digest()},
                           {"the evaluation data", data.eval->digest()}});
  for (const auto& placed : config::all_fields())
    if (has_influence(placed)) out.set(placed.path, config::value_at(job, placed.path));
  return out;
}

}  // namespace forgelm::pipeline
