// The bundle against the reference's files for the same jobs, key by key and in the same order; what differs by
// decision is listed. Then what the reference has not: nine points, bills, and that the folder changes as a whole.
#include "forgelm/compliance/bundle.hpp"

#include <cerrno>
#include <map>
#include <set>

#include "forgelm/compliance/annex_iv.hpp"
#include "forgelm/config/emit.hpp"
#include "forgelm/config/load.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/hash.hpp"
#include "golden_rows.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
namespace fs = std::filesystem;

/// Values that differ by decision; keys and places are the same.
const std::set<std::string, std::less<>> kDecided = {
    "monitoring.declarative_only",  // here metrics leave and drift is looked at
    "monitoring_and_logging.declarative_only",
    "model_lineage.base_model_revision.reason",  // with a run: the model was read, from this machine
    "model_lineage.base_model_revision.resolution_source",
    "model_lineage.component_revisions",
    "system_components.model_lineage.base_model_revision.reason",
    "system_components.model_lineage.base_model_revision.resolution_source",
    "system_components.model_lineage.component_revisions",
    "computational_resources.recorded",  // the hint names an option that does not exist
    "data_provenance.fingerprint.hf_revision_reason",
};

std::string joined(const std::string& path, const std::string& key) { return path.empty() ? key : cat(path, ".", key); }

/// Every member of theirs is in ours, in the same order, with the same value; ours may hold more.
void check_holds(const Json& theirs, const Json& ours, const std::string& path) {
  INFO(path);
  if (kDecided.count(path) != 0) return;
  if (theirs == Json("*")) {
    CHECK(ours.kind() == Json::Kind::text);
    return;
  }
  if (theirs.kind() != Json::Kind::object) {
    if (theirs.kind() == Json::Kind::array && ours.kind() == Json::Kind::array &&
        theirs.items().size() == ours.items().size()) {
      for (std::size_t i = 0; i < theirs.items().size(); ++i)
        check_holds(theirs.items()[i], ours.items()[i], cat(path, "[", i, "]"));
      return;
    }
    CHECK(dump(ours) == dump(theirs));
    return;
  }
  REQUIRE(ours.kind() == Json::Kind::object);
  std::vector<std::string> wanted, found;
  for (const auto& [key, value] : theirs.members())
    if (kDecided.count(joined(path, key)) == 0) wanted.push_back(key);
  for (const auto& [key, value] : ours.members())
    if (theirs.find(key) != nullptr && kDecided.count(joined(path, key)) == 0) found.push_back(key);
  CHECK(found == wanted);
  for (const auto& [key, value] : theirs.members())
    if (const Json* mine = ours.find(key)) check_holds(value, *mine, joined(path, key));
}

compliance::DataSetFacts facts_of(const std::string& name, const Json& files) {
  compliance::DataSetFacts set;
  set.name = name;
  const Json* text = files.find(name);
  if (text == nullptr) return set;
  set.kind = compliance::DataSetFacts::Kind::file;
  set.resolved = cat("/somewhere/", name);
  set.files.push_back({name, sha256_hex(text->text()), text->text().size(), "2026-08-01T10:00:00+00:00"});
  return set;
}

struct Case {
  config::LoadedJob loaded;
  compliance::RunFacts facts;
};

compliance::RunFacts facts_for(const config::LoadedJob& loaded, const Json& files) {
  compliance::RunFacts facts;
  facts.generated_at = "2026-08-01T12:00:00.5+00:00";
  facts.data_sets.push_back(facts_of(loaded.job.data.dataset_name_or_path, files));
  for (const auto& name : loaded.job.data.extra_datasets.value_or(std::vector<std::string>{}))
    facts.data_sets.push_back(facts_of(name, files));
  return facts;
}

