// Run: one run of a job, as stages that share what they know. run.cpp has their order and tells of them, run_begin.cpp
// goes up to the last step, run_end.cpp from the trained model to the end. Invariant: `stage_` names the stage that is
// under way, so that an error says where it came from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "admission.hpp"
#include "forgelm/core/audit_sink.hpp"
#include "forgelm/core/signature.hpp"
#include "forgelm/data/prepare.hpp"
#include "forgelm/pipeline/run.hpp"
#include "observed_run.hpp"
#include "run_evidence.hpp"
#include "run_folder.hpp"
#include "run_record.hpp"
#include "webhook_listener.hpp"

namespace forgelm::pipeline {

/// Where a run begins, and whether it is the continuation of the run in its folder.
struct Beginning {
  std::optional<std::filesystem::path> checkpoint;
  bool continues = false;
  bool is_checked = false;  ///< the checkpoint's digests
};

class Run {
 public:
  /// Takes the run's folder; ConfigError when another run has it.
  Run(const config::LoadedJob& loaded, const RunOptions& options);

  RunResult run();

 private:
  // run_begin.cpp
  void check();
  /// Whether the data may be trained on (admission.hpp).
  std::optional<Refusal> check_data();
  void prepare_data();
  void open();
  void train();
  /// The model of a run that was stopped between staging it and asking for its approval: nobody can decide about it.
  std::optional<std::filesystem::path> find_orphan() const;

  // run_end.cpp
  void stage();
  void judge();
  void record();
  RunResult promote();
  RunResult await_approval();
  RunResult refuse();
  RunResult end_interrupted();
  /// Before the first step there is nothing to save, and nothing is lost: the token cache goes on where it was, and the
  /// same command does the rest.
  RunResult interrupted_early();
  Json approval_request(const std::filesystem::path& waiting) const;
  /// Metrics leave as `monitoring` says; what became of that stands in the record.
  void watch(RunState state);
  /// The staged model waits where the run's id is in its name.
  std::filesystem::path hold();
  void see_to_checkpoints() const;
  const eval::GateResult* refusal() const { return gates_.failure(); }
  bool needs_approval() const { return job_.evaluation && job_.evaluation->require_human_approval; }
  std::filesystem::path model_place() const {
    return std::filesystem::absolute(final_model_.path()).lexically_normal();
  }

  // run.cpp
  RunResult result(RunState state) const;
  RunResult told(RunResult result);
  /// Listeners hear; what goes wrong with one is its own matter.
  void tell(const std::function<void(RunListener&)>& message) noexcept;
  void note_failure(const std::string& what, std::string_view kind) noexcept;
  RunEvidence evidence(RunState state, const std::filesystem::path& model = {},
                       const std::filesystem::path& model_place = {}) const;
  double seconds() const;
  /// A run on registered data stands in the index, too; an index that cannot be written is warned of.
  void note_in_index(RunState state) noexcept;

  const config::LoadedJob& loaded_;
  const ResolvedJob resolved_;
  const config::JobConfig& job_;  ///< of `resolved_`
  const RunOptions& options_;
  std::int64_t begin_ns_;
  std::string_view stage_ = "check";
  RunFolder folder_;
  FinalModel final_model_;
  WebhookListener webhook_;
  Beginning beginning_;
  std::optional<std::filesystem::path> orphan_;
  std::optional<RunRecord> record_;
  std::optional<PrivateKey> signing_key_;
  std::unique_ptr<AuditSink> audit_;
  bool is_initialized_ = false;  ///< the log knows of this run
  Json audited_;                 ///< the files of the data with their audits; null when none is asked for
  data::PreparedData data_;
  std::string model_digest_;
  std::unique_ptr<engine::TrainingSession> session_;
  std::optional<ObservedRun> observer_;
  std::optional<engine::TrainingOutcome> outcome_;
  std::filesystem::path staged_;
  bool is_adapter_ = false;
  eval::GateReport gates_;
};

}  // namespace forgelm::pipeline
