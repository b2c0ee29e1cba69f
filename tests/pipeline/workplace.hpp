// A place where tests run jobs: a folder with a token cache of its own, a session without tensors, an audit log in
// memory.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "fake_session.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/pipeline/run.hpp"
#include "support/fake_environment.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace forgelm::test {

namespace fs = std::filesystem;

/// Hands what it is told on to a sink that outlives it.
class SinkReference final : public AuditSink {
 public:
  explicit SinkReference(AuditSink& sink) : sink_(sink) {}
  void record(const AuditEvent& event) override { sink_.record(event); }

 private:
  AuditSink& sink_;
};

/// A folder for runs, with a token cache of its own.
class Workplace {
 public:
  Workplace()
      : folder_(memory_directory()), scope_(environment), log_(set_log_sink([](LogLevel, std::string_view) {})) {
    environment.variables["XDG_CACHE_HOME"] = (folder_ / "cache").native();
  }
  ~Workplace() {
    set_log_sink(log_);
    failpoint::disarm_all();
  }

  config::LoadedJob job(const std::string& keys = "") const {
    const fs::path source = FORGELM_SOURCE_DIR;
    auto loaded = config::read_job(
        cat("model: {name_or_path: ", (source / "templates/quickstart/model").native(), ", load_in_4bit: false}\n",
            "lora: {}\ntraining: {output_dir: ", out().native(), ", eval_steps: 4, save_steps: 4", keys, "}\n",
            "data: {", data.empty() ? cat("dataset_name_or_path: ", first_rows().native()) : data, "}\n", sections),
        "job.yaml");
    INFO(render(loaded.diagnostics, DiagnosticStyle::text));
    REQUIRE(loaded.ok());
    return loaded;
  }

  pipeline::RunOptions options() {
    pipeline::RunOptions options;
    options.shows_progress = false;
    options.sign_key = sign_key;
    options.open_training = [this](engine::TrainingRequest request) { return training.open(std::move(request)); };
    if (keeps_audit_in_memory)
      options.open_audit = [this](const config::JobConfig&, const fs::path&, const std::string&) {
        return std::make_unique<SinkReference>(audit);
      };
    options.listeners = listeners;
    return options;
  }
  pipeline::RunResult run(const std::optional<std::string>& resume = std::nullopt, const std::string& job_keys = "") {
    pipeline::RunOptions with = options();
    with.resume = resume;
    return pipeline::run_job(job(job_keys), with);
  }

  static fs::path first_rows() { return fs::path(FORGELM_SOURCE_DIR) / "configs/data/first-job.jsonl"; }
  const fs::path& folder() const { return folder_.path(); }
  fs::path out() const { return folder_ / "out"; }
  fs::path model() const { return out() / "final_model"; }
  Json record() const { return parse_json(read_file(out() / "forgelm_run.json")).value(); }
  std::set<std::string> names() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(out())) names.insert(entry.path().filename().native());
    return names;
  }
  std::string weights() const { return read_file(model() / "adapter_model.safetensors"); }

  std::optional<fs::path> sign_key;
  FakeEnvironment environment;
  FakeTraining training;
  RecordingAuditSink audit;  ///< of all runs here
  bool keeps_audit_in_memory = true;
  std::vector<pipeline::RunListener*> listeners;
  std::string data;      ///< the keys of the section, instead of a path to first_rows()
  std::string sections;  ///< of every job here, as YAML: "evaluation: {...}\n"

 private:
  TemporaryDirectory folder_;
  ScopedEnvironment scope_;
  LogSink log_;
};

}  // namespace forgelm::test
