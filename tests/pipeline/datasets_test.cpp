// Registered data sets in jobs, and admission: what is trained on is what was registered, and what was audited.
#include "forgelm/pipeline/datasets.hpp"

#include <algorithm>

#include "forgelm/audit/audit.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/pipeline/evidence.hpp"
#include "forgelm/pipeline/plan.hpp"
#include "support/test.hpp"
#include "support/thrown.hpp"
#include "workplace.hpp"

namespace {

using namespace forgelm;
using pipeline::PlanMode;
using pipeline::RunState;
using registry::Index;
using test::message_of;
namespace fs = std::filesystem;

/// A workplace with a registry and a copy of the usual rows.
class Registered : public test::Workplace {
 public:
  Registered() {
    environment.variables["FORGELM_HOME"] = (folder() / "home").native();
    fs::create_directory(folder() / "data");
    rows = folder() / "data" / "rows.jsonl";
    fs::copy_file(first_rows(), rows);
    training.before_open = [this] { ++num_opened; };
  }

  pipeline::Registration add(const fs::path& path, const std::string& name, const std::string& accepted = "") {
    environment.now.microseconds += 1'000'000;
    Index index = Index::open();
    pipeline::RegisterRequest request;
    request.path = path.native();
    request.name = name;
    request.accepted_because = accepted;
    return pipeline::register_dataset(index, request);
  }
  pipeline::RunResult run_on(const std::string& keys) {
    data = keys;
    return run();
  }
  /// The findings of a plan, as "code path".
  std::vector<std::string> findings(const std::string& keys, PlanMode mode = PlanMode::dry_run) {
    data = keys;
    std::vector<std::string> out;
    for (const auto& finding : pipeline::make_plan(job(), mode).findings)
      out.push_back(cat(finding.code, " ", finding.path));
    return out;
  }
  void write_report(const fs::path& input, const fs::path& folder) const {
    audit::AuditOptions options;
    options.input = input.native();
    fs::create_directories(folder);
    write_file_durably(folder / audit::kReportName, dump(audit::to_json(audit::audit_data(options))));
  }