compliance::Execution a_run(const config::JobConfig& job, const Json& metrics) {
  compliance::Execution run;
  run.id = "fg-0123456789ab";
  run.started_at = "2026-08-01T10:00:00+00:00";
  run.ended_at = "2026-08-01T11:00:00+00:00";
  run.model_digest = std::string(64, 'a');
  run.family = "llama";
  run.quantization = job.model.load_in_4bit && job.lora.method != config::LoraMethod::none ? "nf4" : "none";
  run.precision = "bfloat16";
  run.metrics = metrics;
  run.outputs = {{"final_model/adapter_model.safetensors", std::string(64, 'b'), 123, {}},
                 {"loss.jsonl", std::string(64, 'c'), 45, {}}};
  run.compute.device_name = "a processor";
  run.compute.seconds = 12.345;
  run.compute.num_weights = 1000;
  run.compute.num_trained = 10;
  run.compute.num_tokens = 100;
  return run;
}

std::map<std::string, std::string> files_of(const compliance::Bundle& bundle) {
  return {bundle.files.begin(), bundle.files.end()};
}

config::LoadedJob job_of(const std::string& text) {
  auto loaded = config::read_job(text, "job.yaml");
  INFO(render(loaded.diagnostics, DiagnosticStyle::text));
  REQUIRE(loaded.ok());
  return loaded;
}

const std::string kPlain =
    "model: {name_or_path: org/base, load_in_4bit: false}\nlora: {}\ntraining: {output_dir: ./out}\n"
    "data: {dataset_name_or_path: data.jsonl}\n";
const std::string kProvider =
    "provider_name: P, provider_contact: c, system_name: S, intended_purpose: I, system_version: \"1\"";
const Json kFiles = Json::object({{"data.jsonl", "{\"text\": \"a\"}\n"}});

std::map<std::string, std::string> statuses(const Json& annex) {
  std::map<std::string, std::string> out;
  for (const Json& point : annex.at("annex_iv").at("points").items()) {
    const std::string number = cat(point.at("point").integer());
    out[number] = point.at("status").text();
    if (const Json* items = point.find("items"))
      for (const Json& item : items->items())
        out[cat(number, "(", item.at("item").text(), ")")] = item.at("status").text();
  }
  return out;
}

Json annex_of(const config::LoadedJob& loaded, const compliance::RunFacts& facts) {
  return parse_json(files_of(compliance::make_bundle(loaded, facts)).at("annex_iv_metadata.json")).value();
}

}  // namespace

TEST_CASE("bundle: its files hold what the reference's hold, key by key and in order") {
  for (const Json& row : test::golden_rows("reports.jsonl")) {
    INFO(row.at("job").text());
    const auto loaded = job_of(row.at("job").text());
    auto facts = facts_for(loaded, row.at("files"));
    const bool has_run = !row.at("metrics").members().empty();
    if (has_run) facts.run = a_run(loaded.job, row.at("metrics"));
    const auto files = files_of(compliance::make_bundle(loaded, facts));
    check_holds(row.at("report"), parse_json(files.at("compliance_report.json")).value(), "");
    for (const Json& name : row.at("files_written").items()) {
      INFO(name.text());
      CHECK(files.count(name.text()) == 1);
    }
    REQUIRE(files.count("annex_iv_metadata.json") == (row.at("annex_iv").is_null() ? 0 : 1));
    if (!row.at("annex_iv").is_null()) {
      Json theirs = row.at("annex_iv");
      // What was empty or a hint there is what ran, or a statement that nothing did.
      if (!has_run) theirs.set("performance_metrics", Json::object());
      theirs.set("computational_resources", Json::object());
      check_holds(theirs, parse_json(files.at("annex_iv_metadata.json")).value(), "");
    }
    Json manifest = row.at("manifest");
    const std::string& yaml = files.at("training_manifest.yaml");
    for (const auto& [key, value] : manifest.members()) {
      INFO(yaml);
      const bool is_any = value == Json("*");
      const std::string text = value.kind() == Json::Kind::object ? "" : config::to_yaml_scalar(value);
      if (is_any) CHECK(yaml.find(cat(key, ": ")) != std::string::npos);
      else if (value.kind() != Json::Kind::object) CHECK(yaml.find(cat(key, ": ", text, "\n")) != std::string::npos);
      else
        for (const auto& [name, number] : value.members())
          CHECK(yaml.find(cat("  ", name, ": ", dump(number), "\n")) != std::string::npos);
    }
  }
}

