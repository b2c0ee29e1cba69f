// Runs from start to end with a session that has no tensors: what stands in the folder after each ending, and that
// nothing of an earlier run is lost before the new one is whole.
#include "forgelm/pipeline/run.hpp"

#include <cerrno>
#include <csignal>
#include <set>

#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/lock.hpp"
#include "support/test.hpp"
#include "workplace.hpp"

namespace {

using namespace forgelm;
using pipeline::RunState;
using test::Workplace;
namespace fs = std::filesystem;

void fail_after(test::FakeTraining& training, std::int64_t step) {
  training.after_step = [step](std::int64_t done) {
    if (done == step) throw RunError(RunErrorKind::diverged, "the loss is not finite");
  };
}

}  // namespace

TEST_CASE("run: a job goes from its rows to a model with its record") {
  Workplace here;
  const auto result = here.run();
  CHECK(result.state == RunState::finished);
  CHECK(result.final_model == here.model());
  CHECK(result.is_adapter);
  CHECK(result.first_loss == 4.75);
  CHECK(result.last_loss == 2.0);
  CHECK(result.metrics.at("eval_loss").real() == 6.0 - 0.1 * 12);
  CHECK(here.names() == std::set<std::string>{".forgelm.lock", "checkpoint-12", "checkpoint-4", "checkpoint-8",
                                              "compliance", "final_model", "forgelm_run.json", "loss.jsonl",
                                              "metrics.jsonl", "runs"});
  for (const char* name : {"README.md", "adapter_config.json", "adapter_model.safetensors", "deployer_instructions.md",
                           "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"}) {
    INFO(name);
    CHECK(fs::exists(here.model() / name));
  }
  const Json record = here.record();
  CHECK(record.at("state").text() == "finished");
  CHECK(record.at("id").text() == result.run_id);
  CHECK(record.at("config").at("config_hash").text() == result.config_hash);
  CHECK(record.at("data").at("train").at("digest").text() == here.training.request.data.train->digest());
  CHECK(record.at("training").at("precision").text() == "float32");
  CHECK(record.at("previous") == Json::array());
  std::set<std::string> outputs;
  for (const Json& output : record.at("outputs").items()) {
    const std::string path = output.at("path").text();
    outputs.insert(path);
    CHECK(output.at("sha256").text() == sha256_file(here.out() / path));
    CHECK(output.at("size_bytes") == Json(fs::file_size(here.out() / path)));
  }
  CHECK(outputs.count("final_model/adapter_model.safetensors") == 1);
  CHECK(outputs.count("loss.jsonl") == 1);
}

TEST_CASE("run: a folder that a run is using is refused, and nothing in it is touched") {
  Workplace here;
  here.run();
  const std::string before = read_file(here.out() / "forgelm_run.json");
  const auto lock = FileLock::acquire(here.out() / ".forgelm.lock", 0);
  try {
    here.run();
    FAIL("the folder is in use");
  } catch (const ConfigError& error) {
    CHECK(std::string(error.what()).find("in use by process ") != std::string::npos);
    CHECK(error.hint().find("output_dir") != std::string::npos);
  }
  CHECK(read_file(here.out() / "forgelm_run.json") == before);
}

TEST_CASE("run: a signal ends it with a checkpoint, and --resume ends like a run that was never stopped") {
  Workplace whole, here;
  whole.run();
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) {
    here.training.after_step = [signal](std::int64_t step) {
      if (step == 6) ::raise(signal);
    };
    const auto stopped = here.run();
    CHECK(stopped.state == RunState::interrupted);
    CHECK(stopped.message.find("after step 6; saved ") != std::string::npos);
    CHECK(stopped.final_model.empty());
    CHECK(here.record().at("state").text() == "interrupted");
    CHECK_FALSE(fs::exists(here.model()));
    const Json first_id = here.record().at("id");

    here.training.after_step = [](std::int64_t) {};
    const auto resumed = here.run("auto");
    CHECK(here.training.request.resume_from == here.out() / "checkpoint-6");
    CHECK(resumed.state == RunState::finished);
    CHECK(resumed.first_loss == 4.75);  // of the whole run
    CHECK(here.record().at("previous") == Json::array({first_id}));
    CHECK(here.record().at("resumed_from").at("step") == Json(6));
    CHECK(read_file(here.out() / "loss.jsonl") == read_file(whole.out() / "loss.jsonl"));
    // One folder of events for both processes.
    CHECK(std::distance(fs::directory_iterator(here.out() / "runs"), fs::directory_iterator()) == 1);
    fs::remove_all(here.out());
  }
}

TEST_CASE("run: the digests of what was trained with go into checkpoints, and change with the job") {
  Workplace here;
  here.run();
  const Json first = here.training.request.made_with;
  here.run();
  CHECK(here.training.request.made_with == first);
  here.run({}, ", save_total_limit: 7, log_steps: 2");  // no step follows from these
  CHECK(here.training.request.made_with == first);
  here.run({}, ", learning_rate: 1.0e-3");
  CHECK_FALSE(here.training.request.made_with == first);
  CHECK(here.training.request.made_with.at("training.learning_rate").real() == 1e-3);
}

