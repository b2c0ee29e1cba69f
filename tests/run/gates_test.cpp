// Gates and approval with the real engine and the real program: what a baseline is, what a refusal leaves, and the way
// of a model from training through a person's decision to its place, with the evidence that lies there then.
#include "forgelm/compliance/audit_log.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "support/text_match.hpp"
#include "tiny_job.hpp"

using namespace forgelm;
namespace fs = std::filesystem;

namespace {

/// Two steps, and an evaluation section.
test::TinyJob job_with(const std::string& evaluation) {
  test::TinyJob job;
  job.num_epochs = 1;
  job.save_steps = 1;
  job.max_train_examples = 16;
  job.sections = "evaluation: " + evaluation + "\n";
  return job;
}

/// `forgelm --config job.yaml` and more in a folder; its exit code.
int run_in(const fs::path& folder, const std::string& more = "") {
  const auto result =
      test::run_script("OMP_NUM_THREADS=1 forgelm --config job.yaml " + more + " >out 2>err", folder.native());
  UNSCOPED_INFO(read_file(folder / "out") << read_file(folder / "err"));
  return result.exit_code;
}

Json record_of(const fs::path& folder) { return parse_json(read_file(folder / "run/forgelm_run.json")).value(); }
Json figures_of(const fs::path& folder) { return record_of(folder).at("gates").items().front().at("figures"); }

/// The loss of the evaluation at a step, as the loss file has it.
double eval_loss_at(const fs::path& folder, std::int64_t step) {
  const std::string text = read_file(folder / "run/loss.jsonl");
  for (const auto& line : test::lines_of(text)) {
    const Json json = parse_json(line).value();
    if (json.at("step").integer() == step && json.find("eval_loss") != nullptr) return json.at("eval_loss").real();
  }
  throw std::runtime_error("no evaluation at that step");
}

std::vector<fs::path> weights_below(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".safetensors" || entry.path().native().ends_with(".tar.gz"))
      out.push_back(entry.path());
  return out;
}

std::vector<std::string> events_of(const fs::path& folder) {
  std::vector<std::string> out;
  for (const auto& line : test::lines_of(read_file(folder / "run" / compliance::kAuditLogName)))
    out.push_back(parse_json(line).value().at("event").text());
  return out;
}

}  // namespace

TEST_CASE("gates: the measured baseline is the loss before the first step, and a resumed run keeps it") {
  const test::TemporaryDirectory folder(test::memory_directory());
  test::write_tiny_job(folder.path(), job_with("{max_acceptable_loss: 100.0}"));
  REQUIRE(run_in(folder.path()) == 0);
  const double baseline = eval_loss_at(folder.path(), 0);
  CHECK(figures_of(folder.path()).at("baseline_loss").real() == baseline);
  CHECK(figures_of(folder.path()).at("eval_loss").real() < baseline);
  // Resumed at its end: no step is taken, and the verdict compares with the same.
  REQUIRE(run_in(folder.path(), "--resume") == 0);
  CHECK(figures_of(folder.path()).at("baseline_loss").real() == baseline);
}

TEST_CASE("gates: of a run that goes on from another program's checkpoint the model before training is evaluated") {
  const test::TemporaryDirectory folder(test::memory_directory());
  test::write_tiny_job(folder.path(), job_with("{max_acceptable_loss: 100.0}"));
  REQUIRE(run_in(folder.path()) == 0);
  const double baseline = eval_loss_at(folder.path(), 0);
  // As transformers leaves one: weights, and a state that knows a step and no evaluation.
  const fs::path foreign = folder / "elsewhere/checkpoint-1";
  fs::create_directories(foreign);
  for (const char* name : {"adapter_model.safetensors", "adapter_config.json"})
    fs::copy(folder / "run/final_model" / name, foreign / name);
  write_file_durably(foreign / "trainer_state.json", "{\"global_step\": 1}\n");
  fs::remove_all(folder / "run");
  REQUIRE(run_in(folder.path(), "--resume " + foreign.native()) == 0);
  CHECK(figures_of(folder.path()).at("baseline") == Json("measured"));
  CHECK(figures_of(folder.path()).at("baseline_loss").real() == Approx(baseline).epsilon(1e-6));
}

TEST_CASE("gates: training all weights has a baseline too") {
  const test::TemporaryDirectory folder(test::memory_directory());
  test::write_tiny_job(folder.path(), job_with("{max_acceptable_loss: 100.0}"));
  const auto edited = test::run_script(
      "sed -i 's/^lora: .*/lora: {method: none}/; s/learning_rate: .*/learning_rate: 1.0e-5/' job.yaml",
      folder.path().native());
  REQUIRE(edited.exit_code == 0);
  REQUIRE(run_in(folder.path()) == 0);
  CHECK(figures_of(folder.path()).at("baseline_loss").real() == eval_loss_at(folder.path(), 0));
}

TEST_CASE("gates: a refusal exits 3; with auto_revert no weights stay, without it they wait aside") {
  const test::TemporaryDirectory folder(test::memory_directory());
  test::write_tiny_job(folder.path(), job_with("{max_acceptable_loss: 0.001}"));
  CHECK(run_in(folder.path()) == 3);
  CHECK_FALSE(fs::exists(folder / "run/final_model"));
  const std::string staging = record_of(folder.path()).at("staging_path").text();
  CHECK(fs::exists(fs::path(staging) / "adapter_model.safetensors"));
  fs::remove_all(folder / "run");
  test::write_tiny_job(folder.path(), job_with("{max_acceptable_loss: 0.001, auto_revert: true}"));
  CHECK(run_in(folder.path()) == 3);
  CHECK(weights_below(folder / "run").empty());
  CHECK(record_of(folder.path()).at("reverted") == Json(true));
  CHECK(events_of(folder.path()) ==
        std::vector<std::string>{"pipeline.initialized", "training.started", "evaluation.loss_gate_completed",
                                 "model.reverted", "compliance.governance_exported",
                                 "compliance.governance_section_missing", "compliance.artifacts_exported"});
}

TEST_CASE("gates: from training through a decision to its place, with a record that verifies") {
  const test::TemporaryDirectory folder(test::memory_directory());
  test::write_tiny_job(folder.path(), job_with("{require_human_approval: true, four_eyes: true, auto_revert: true}"));
  CHECK(run_in(folder.path()) == 4);
  CHECK_FALSE(fs::exists(folder / "run/final_model"));
  const std::string run_id = record_of(folder.path()).at("id").text();
  const auto decided = test::run_script("forgelm approve " + run_id + " --output-dir run; echo $?\n" +
                                            "FORGELM_OPERATOR=somebody-else forgelm approve " + run_id +
                                            " --output-dir run --output-format json; echo $?\n" +
                                            "forgelm verify-integrity run/final_model >/dev/null; echo $?",
                                        folder.path().native());
  INFO(decided.out << decided.err);
  const auto lines = test::lines_of(decided.out);
  REQUIRE(lines.size() >= 3);
  CHECK(lines.front() == "1");
  CHECK(lines[lines.size() - 2] == "0");
  CHECK(lines.back() == "0");
  CHECK_FALSE(fs::exists(folder / ("run/final_model.staging." + run_id)));
  const auto events = events_of(folder.path());
  REQUIRE(events.size() >= 6);
  CHECK(std::vector<std::string>(events.begin(), events.begin() + 4) ==
        std::vector<std::string>{"pipeline.initialized", "training.started", "evaluation.loss_gate_completed",
                                 "model.integrity_verified"});
  CHECK(events[events.size() - 2] == "human_approval.required");
  CHECK(events.back() == "human_approval.granted");
}
