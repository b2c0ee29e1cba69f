// What a run leaves as evidence, and what it says when something of it cannot be written.
#include "forgelm/pipeline/evidence.hpp"

#include <csignal>
#include <set>
#include <sstream>

#include "forgelm/compliance/annex_iv.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/hash.hpp"
#include "workplace.hpp"

namespace {

using namespace forgelm;
namespace fs = std::filesystem;

class Workplace : public test::Workplace {
 public:
  Workplace() { environment.now = *parse_iso_time("2026-08-01T12:00:00+00:00"); }

  config::LoadedJob job(const std::string& more) {
    sections = more;
    return test::Workplace::job();
  }
  pipeline::RunResult run(const std::string& more = "") {
    sections = more;
    return test::Workplace::run();
  }
  Json file(const std::string& name) const { return parse_json(read_file(out() / name)).value(); }
  std::vector<std::string> events_of_bundle() const {
    std::vector<std::string> names;
    for (const std::string& name : audit.names())
      if (name.starts_with("compliance.")) names.push_back(name);
    return names;
  }
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
  const auto before = pipeline::export_bundle(here.job(kProvider), here.folder() / "deep/er/export/");
  CHECK(before.run_id.empty());
  CHECK(compliance::verify_annex_iv_file(here.folder() / "deep/er/export/annex_iv_metadata.json").is_valid);
  CHECK_FALSE(fs::exists(here.folder() / "deep/er/export/provenance.slsa.json"));

  const auto result = here.run(kProvider);
  const auto after = pipeline::export_bundle(here.job(kProvider), here.folder() / "deep/er/export");
  CHECK(after.run_id == result.run_id);
  CHECK(compliance::verify_annex_iv_file(here.folder() / "deep/er/export/annex_iv_metadata.json").is_valid);
  const Json report = parse_json(read_file(here.folder() / "deep/er/export/compliance_report.json")).value();
  CHECK(report.at("evaluation_results") == here.file("compliance/compliance_report.json").at("evaluation_results"));
  CHECK(report.at("resource_usage") == here.file("compliance/compliance_report.json").at("resource_usage"));