TEST_CASE("run: a new run in the folder of an earlier one replaces it only once it is whole") {
  Workplace here;
  here.training.weights = "the first";
  const auto first = here.run();

  here.training.weights = "the second";
  fail_after(here.training, 3);
  CHECK_THROWS_AS(here.run(), RunError);
  CHECK(here.weights() == "the first");
  const fs::path aside = here.out() / cat("earlier-", first.run_id);
  CHECK(fs::exists(aside / "checkpoint-12" / "COMMITTED"));
  CHECK(fs::exists(aside / "loss.jsonl"));
  CHECK(fs::exists(aside / "forgelm_run.json"));
  CHECK(here.record().at("state").text() == "failed");
  CHECK(here.record().at("error").at("stage").text() == "train");
  CHECK(here.record().at("error").at("kind").text() == "diverged");
  CHECK(here.names().count("checkpoint-12") == 0);  // nobody resumes from another run's

  here.training.after_step = [](std::int64_t) {};
  CHECK(here.run().state == RunState::finished);
  CHECK(here.weights() == "the second");
  for (const std::string& name : here.names()) CHECK(name.find("earlier-") == std::string::npos);
}

TEST_CASE("run: what fails before the first step leaves an earlier run as it was") {
  Workplace here;
  here.run();
  const auto before = here.names();
  const std::string record = read_file(here.out() / "forgelm_run.json");
  pipeline::RunOptions options;
  options.shows_progress = false;
  options.open_training = [](engine::TrainingRequest) -> std::unique_ptr<engine::TrainingSession> {
    throw ConfigError("the model does not do");
  };
  CHECK_THROWS_AS(pipeline::run_job(here.job(), options), ConfigError);
  CHECK(here.names() == before);
  CHECK(read_file(here.out() / "forgelm_run.json") == record);
}

TEST_CASE("run: a full disk while the model is saved leaves the earlier model, and the next run ends well") {
  for (const char* step : {"directory.sync_file", "directory.exchange", "durable.write"}) {
    INFO(step);
    Workplace here;
    here.training.weights = "the first";
    here.run();
    here.training.weights = "the second";
    here.training.before_save = [&] { failpoint::arm(step, failpoint::Action::error, ENOSPC, 1, true); };
    try {
      here.run();
      FAIL("the disk is full");
    } catch (const RunError& error) {
      CHECK(error.kind() == RunErrorKind::out_of_disk);
    }
    failpoint::disarm_all();
    CHECK(here.weights() == "the first");
    here.training.before_save = [] {};
    here.run("auto");
    CHECK(here.weights() == "the second");
    CHECK(here.names().count("final_model.partial") == 0);
  }
}

TEST_CASE("run: --resume without a checkpoint begins at the start; a path that is not there is refused") {
  Workplace here;
  CHECK(here.run("auto").state == RunState::finished);
  CHECK_FALSE(here.training.request.resume_from.has_value());
  CHECK_THROWS_WITH(here.run((here.out() / "checkpoint-5").native()), Catch::Contains("there is no folder"));
  here.run((here.out() / "checkpoint-4").native());
  CHECK(here.training.request.resume_from == here.out() / "checkpoint-4");
  CHECK(here.record().at("previous").items().size() == 1);
}

TEST_CASE("run: going back to an earlier checkpoint forgets the later ones at once") {
  Workplace here;
  here.run();
  fail_after(here.training, 5);
  CHECK_THROWS_AS(here.run((here.out() / "checkpoint-4").native()), RunError);
  CHECK(here.names().count("checkpoint-12") == 0);
  here.training.after_step = [](std::int64_t) {};
  here.run("auto");
  CHECK(here.training.request.resume_from == here.out() / "checkpoint-4");
  Workplace whole;
  whole.run();
  CHECK(read_file(here.out() / "loss.jsonl") == read_file(whole.out() / "loss.jsonl"));
}

TEST_CASE("run: a checkpoint of elsewhere begins a new run") {
  Workplace here;
  here.run();
  fs::create_directories(here.out().parent_path() / "elsewhere");
  fs::copy(here.out() / "checkpoint-8", here.out().parent_path() / "elsewhere/checkpoint-8");
  here.run((here.out().parent_path() / "elsewhere/checkpoint-8").native());
  CHECK(here.record().at("previous") == Json::array());
  CHECK(here.record().at("resumed_from").at("step") == Json(8));
}

TEST_CASE("run: checkpoints are kept, deleted or packed after the run") {
  Workplace here;
  here.run({}, ", checkpoint_action: delete");
  for (const std::string& name : here.names()) CHECK(name.find("checkpoint-") == std::string::npos);
  here.run({}, ", checkpoint_action: compress");
  CHECK(here.names().count("checkpoint-12.tar.gz") == 1);
  CHECK(here.names().count("checkpoint-12.tar.gz.sha256") == 1);
  CHECK(here.names().count("checkpoint-12") == 0);
}

TEST_CASE("run: what is no model is not replaced by one") {
  Workplace here;
  fs::create_directories(here.model());
  write_file_durably(here.model() / "thesis.txt", "years of work");
  CHECK_THROWS_WITH(here.run(), Catch::Contains("something else than a model"));
  CHECK(fs::exists(here.model() / "thesis.txt"));
}