  fs::path rows;
  int num_opened = 0;
};

constexpr const char* kCard =
    "{\"messages\": [{\"role\": \"user\", \"content\": \"My card is 4111 1111 1111 1111.\"}, "
    "{\"role\": \"assistant\", \"content\": \"Thanks.\"}]}\n";

void append(const fs::path& file, const std::string& text) { write_file_durably(file, read_file(file) + text); }

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

bool holds(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace

TEST_CASE("datasets: registering counts, hashes and audits") {
  Registered here;
  const auto set = here.add(here.rows, "first").dataset;
  CHECK(set.num_rows == 24);
  CHECK(set.size_bytes == fs::file_size(here.rows));
  CHECK(set.digest == sha256_file(here.rows));
  CHECK(set.path == fs::canonical(here.rows));
  CHECK(set.audit_status == "passed");
  CHECK(set.pii_status == "none");
  REQUIRE(set.audit_paths.size() == 1);
  CHECK(parse_json(read_file(set.audit_paths[0])).value().at("files").items().at(0).at("sha256").text() == set.digest);
  // Registering is on the record.
  const std::string log = read_file(here.folder() / "home" / "audit_log.jsonl");
  CHECK(contains(log, "\"event\": \"data.registered\""));
  CHECK(contains(log, set.digest));
}

TEST_CASE("datasets: the audit decides over the status, and a reason accepts what it found") {
  Registered here;
  append(here.rows, kCard);
  const auto failed = here.add(here.rows, "failed");
  CHECK(failed.dataset.audit_status == "failed");
  CHECK(failed.dataset.pii_status == "critical");
  CHECK(failed.notes == std::vector<std::string>{"the audit found credit_card=1"});
  const auto accepted = here.add(here.rows, "accepted", "test numbers").dataset;
  CHECK(accepted.audit_status == "accepted");
  CHECK(accepted.audit_note == "test numbers");
  CHECK(Index::open().get("accepted@1.0.0").audit_note == "test numbers");
}

TEST_CASE("datasets: a column whose name speaks of personal data is a finding, and none that gates") {
  Registered here;
  const fs::path file = here.folder() / "people.jsonl";
  write_file_durably(file, "{\"text\": \"a row\", \"Email-Address\": \"\"}\n");
  const auto set = here.add(file, "people").dataset;
  CHECK(set.pii_status == "findings");
  CHECK(set.audit_status == "passed");
}

TEST_CASE("datasets: rows that the audit cannot read are no rows that passed") {
  Registered here;
  append(here.rows, "{\"messages\": \n");
  const auto done = here.add(here.rows, "broken");
  CHECK(done.dataset.num_rows == 25);
  CHECK(done.dataset.audit_status == "failed");
  CHECK(done.notes == std::vector<std::string>{"rows.jsonl: the audit could not read 1 row"});
}

TEST_CASE("datasets: a directory is covered file by file, folders within it too") {
  Registered here;
  const fs::path folder = here.folder() / "set";
  fs::create_directories(folder / "validation");
  fs::copy_file(here.rows, folder / "train.jsonl");
  write_file_durably(folder / "validation" / "part.jsonl", kCard);
  const auto done = here.add(folder, "deep");
  REQUIRE(done.dataset.files.size() == 2);
  CHECK(done.dataset.files[1].path == "validation/part.jsonl");
  CHECK(done.dataset.num_rows == 25);
  CHECK(done.dataset.audit_paths.size() == 2);
  CHECK(done.dataset.audit_status == "failed");  // by the card in the folder within
  CHECK(done.dataset.digest == sha256_hex(cat(sha256_file(folder / "train.jsonl"), "  train.jsonl\n", sha256_hex(kCard),
                                              "  validation/part.jsonl\n")));
}

TEST_CASE("datasets: a report is taken instead of an audit when it is of these very files") {
  Registered here;
  const fs::path report = here.folder() / "reports";
  here.write_report(here.rows, report);
  const auto add = [&](const std::string& name) {
    Index index = Index::open();
    pipeline::RegisterRequest request;
    request.path = here.rows.native();
    request.name = name;
    request.audit_report = report / audit::kReportName;
    return pipeline::register_dataset(index, request).dataset;
  };
  CHECK(add("first").audit_status == "passed");
  append(here.rows, kCard);
  CHECK(contains(message_of<ConfigError>([&] { add("second"); }), "does not cover rows.jsonl"));
  write_file_durably(report / audit::kReportName, "{\"pii_summary\": {}}");  // as the reference's: without digests
  CHECK(contains(message_of<ConfigError>([&] { add("third"); }), "no report of an audit that names the digests"));
}

TEST_CASE("datasets: an address is refused with what brings it here") {
  for (const auto& [address, tool] :
       {std::pair("s3://bucket/x.jsonl", "aws s3 sync"), std::pair("gs://b/x", "gcloud storage cp"),
        std::pair("az://c/x", "azcopy"), std::pair("abfs://c/x", "azcopy"), std::pair("hf://org/set", "hf download"),
        std::pair("HTTPS://example.org/x.jsonl", "curl"), std::pair("odd://x", "bring the data to this machine")}) {
    INFO(address);
    CHECK(contains(message_of<ConfigError>([&, at = address] { pipeline::refuse_address(at); }), tool));
  }
  pipeline::refuse_address("data/rows.jsonl");
}

TEST_CASE("datasets: verifying names what changed, what is gone and what has appeared") {
  Registered here;
  const fs::path folder = here.folder() / "set";
  fs::create_directory(folder);
  for (const char* name : {"train.jsonl", "test.jsonl"}) fs::copy_file(here.rows, folder / name);
  const auto set = here.add(folder, "set").dataset;
  CHECK(pipeline::verify_dataset(set).empty());
  CHECK(pipeline::glance_at_dataset(set).empty());
  append(folder / "train.jsonl", kCard);
  fs::remove(folder / "test.jsonl");
  write_file_durably(folder / "validation.jsonl", kCard);
  write_file_durably(folder / "README.md", "not rows");
  const auto mismatches = pipeline::verify_dataset(set);
  const std::string digest = sha256_file(here.rows);
  const fs::path root = fs::canonical(folder);
  std::vector<std::string> told;
  for (const auto& mismatch : mismatches) told.push_back(pipeline::describe(mismatch));
  CHECK(told == std::vector<std::string>{
                    cat((root / "test.jsonl").native(), ": is missing; registered with SHA-256 ", digest),
                    cat((root / "train.jsonl").native(), ": has SHA-256 ", sha256_file(folder / "train.jsonl"),
                        ", registered ", digest),
                    cat((root / "validation.jsonl").native(), ": was not there when the data set was registered")});
  CHECK(pipeline::glance_at_dataset(set).size() == 3);
}

TEST_CASE("datasets: a change that keeps the size is seen by the digest") {
  Registered here;
  const auto set = here.add(here.rows, "first").dataset;
  std::string text = read_file(here.rows);
  text[text.find("exit code 0")] = 'E';
  write_file_durably(here.rows, text);
  CHECK(pipeline::glance_at_dataset(set).empty());
  CHECK(pipeline::verify_dataset(set).size() == 1);
}

TEST_CASE("datasets: a job names a registered set, and the evidence says which") {
  Registered here;
  const auto raw = here.add(Registered::first_rows(), "raw").dataset;
  Index index = Index::open();
  pipeline::RegisterRequest request;
  request.path = here.rows.native();
  request.name = "chats";
  request.version = "2";
  request.parent = "raw";
  const auto set = pipeline::register_dataset(index, request).dataset;

  const auto result = here.run_on("dataset_ref: chats@2");
  REQUIRE(result.state == RunState::finished);
  const Json registered = here.record().at("dataset");
  CHECK(registered.at("ref").text() == "chats@2");
  CHECK(registered.at("digest").text() == sha256_file(here.rows));
  CHECK(registered.at("made_from") == Json::array({"raw@1.0.0"}));
  const Json provenance = parse_json(read_file(here.out() / "compliance" / "data_provenance.json")).value();
  CHECK(provenance.at("primary_dataset").text() == "chats@2");
  CHECK(provenance.at("fingerprint").at("registered") == registered);
  CHECK(provenance.at("fingerprint").at("sha256").text() == sha256_file(here.rows));

  // The index knows the run, from which it follows that the set and its parent stay.
  const auto lineage = index.lineage(index.get("raw@1.0.0"));
  REQUIRE(lineage.runs.size() == 1);
  CHECK(lineage.runs[0].id == result.run_id);
  CHECK(lineage.runs[0].state == "finished");
  CHECK(lineage.runs[0].exit_code == 0);
  CHECK(lineage.runs[0].config_digest == result.config_hash);
  CHECK(contains(message_of<ConfigError>([&] { pipeline::unregister_dataset(index, set); }),
                 cat("in use by run ", result.run_id)));
}

TEST_CASE("datasets: where the data lie is no part of the configuration's hash") {
  Registered here;
  here.add(here.rows, "chats");
  here.data = "dataset_ref: chats@1.0.0";
  CHECK(config::config_hash(here.job()) == here.run_on("dataset_ref: chats@1.0.0").config_hash);
}

TEST_CASE("datasets: a run on data that changed ends with 6 before anything is opened") {
  Registered here;
  const auto set = here.add(here.rows, "chats").dataset;
  append(here.rows, kCard);
  const auto result = here.run_on("dataset_ref: chats@1.0.0");
  CHECK(result.state == RunState::data_changed);
  CHECK(pipeline::exit_code_of(result.state) == ExitCode::integrity_failure);
  CHECK(contains(result.message, here.rows.filename().native()));
  CHECK(contains(result.message, set.digest));
  CHECK(contains(result.message, sha256_file(here.rows)));
  CHECK(here.num_opened == 0);
  CHECK_FALSE(fs::exists(here.out() / "forgelm_run.json"));
  CHECK(Index::open().lineage(set).runs.empty());
}

TEST_CASE("datasets: a reference that names nothing is refused with what there is") {
  Registered here;
  CHECK(contains(message_of<ConfigError>([&] { here.run_on("dataset_ref: chats@1"); }), "nothing is registered in"));
  here.add(here.rows, "chats");
  CHECK(contains(message_of<ConfigError>([&] { here.run_on("dataset_ref: chat@1.0.0"); }), "did you mean chats?"));
  CHECK(contains(message_of<ConfigError>([&] { here.run_on("dataset_ref: chats@3"); }), "registered: 1.0.0"));
  CHECK(contains(message_of<ConfigError>([&] { here.run_on("dataset_ref: chats"); }), "write chats@1.0.0"));
  CHECK(contains(message_of<ConfigError>([&] { here.run_on("dataset_ref: ../x@1"); }), "write NAME@VERSION"));
}

TEST_CASE("datasets: a plan knows the rows of a registered set, and what a run would trip over") {
  Registered here;
  here.add(here.rows, "chats");
  here.data = "dataset_ref: chats@1.0.0";
  const auto plan = pipeline::make_plan(here.job(), PlanMode::dry_run);
  CHECK(plan.stages.at(0).data_source == "chats@1.0.0");
  CHECK(plan.stages.at(0).num_train_rows == 21);  // 24 less 3 that are held out
  CHECK(plan.findings.empty());
  CHECK(here.findings("dataset_ref: chat@1.0.0") == std::vector<std::string>{"unknown_dataset data.dataset_ref"});
  append(here.rows, kCard);
  CHECK(holds(here.findings("dataset_ref: chats@1.0.0"), "data_changed data.dataset_ref"));
  CHECK(here.findings("dataset_ref: chats@1.0.0", PlanMode::run).empty());  // the run itself says so, with exit code 6
  CHECK(holds(here.findings(cat("require_audit: true, dataset_name_or_path: ", here.rows.native())),
              "data_not_audited data.require_audit"));
}

TEST_CASE("datasets: an index that can no longer be written is a warning, never a failed run") {
  Registered here;
  here.add(here.rows, "chats");
  here.training.after_step = [&](std::int64_t) {
    write_file_durably(here.folder() / "home" / "forgelm.db", std::string(8192, 'x'));
  };
  CHECK(here.run_on("dataset_ref: chats@1.0.0").state == RunState::finished);
  CHECK(fs::exists(here.model()));
}

TEST_CASE("admission: data without an audit are refused with 3, and with the command to run") {
  Registered here;
  const std::string keys = cat("require_audit: true, dataset_name_or_path: ", here.rows.native());
  const auto result = here.run_on(keys);
  CHECK(result.state == RunState::rejected);
  CHECK(pipeline::exit_code_of(result.state) == ExitCode::gate_failed);
  CHECK(contains(result.message, "no audit covers its content"));
  CHECK(contains(result.hint, cat("forgelm audit ", here.rows.native())));
  CHECK(here.num_opened == 0);
}

TEST_CASE("admission: a report beside the data, in its audit folder or in the run's folder lets them in") {
  for (const char* place : {"data", "data/audit", "audit", "out"}) {
    INFO(place);
    Registered here;
    const std::string keys = cat("require_audit: true, dataset_name_or_path: ", here.rows.native());
    here.write_report(here.rows, here.folder() / place);
    CHECK(here.run_on(keys).state == RunState::finished);
    const Json audits = here.record().at("data_audits");
    REQUIRE(audits.items().size() == 1);
    CHECK(audits.items()[0].at("sha256").text() == sha256_file(here.rows));
    CHECK(audits.items()[0].at("audit").text() == (here.folder() / place / audit::kReportName).native());
    // A report is of content, not of a name.
    append(here.rows,
           "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", "
           "\"content\": \"b\"}]}\n");
    CHECK(here.run_on(keys).state == RunState::rejected);
  }
}

TEST_CASE("admission: an audit that failed keeps data out, whoever else let them in, unless it was accepted") {
  Registered here;
  append(here.rows, kCard);
  const std::string keys = cat("require_audit: true, dataset_name_or_path: ", here.rows.native());
  here.write_report(here.rows, here.folder() / "data");
  const auto refused = here.run_on(keys);
  CHECK(refused.state == RunState::rejected);
  CHECK(contains(refused.message, "its audit did not pass"));
  here.add(here.rows, "accepted", "numbers of a test");
  CHECK(here.run_on(keys).state == RunState::finished);
  CHECK(contains(here.record().at("data_audits").items()[0].at("audit").text(), "accepted@1.0.0, findings accepted"));
}

TEST_CASE("admission: every file that is read needs an audit, evaluation rows and further sets too") {
  Registered here;
  const fs::path set = here.folder() / "set", extra = here.folder() / "extra.jsonl";
  fs::create_directory(set);
  fs::copy_file(here.rows, set / "train.jsonl");
  here.add(set / "train.jsonl", "train");
  const std::string keys = cat("require_audit: true, dataset_name_or_path: ", set.native());
  CHECK(here.run_on(keys).state == RunState::finished);
  write_file_durably(set / "validation.jsonl", std::string(kCard).replace(50, 4, "cart"));
  auto refused = here.run_on(keys);
  CHECK(refused.state == RunState::rejected);
  CHECK(contains(refused.message, "validation.jsonl"));
  CHECK(here.run_on(keys + ", eval_split: none").state == RunState::finished);
  write_file_durably(extra, kCard);
  refused = here.run_on(cat(keys, ", eval_split: none, extra_datasets: [", extra.native(), "]"));
  CHECK(refused.state == RunState::rejected);
  CHECK(contains(refused.message, "extra.jsonl"));
}

TEST_CASE("datasets: a bundle of a job alone says what the registered set is") {
  Registered here;
  const auto set = here.add(here.rows, "chats").dataset;
  here.data = "dataset_ref: chats@1.0.0";
  pipeline::export_bundle(here.job(), here.folder() / "bundle");
  const Json provenance = parse_json(read_file(here.folder() / "bundle" / "data_provenance.json")).value();
  CHECK(provenance.at("fingerprint").at("registered").at("digest").text() == set.digest);
}
