// A run's folder with a model that waits for approval, as a training run leaves it: a log with its events, a staged
// model with its manifest.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "forgelm/compliance/approval.hpp"
#include "forgelm/compliance/audit_log.hpp"
#include "forgelm/compliance/audit_verify.hpp"
#include "forgelm/compliance/model_integrity.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/log.hpp"
#include "support/fake_environment.hpp"
#include "support/temporary_directory.hpp"

namespace forgelm::test {

namespace fs = std::filesystem;

inline constexpr const char* kRunId = "fg-0123456789ab";

struct StagedRunOptions {
  bool four_eyes = false;
  std::string operator_name = "alice@host";
};

/// Fills `folder`, which is made.
inline void stage_run(const fs::path& folder, FakeEnvironment& environment, const StagedRunOptions& options = {}) {
  fs::create_directories(folder);
  const fs::path place = folder / "final_model";
  const fs::path staging = place.native() + ".staging." + kRunId;
  fs::create_directory(staging);
  write_file_durably(staging / "adapter_model.safetensors", "the weights");
  write_file_durably(staging / "adapter_config.json", "{}\n");
  compliance::ModelFolder model(staging);
  compliance::write_model_integrity(model, place);
  environment.variables["FORGELM_OPERATOR"] = options.operator_name;
  compliance::AuditLogOptions log_options;
  log_options.directory = folder;
  log_options.run_id = kRunId;
  compliance::AuditLog log(std::move(log_options));
  log.record({"pipeline.initialized", Json::object({{"model", "m"}, {"trainer_type", "sft"}})});
  log.record({"training.started", Json::object()});
  Json request = Json::object({{"gate", "final_model"},
                               {"reason", "require_human_approval=true"},
                               {"metrics", Json::object({{"eval_loss", 1.25}})},
                               {"staging_path", staging.native()},
                               {"run_id", kRunId},
                               {"config_hash", "sha256:1234"},
                               {"integrity_sha256", sha256_file(staging / compliance::kModelIntegrityFile)}});
  if (options.four_eyes) request.set("four_eyes", true);
  log.record({"human_approval.required", std::move(request)});
  environment.variables["FORGELM_OPERATOR"] = "bob";
}

class StagedRun {
 public:
  explicit StagedRun(const StagedRunOptions& options = {})
      : home_(memory_directory()), scope_(environment), log_(set_log_sink([](LogLevel, std::string_view) {})) {
    environment.now.microseconds = 1'795'000'000'000'000;
    stage_run(folder(), environment, options);
  }

  ~StagedRun() { set_log_sink(log_); }

  fs::path folder() const { return home_ / "out"; }
  fs::path place() const { return folder() / "final_model"; }
  fs::path staging() const { return place().native() + ".staging." + kRunId; }
  fs::path log() const { return folder() / compliance::kAuditLogName; }
  compliance::DecisionRequest request(const std::string& comment = "") const {
    compliance::DecisionRequest out;
    out.run_folder = folder();
    out.run_id = kRunId;
    out.comment = comment;
    return out;
  }
  /// How often an event stands in the log.
  int count(const std::string& event) const {
    const std::string text = read_file(log()), needle = "\"event\": \"" + event + "\"";
    int found = 0;
    for (std::size_t at = text.find(needle); at != std::string::npos; at = text.find(needle, at + 1)) ++found;
    return found;
  }
  bool is_log_intact() const {
    const auto verdict = compliance::verify_audit_file(log(), {}).verdict;
    return verdict == compliance::AuditVerdict::intact || verdict == compliance::AuditVerdict::torn_tail;
  }
  /// The model with all of its files stands there.
  static bool is_whole(const fs::path& model) {
    return fs::is_directory(model) &&
           compliance::verify_model_integrity(model).verdict == compliance::IntegrityVerdict::intact;
  }

  FakeEnvironment environment;

 private:
  TemporaryDirectory home_;
  ScopedEnvironment scope_;
  LogSink log_;
};

}  // namespace forgelm::test