TEST_CASE("bundle: what the job says makes no markup of its own in the instructions") {
  for (const Json& row : test::golden_rows("escapes.jsonl")) {
    auto loaded = job_of(kPlain + "compliance: {provider_name: P}\n");
    loaded.job.compliance->system_name = row.at("text").text();
    loaded.job.compliance->intended_purpose = row.at("text").text();
    const std::string text = compliance::instructions_for_use(loaded, facts_for(loaded, kFiles), "out/final_model");
    INFO(text);
    CHECK(text.find(cat("| System Name | ", row.at("markdown").text(), " |\n")) != std::string::npos);
    CHECK(text.find(cat("## 2. Intended Purpose\n\n", row.at("markdown").text(), "\n")) != std::string::npos);
  }
}

TEST_CASE("annex iv: a standalone export of a job of a low class passes its own verifier") {
  const auto loaded = job_of(kPlain + "compliance: {" + kProvider + "}\n");
  const Json annex = annex_of(loaded, facts_for(loaded, kFiles));
  const auto result = compliance::verify_annex_iv(annex);
  INFO(result.reason);
  CHECK(result.is_valid);
  CHECK_FALSE(result.hash_expected.empty());
  CHECK(statuses(annex).at("2(g)") == "not_applicable");
  CHECK(statuses(annex).at("8") == "not_applicable");
}

TEST_CASE("annex iv: what only the provider can say is missing in a high-risk job until it is said") {
  const test::TemporaryDirectory folder;
  const std::string declaration = (folder / "declaration.pdf").native();
  const std::string high = kPlain + "evaluation: {safety: {enabled: true}}\n";
  auto loaded = job_of(high + "compliance: {" + kProvider +
                       ", risk_classification: high-risk, declaration_of_conformity: " + declaration + "}\n");
  auto facts = facts_for(loaded, kFiles);
  facts.run = a_run(loaded.job, Json::object({{"eval_loss", 1.5}}));
  const auto bare = statuses(annex_of(loaded, facts));
  for (const char* point :
       {"1(b)", "1(d)", "1(e)", "1(g)", "2(b)", "2(d)", "2(e)", "2(f)", "2(g)", "3", "4", "5", "7", "8", "9"}) {
    INFO(point);
    CHECK(bare.at(point) == "missing");
  }
  for (const char* point : {"1(c)", "1(h)", "2(a)", "2(c)", "2(h)", "6"}) CHECK(bare.at(point) == "generated");
  CHECK(bare.at("1(a)") == "provided");
  CHECK(bare.at("1(f)") == "not_applicable");
  CHECK(compliance::verify_annex_iv(annex_of(loaded, facts)).exit_code() == ExitCode::config_error);

  write_file_durably(declaration, "signed");
  loaded = job_of(
      high +
      "data: {dataset_name_or_path: data.jsonl, governance: {collection_method: by hand}}\n"
      "risk_assessment: {intended_use: letters}\n"
      "compliance: {" +
      kProvider +
      ", risk_classification: high-risk, known_limitations: few, interactions: mail, "
      "distribution_forms: [download], hardware_requirements: one GPU, user_interface: none, design_rationale: why, "
      "human_oversight: people, planned_changes: [none], responsible_person: R, metric_rationale: fits, "
      "standards_reason: none is cited, post_market_plan: in the wiki, declaration_of_conformity: " +
      declaration + "}\n");
  const Json annex = annex_of(loaded, facts);
  for (const auto& [point, status] : statuses(annex)) {
    INFO(point);
    CHECK(status != "missing");
  }
  CHECK(compliance::verify_annex_iv(annex).is_valid);
  CHECK(annex.at("annex_iv").at("points").items()[7].at("content").at("sha256").text() == sha256_hex("signed"));
}

