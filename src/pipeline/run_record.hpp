// forgelm_run.json: what was run with what, and how it ended.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "forgelm/compliance/run_facts.hpp"
#include "forgelm/config/load.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/data/prepare.hpp"
#include "forgelm/engine/training.hpp"
#include "forgelm/eval/gate.hpp"
#include "forgelm/pipeline/run.hpp"

namespace forgelm::pipeline {

/// Written anew, durably, by every function that changes the state.
class RunRecord {
 public:
  /// `earlier`: the record of the run that this one goes on from, or null.
  RunRecord(const config::LoadedJob& loaded, const Json& earlier);

  const std::string& id() const noexcept { return id_; }
  /// The name of the run's folder in runs/; a run that goes on keeps it.
  const std::string& tracker_name() const noexcept { return tracker_name_; }

  void set_model(const std::string& digest);
  void set_data(const config::JobConfig& job, const data::PreparedData& data);
  void set_resumed_from(const std::filesystem::path& checkpoint);
  void set_start(const engine::TrainingStart& start);
  void set_metrics(Json metrics) { document_.set("metrics", std::move(metrics)); }
  /// What the run computed on and cost; its figures join the metrics as resource/<name>.
  void set_resources(const config::JobConfig& job, const compliance::ComputeFacts& compute);
  /// Another member, behind the others.
  void set(std::string name, Json value) { document_.set(std::move(name), std::move(value)); }
  /// Verdicts with what was compared; their metrics join those of the run.
  void set_gates(const std::vector<eval::GateResult>& gates);
  /// A model that is not in its place: where it waits, or that it is no more.
  void set_held(const std::filesystem::path& staging, bool is_reverted);
  /// Every file below `folder`, and the run's own records, with digest and size.
  void set_outputs(const std::filesystem::path& run_folder, const std::filesystem::path& final_model);

  void write_running(const std::filesystem::path& run_folder);
  void write_ended(const std::filesystem::path& run_folder, RunState state, double seconds);
  /// Never throws: the error on its way matters more.
  void write_failed(const std::filesystem::path& run_folder, std::string_view stage, const std::string& what,
                    std::string_view kind, double seconds) noexcept;

  /// What became of notices to people. Never throws: nothing hangs on it.
  void write_notices(const std::filesystem::path& run_folder, Json notices) noexcept;

  const Json& document() const noexcept { return document_; }

 private:
  void write(const std::filesystem::path& run_folder);

  std::string id_, tracker_name_;
  Json document_;
};

/// SHA-256 over names and digests of the files that hold a model: configuration, weights, adapter.
std::string model_digest(const config::ModelSection& model);

/// What the steps of a run follow from, by name; a checkpoint carries it, and a run that goes on compares it.
Json made_with(const config::JobConfig& job, const data::PreparedData& data, const std::string& model_digest);

}  // namespace forgelm::pipeline
