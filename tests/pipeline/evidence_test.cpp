// What a run leaves as evidence, and what it says when something of it cannot be written.
#include "forgelm/pipeline/evidence.hpp"

#include <cerrno>
#include <set>

#include "fake_session.hpp"
#include "forgelm/compliance/annex_iv.hpp"
#include "forgelm/core/audit_sink.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/pipeline/run.hpp"
#include "support/fake_environment.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
namespace fs = std::filesystem;

/// An audit sink whose events outlive the run.
class SharedSink final : public AuditSink {
 public:
  explicit SharedSink(RecordingAuditSink& sink) : sink_(sink) {}
  void record(const AuditEvent& event) override { sink_.record(event); }

 private:
  RecordingAuditSink& sink_;
};

class Workplace {
 public:
  Workplace() : scope_(fake_) {
    fake_.variables["XDG_CACHE_HOME"] = (folder_ / "cache").native();
    fake_.now = *parse_iso_time("2026-08-01T12:00:00+00:00");
    set_log_level(LogLevel::ERROR);
  }
  ~Workplace() {
    set_log_level(LogLevel::INFO);
    failpoint::disarm_all();
  }

  config::LoadedJob job(const std::string& sections = "") const {
    const fs::path source = FORGELM_SOURCE_DIR;
    auto loaded = config::read_job(
        cat("model: {name_or_path: ", (source / "templates/quickstart/model").native(), ", load_in_4bit: false}\n",
            "lora: {}\ntraining: {output_dir: ", out().native(), ", eval_steps: 4, save_steps: 4}\n",
            "data: {dataset_name_or_path: ", (source / "configs/data/first-job.jsonl").native(), "}\n", sections),
        "job.yaml");
    INFO(render(loaded.diagnostics, DiagnosticStyle::text));
    REQUIRE(loaded.ok());
    return loaded;
  }

  pipeline::RunResult run(const std::string& sections = "") {
    pipeline::RunOptions options;
    options.shows_progress = false;
    options.open_training = [this](engine::TrainingRequest request) { return training.open(std::move(request)); };
    options.open_audit = [this](const config::JobConfig&, const fs::path&, const std::string&) {
      return std::make_unique<SharedSink>(audit);
    };
    return pipeline::run_job(job(sections), options);
  }

  fs::path out() const { return folder_ / "out"; }
  Json file(const std::string& name) const { return parse_json(read_file(out() / name)).value(); }
  std::vector<std::string> events_of_bundle() const {
    std::vector<std::string> names;
    for (const std::string& name : audit.names())
      if (name.starts_with("compliance.")) names.push_back(name);
    return names;
  }

  test::FakeTraining training;
  RecordingAuditSink audit;
  test::TemporaryDirectory folder_;
  test::FakeEnvironment fake_;

 private:
  ScopedEnvironment scope_;
};

const std::string kProvider =
    "compliance: {provider_name: P, system_name: S, intended_purpose: I, base_model_training_flops: 1.0e+20}\n";

}  // namespace

TEST_CASE("evidence: a run writes its bundle, whose digests are those of its files, and says so in the log") {
  Workplace here;
  const auto result = here.run(kProvider);
  CHECK(here.events_of_bundle() == std::vector<std::string>{"compliance.governance_exported",
                                                            "compliance.governance_section_missing",
                                                            "compliance.artifacts_exported"});
  const Json exported = here.audit.events().back().name == "pipeline.completed" ? here.audit.events().end()[-2].details
                                                                                : here.audit.events().back().details;
  CHECK(exported.at("output_dir").text() == (here.out() / "compliance").native());
  CHECK(exported.at("governance_ok").boolean());
  std::set<std::string> listed, found;
  for (const Json& name : exported.at("files").items()) listed.insert(name.text());
  for (const auto& entry : fs::directory_iterator(here.out() / "compliance")) found.insert(entry.path().filename());
  CHECK(listed == found);
  CHECK(found.count("annex_iv_metadata.json") == 1);
  CHECK(found.count("provenance.slsa.json") == 1);

  const Json report = here.file("compliance/compliance_report.json");
  CHECK(report.at("run_id").text() == result.run_id);
  CHECK(report.at("config_hash").text() == result.config_hash);
  CHECK(report.at("evaluation_results").at("metrics").at("eval_loss").real() == 6.0 - 0.1 * 12);
  const Json& print = report.at("data_provenance").at("fingerprint");
  CHECK(print.at("sha256").text() == sha256_file(fs::path(FORGELM_SOURCE_DIR) / "configs/data/first-job.jsonl"));
  CHECK(print.at("hf_revision_source").text() == "local_path");
  // 1200 tokens through 1000 weights of which 10 are trained.
  CHECK(report.at("resource_usage").at("flops").at("training").real() == (4.0 * 1000 + 2.0 * 10) * 1200);
  CHECK(report.at("resource_usage").find("gpu_model") == nullptr);
  CHECK(result.resource_usage.at("training_duration_seconds").real() == 1.5);

  const Json statement = here.file("compliance/provenance.slsa.json");
  std::size_t num_subjects = 0;
  for (const Json& subject : statement.at("subject").items()) {
    INFO(subject.at("name").text());
    CHECK(subject.at("digest").at("sha256").text() == sha256_file(here.out() / subject.at("name").text()));
    ++num_subjects;
  }
  CHECK(num_subjects >= 3);
  const auto verdict = compliance::verify_annex_iv_file(here.out() / "compliance/annex_iv_metadata.json");
  INFO(verdict.reason);
  CHECK(verdict.is_valid);
  const Json governance = here.file("compliance/data_governance_report.json");
  CHECK(governance.at("splits").at("train").at("sample_count") ==
        here.file("forgelm_run.json").at("data").at("train").at("num_examples"));
  CHECK(governance.at("splits").at("train").at("token_length").at("max").integer() > 0);
  CHECK(read_file(here.out() / "final_model/deployer_instructions.md") ==
        read_file(here.out() / "compliance/deployer_instructions.md"));
}