TEST_CASE(
    "annex iv: nine points in the Regulation's order, and one that differs from the last documentation says in what") {
  const auto loaded = job_of(kPlain + "compliance: {" + kProvider + "}\n");
  auto facts = facts_for(loaded, kFiles);
  const Json first = annex_of(loaded, facts);
  std::vector<std::int64_t> numbers;
  for (const Json& point : first.at("annex_iv").at("points").items()) numbers.push_back(point.at("point").integer());
  CHECK(numbers == std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9});
  facts.previous_annex = first;
  auto next = loaded;
  next.job.compliance->system_version = "2";
  next.job.training.num_train_epochs = 7;
  const Json changes = annex_of(next, facts).at("annex_iv").at("points").items()[5].at("content");
  const Json& since = changes.at("since_the_documentation_before");
  CHECK(since.at("manifest_hash_before") == first.at("metadata").at("manifest_hash"));
  CHECK(since.at("changed") == Json::array({"system_identification.system_version", "training_parameters.epochs"}));
}

TEST_CASE("bundle: the folder changes as a whole, at whatever step the disk fails") {
  const auto loaded = job_of(kPlain + "compliance: {" + kProvider + "}\n");
  auto facts = facts_for(loaded, kFiles);
  const test::TemporaryDirectory root;
  const fs::path folder = root / "compliance";
  compliance::write_bundle(compliance::make_bundle(loaded, facts), folder);
  write_file_durably(folder / "note-of-the-auditor.txt", "kept");
  const auto snapshot = [&] {
    std::map<std::string, std::string> out;
    for (const auto& entry : fs::directory_iterator(folder)) out[entry.path().filename()] = read_file(entry.path());
    return out;
  };
  const auto earlier = compliance::make_bundle(loaded, facts);
  facts.generated_at = "2026-08-02T12:00:00+00:00";
  const auto bundle = compliance::make_bundle(loaded, facts);
  std::size_t num_failures = 0;
  for (const char* point : {"durable.create", "durable.write", "durable.sync", "durable.rename", "directory.sync_file",
                            "directory.exchange"}) {
    compliance::write_bundle(earlier, folder);
    const auto before = snapshot();
    for (int nth = 1; nth < 100; ++nth) {
      failpoint::arm(point, failpoint::Action::error, ENOSPC, nth);
      bool has_failed = false;
      try {
        compliance::write_bundle(bundle, folder);
      } catch (const RunError&) {
        has_failed = true;
      }
      failpoint::disarm_all();
      if (!has_failed) break;
      ++num_failures;
      INFO(point << " " << nth);
      REQUIRE(snapshot() == before);
      REQUIRE(std::distance(fs::directory_iterator(root.path()), fs::directory_iterator()) == 1);
    }
    CHECK(snapshot() != before);
  }
  CHECK(num_failures > 20);
  CHECK(snapshot().at("note-of-the-auditor.txt") == "kept");
  CHECK(snapshot().at("compliance_report.json").find("2026-08-02") != std::string::npos);
}

TEST_CASE("bundle: a folder that holds something else is refused and left alone") {
  const auto loaded = job_of(kPlain);
  const auto bundle = compliance::make_bundle(loaded, facts_for(loaded, kFiles));
  const test::TemporaryDirectory root;
  fs::create_directories(root / "there/pictures");
  CHECK_THROWS_AS(compliance::write_bundle(bundle, root / "there"), ConfigError);
  CHECK(fs::exists(root / "there/pictures"));
  write_file_durably(root / "file", "x");
  CHECK_THROWS_AS(compliance::write_bundle(bundle, root / "file"), ConfigError);
  CHECK(read_file(root / "file") == "x");
}