  const auto other =
      pipeline::export_bundle(here.job("compliance: {provider_name: Q}\n"), here.folder() / "deep/er/export");
  CHECK(other.run_id.empty());
}

TEST_CASE("evidence: a refused run leaves a bundle that says so, and no word on how to use its model") {
  for (const bool reverts : {false, true}) {
    INFO("auto_revert: " << reverts);
    Workplace here;
    here.training.final_loss = 6.5;
    const auto result = here.run(
        cat(kProvider, "evaluation: {max_acceptable_loss: 5.0, auto_revert: ", reverts ? "true" : "false", "}\n"));
    REQUIRE(result.state == pipeline::RunState::rejected);
    const Json report = here.file("compliance/compliance_report.json");
    CHECK(report.at("run_id").text() == result.run_id);
    CHECK(report.at("run").at("state").text() == "rejected");
    const Json gate = report.at("run").at("gates").items().at(0);
    CHECK(gate.at("verdict").text() == "failed");
    CHECK(gate.at("detail").text() == result.message);
    CHECK(report.at("evaluation_results").at("metrics").at("eval_loss").real() == 6.5);
    CHECK(report.at("run").at("final_model").text() == result.staging.native());
    CHECK(report.at("run").at("outputs").items().empty() == reverts);
    for (const char* name : {"deployer_instructions.md", "provenance.slsa.json"}) {
      INFO(name);
      CHECK_FALSE(fs::exists(here.out() / "compliance" / name));
    }
    const std::string readme = read_file(here.out() / "compliance/README.md");
    CHECK(readme.find("Its state is `rejected`") != std::string::npos);
    CHECK(readme.find(cat("gate loss: failed. ", result.message)) != std::string::npos);
    CHECK(readme.find("deployer_instructions.md") == std::string::npos);
    CHECK(read_file(here.out() / "compliance/training_manifest.yaml").find("state: rejected\n") != std::string::npos);
    CHECK(compliance::verify_annex_iv_file(here.out() / "compliance/annex_iv_metadata.json").is_valid);
    const Json points = here.file("compliance/annex_iv_metadata.json").at("annex_iv").at("points");
    const Json instructions = points.items().at(0).at("items").items().at(7);
    CHECK(instructions.at("status").text() == "not_applicable");
    // The same from the record, later.
    const auto exported = pipeline::export_bundle(
        here.job(
            cat(kProvider, "evaluation: {max_acceptable_loss: 5.0, auto_revert: ", reverts ? "true" : "false", "}\n")),
        here.folder() / "export");
    CHECK(exported.run_id == result.run_id);
    CHECK(parse_json(read_file(here.folder() / "export/compliance_report.json")).value().at("run").at("state").text() ==
          "rejected");
  }
}

TEST_CASE("evidence: while an earlier run's model is in its place, its bundle is kept with that run") {
  Workplace here;
  const auto good = here.run();
  const std::string kept = cat("earlier-", good.run_id, "/compliance/compliance_report.json");
  const Json report = here.file("compliance/compliance_report.json");
  write_file_durably(here.out() / "compliance/note of somebody.txt", "x");
  here.training.final_loss = 6.5;
  const auto refused = here.run("evaluation: {max_acceptable_loss: 5.0}\n");
  CHECK(here.file(kept) == report);
  CHECK(here.file("compliance/compliance_report.json").at("run_id").text() == refused.run_id);
  CHECK(fs::exists(here.out() / "compliance/note of somebody.txt"));
  here.training.final_loss = std::nullopt;
  here.run();
  CHECK_FALSE(fs::exists(here.out() / cat("earlier-", good.run_id)));
  CHECK_FALSE(fs::exists(here.out() / cat("earlier-", refused.run_id)));
}

TEST_CASE("evidence: a run that breaks after its first step leaves a bundle with the error, one before it none") {
  Workplace here;
  here.training.after_step = [](std::int64_t step) {
    if (step == 3) throw RunError(RunErrorKind::diverged, "the loss is not finite");
  };
  CHECK_THROWS_AS(here.run(kProvider), RunError);
  Json run = here.file("compliance/compliance_report.json").at("run");
  CHECK(run.at("state").text() == "failed");
  CHECK(run.at("error").at("message").text() == "the loss is not finite");
  CHECK(run.at("error").at("stage").text() == "train");
  CHECK(here.file("compliance/compliance_report.json").find("resource_usage") == nullptr);  // it was not counted yet
  CHECK(compliance::verify_annex_iv_file(here.out() / "compliance/annex_iv_metadata.json").is_valid);
  CHECK(here.audit.events().back().name == "pipeline.failed");

  here.training.after_step = [](std::int64_t step) {
    if (step == 6) ::raise(SIGTERM);
  };
  here.run(kProvider);
  CHECK(here.file("compliance/compliance_report.json").at("run").at("state").text() == "interrupted");
  CHECK(here.file("compliance/compliance_report.json").find("resource_usage") != nullptr);

  Workplace other;
  fs::create_directories(other.out() / "compliance");
  write_file_durably(other.out() / "compliance/compliance_report.json", "{\"run_id\": \"fg-before\"}");
  other.training.before_open = [] { throw ConfigError("there is no such model"); };
  CHECK_THROWS_AS(other.run(kProvider), ConfigError);
  CHECK(other.file("compliance/compliance_report.json").at("run_id").text() == "fg-before");
  CHECK(other.events_of_bundle().empty());
}

TEST_CASE("evidence: a bundle of a run that waits for a person says so, and one exported after the approval does not") {
  Workplace here;
  const std::string gated = "evaluation: {require_human_approval: true}\n";
  const auto result = here.run(gated);
  REQUIRE(result.state == pipeline::RunState::awaiting_approval);
  CHECK(here.file("compliance/compliance_report.json").at("run").at("state").text() == "awaiting_approval");
  CHECK(read_file(here.out() / "compliance/README.md").find("A person had still to approve") != std::string::npos);
  CHECK(fs::exists(here.out() / "compliance/deployer_instructions.md"));
  fs::rename(result.staging, here.out() / "final_model");
  pipeline::export_bundle(here.job(gated), here.folder() / "export");
  const Json run = parse_json(read_file(here.folder() / "export/compliance_report.json")).value().at("run");
  CHECK(run.at("state").text() == "finished");
  CHECK(run.at("final_model").text() == (here.out() / "final_model").native());
}

TEST_CASE("evidence: splits have the rows, columns and lengths of texts that the reference reports") {
  std::istringstream lines(read_file(FORGELM_SOURCE_DIR "/tests/golden/governance/splits.jsonl"));
  std::size_t num_splits = 0;
  for (std::string line; std::getline(lines, line);) {
    const Json golden = parse_json(line).value();
    Workplace here;
    std::string rows;
    for (const Json& row : golden.at("rows").items()) rows += dump(row) + "\n";
    fs::create_directories(here.out());
    write_file_durably(here.folder() / "rows.jsonl", rows);
    config::LoadedJob job = here.job("");
    job.job.data.dataset_name_or_path = (here.folder() / "rows.jsonl").native();
    job.job.training.trainer_type = *from_text<config::TrainerType>(golden.at("trainer").text());
    job.job.data.add_eos = golden.at("data").text().find("add_eos: false") == std::string::npos;
    job.job.data.shuffle = golden.at("data").text().find("shuffle: false") == std::string::npos;
    pipeline::run_job(job, here.options());
    const Json ours = here.file("compliance/data_governance_report.json").at("splits");
    for (const auto& [name, split] : golden.at("splits").members())
      for (const auto& [key, value] : split.members()) {
        INFO(golden.at("trainer").text() << " " << golden.at("data").text() << ", " << name << ", " << key);
        REQUIRE(ours.find(name) != nullptr);
        CHECK(dump(ours.at(name).at(key)) == dump(value));
        ++num_splits;
      }
  }
  CHECK(num_splits > 30);
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