TEST_CASE("evidence: a data audit in the run's folder is part of the governance report") {
  Workplace here;
  fs::create_directories(here.out());
  write_file_durably(here.out() / "data_audit_report.json", "{\"total_samples\": 7}");
  here.run();
  CHECK(here.events_of_bundle() ==
        std::vector<std::string>{"compliance.governance_exported", "compliance.artifacts_exported"});
  const Json governance = here.file("compliance/data_governance_report.json");
  CHECK(governance.at("data_audit").at("total_samples").integer() == 7);
}

TEST_CASE("evidence: a bundle that cannot be written is on the record, and the model stays") {
  Workplace here;
  fs::create_directories(here.out() / "compliance/folder-of-somebody");
  const auto result = here.run();
  CHECK(result.state == pipeline::RunState::finished);
  CHECK(here.events_of_bundle() == std::vector<std::string>{"compliance.artifacts_export_failed"});
  CHECK(fs::exists(here.out() / "compliance/folder-of-somebody"));
  CHECK(fs::exists(here.out() / "final_model/adapter_model.safetensors"));
}

TEST_CASE("evidence: an export tells of the run of this configuration, else of the job alone") {
  Workplace here;
  const auto before = pipeline::export_bundle(here.job(kProvider), here.folder_ / "deep/er/export/");
  CHECK(before.run_id.empty());
  CHECK(compliance::verify_annex_iv_file(here.folder_ / "deep/er/export/annex_iv_metadata.json").is_valid);
  CHECK_FALSE(fs::exists(here.folder_ / "deep/er/export/provenance.slsa.json"));

  const auto result = here.run(kProvider);
  const auto after = pipeline::export_bundle(here.job(kProvider), here.folder_ / "deep/er/export");
  CHECK(after.run_id == result.run_id);
  CHECK(compliance::verify_annex_iv_file(here.folder_ / "deep/er/export/annex_iv_metadata.json").is_valid);
  const Json report = parse_json(read_file(here.folder_ / "deep/er/export/compliance_report.json")).value();
  CHECK(report.at("evaluation_results") == here.file("compliance/compliance_report.json").at("evaluation_results"));
  CHECK(report.at("resource_usage") == here.file("compliance/compliance_report.json").at("resource_usage"));

  const auto other =
      pipeline::export_bundle(here.job("compliance: {provider_name: Q}\n"), here.folder_ / "deep/er/export");
  CHECK(other.run_id.empty());
}

TEST_CASE("monitoring: metrics leave at the end of a run, and a worse evaluation than the run before is told") {
  Workplace here;
  const std::string watched = "monitoring: {enabled: true, metrics_export: prometheus, drift_threshold: 0.05}\n";
  here.run(watched);
  Json told = here.file("forgelm_run.json").at("monitoring");
  CHECK(told.at("status").text() == "sent");
  CHECK(told.find("drift") == nullptr);  // there is no run before
  CHECK(read_file(here.out() / "forgelm.prom").find("forgelm_eval_loss{") != std::string::npos);

  here.training.num_steps = 4;  // 5.6 instead of 4.8
  const auto result = here.run(watched);
  told = here.file("forgelm_run.json").at("monitoring");
  CHECK(result.state == pipeline::RunState::finished);
  CHECK(told.at("drift").at("is_alert").boolean());
  CHECK(told.at("drift").at("baseline").real() == 6.0 - 0.1 * 12);
  CHECK(told.at("drift").at("baseline_source").text().starts_with("run fg-"));
  CHECK(read_file(here.out() / "forgelm.prom").find("forgelm_eval_drift_alert{run_id=\"" + result.run_id) !=
        std::string::npos);
}

TEST_CASE("monitoring: a receiver that does not answer is on the record, and the run is as it was") {
  Workplace here;
  const auto result =
      here.run("monitoring: {enabled: true, metrics_export: custom_webhook, endpoint: \"http://127.0.0.1:1\"}\n");
  CHECK(result.state == pipeline::RunState::finished);
  const Json told = here.file("forgelm_run.json").at("monitoring");
  CHECK(told.at("status").text() == "failed");
  CHECK_FALSE(told.at("error").text().empty());
}
