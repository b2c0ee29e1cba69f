// A run that goes on from any checkpoint equals the one that was never stopped: all reports and all weights, bit for
// bit.
#include "engine/training_fixture.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/formats/checkpoint_folder.hpp"

using namespace forgelm;
using namespace forgelm::test;

namespace {

/// Everything random is on.
config::JobConfig job_with_all(config::Precision precision, bool packs) {
  config::JobConfig job = small_job();
  job.lora.dropout = 0.1;
  job.training.precision = precision;
  job.training.packing = packs;
  job.training.neftune_noise_alpha = 5.0;
  job.training.lr_scheduler = config::LrScheduler::cosine;
  return job;
}

void check_every_resume(const config::JobConfig& job) {
  const RunFolder folder;
  // 11 examples: epochs end within the run, with a small last micro-batch and a short last step.
  const auto data = make_training_data(folder / "data", 11, 5);
  const auto whole = run_training(make_request(job, data, folder / "whole"));
  REQUIRE(whole.recorder.steps.size() == 12);
  REQUIRE(whole.recorder.evaluations.size() == 5);
  const auto checkpoints = formats::list_checkpoints(folder / "whole");
  REQUIRE(checkpoints.size() == 4);
  for (const auto& checkpoint : checkpoints) {
    INFO("from step " << checkpoint.step);
    const auto run_folder = folder / ("resumed" + std::to_string(checkpoint.step));
    // The folder as it was when this checkpoint was the newest: earlier ones are there, later ones are not.
    std::filesystem::create_directories(run_folder);
    for (const auto& other : checkpoints)
      if (other.step <= checkpoint.step)
        std::filesystem::copy(other.path, run_folder / other.path.filename(), std::filesystem::copy_options::recursive);
    auto request = make_request(job, data, run_folder);
    request.resume_from = run_folder / checkpoint.path.filename();
    const auto resumed = run_training(std::move(request));
    CHECK(resumed.recorder.start.first_step == checkpoint.step);
    CHECK(resumed.recorder.lines_after(0) == whole.recorder.lines_after(checkpoint.step));
    CHECK(are_bit_equal(resumed.weights, whole.weights));
    CHECK(bits(resumed.outcome.train_loss) == bits(whole.outcome.train_loss));
    CHECK(resumed.outcome.best_step == whole.outcome.best_step);
    CHECK(resumed.outcome.eval_loss == whole.outcome.eval_loss);
    CHECK(resumed.outcome.initial_eval_loss == whole.outcome.initial_eval_loss);
    CHECK(resumed.outcome.num_tokens == whole.outcome.num_tokens);
  }
}

}  // namespace

TEST_CASE("A run resumed at any checkpoint equals the whole run, in float32") {
  check_every_resume(job_with_all(config::Precision::float32, false));
}

TEST_CASE("A run resumed at any checkpoint equals the whole run, packed, in float32") {
  check_every_resume(job_with_all(config::Precision::float32, true));
}

TEST_CASE("A run resumed at any checkpoint equals the whole run, packed, in bfloat16") {
  check_every_resume(job_with_all(config::Precision::bfloat16, true));
}

TEST_CASE("A run of all weights resumed at any checkpoint equals the whole run") {
  for (const auto precision : {config::Precision::float32, config::Precision::bfloat16}) {
    auto job = job_with_all(precision, false);
    job.lora.method = config::LoraMethod::none;
    job.training.learning_rate = 1e-3;
    job.training.deterministic = precision == config::Precision::float32;
    check_every_resume(job);
  }
}

TEST_CASE("A run with recomputed blocks resumed at any checkpoint equals the whole run") {
  auto job = job_with_all(config::Precision::float32, false);
  job.training.gradient_checkpointing = config::GradientCheckpointing::true_;
  check_every_resume(job);
}

TEST_CASE("A run in 4 bits resumed at any checkpoint equals the whole run") {
  auto job = job_with_all(config::Precision::float32, false);
  job.model.load_in_4bit = true;
  check_every_resume(job);
}

TEST_CASE("A run that is interrupted after any step and resumed equals the whole run") {
  const auto job = job_with_all(config::Precision::float32, true);
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 11, 5);
  const auto whole = run_training(make_request(job, data, folder / "whole"));
  for (std::int64_t stop = 1; stop <= 12; ++stop) {
    INFO("interrupted after step " << stop);
    const auto run_folder = folder / ("run" + std::to_string(stop));
    const auto first = run_training(make_request(job, data, run_folder), stop);
    CHECK(first.outcome.reason == engine::StopReason::interrupted);
    CHECK(first.outcome.step == stop);
    const auto newest = formats::newest_checkpoint(run_folder);
    REQUIRE(newest);
    CHECK(newest->step == stop);
    auto request = make_request(job, data, run_folder);
    request.resume_from = newest->path;
    const auto second = run_training(std::move(request));
    CHECK(second.outcome.reason == engine::StopReason::finished);
    auto lines = first.recorder.lines_after(-1);
    for (const auto& line : second.recorder.lines_after(-1)) lines.push_back(line);
    CHECK(lines == whole.recorder.lines_after(-1));
    CHECK(are_bit_equal(second.weights, whole.weights));
  }
}

TEST_CASE("A checkpoint of other data, another seed or other settings is refused by name") {
  const auto job = small_job();
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 11, 5);
  auto first = make_request(job, data, folder / "run");
  first.made_with = Json::object({{"config_sha256", "a"}, {"data_sha256", "b"}});
  run_training(first, 3);
  const auto fails_with = [&](const engine::TrainingRequest& request, const std::string& text) {
    try {
      engine::make_training_session(request, {});
    } catch (const ConfigError& error) {
      INFO(error.what());
      CHECK(std::string(error.what()).find(text) != std::string::npos);
      return;
    }
    FAIL("nothing was refused");
  };
  first.resume_from = folder / "run/checkpoint-3";
  CHECK_NOTHROW(engine::make_training_session(first, {}));
  auto other = first;
  other.made_with.set("data_sha256", "c");
  fails_with(other, "data_sha256 differs");
  other = first;
  other.data = make_training_data(folder / "others", 13, 5);
  fails_with(other, "examples_sha256");
  other = first;
  other.job.training.max_steps = 20;
  fails_with(other, "number of steps");
  other = first;
  other.job.lora.method = config::LoraMethod::none;
  fails_with(other, "holds an adapter");
  other = first;
  other.resume_from = folder / "run/checkpoint-4";
  fails_with(other, "no such folder");
}

TEST_CASE("A damaged checkpoint and one that was never finished are refused") {
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 11, 0);
  auto request = make_request(small_job(), data, folder / "run");
  run_training(request, 3);
  const auto checkpoint = folder / "run/checkpoint-3";
  request.resume_from = checkpoint;
  auto state = read_file(checkpoint / "trainer_state.json");
  state[state.find("loss_sum") + 12] ^= 1;
  std::ofstream(checkpoint / "trainer_state.json") << state;
  CHECK_THROWS_AS(engine::make_training_session(request, {}), ConfigError);
  std::filesystem::remove(checkpoint / formats::kCommittedFile);
  CHECK_THROWS_AS(engine::make_training_session(request, {}), ConfigError);
}

TEST_CASE("The threads of a checkpoint are taken over") {
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 11, 0);
  auto request = make_request(small_job(), data, folder / "run");
  run_training(request, 3);
  at::set_num_threads(2);
  request.resume_from = folder / "run/checkpoint-3";
  const auto resumed = run_training(request);
  CHECK(resumed.recorder.start.num_threads == 1);
  CHECK(resumed.recorder.start.notes.empty());
}

TEST_CASE("What differs from the checkpoint's machine is named, and may change last bits") {
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 11, 0);
  auto request = make_request(small_job(), data, folder / "run");
  run_training(request, 3);
  const auto path = folder / "run/checkpoint-3/trainer_state.json";
  auto state = parse_json(read_file(path)).value();
  Json& conditions = *state.find("conditions");
  conditions.set("cpu_capability", "Z80").set("libtorch", "0.1").set("device", "abacus").set("num_threads", 100000);
  std::ofstream(path) << dump(state);
  request.resume_from = folder / "run/checkpoint-3";
  request.is_resume_checked = true;
  const auto resumed = run_training(request);
  REQUIRE(resumed.recorder.start.notes.size() == 4);
  const char* const expected[] = {"device abacus; this run has cpu", "processor instructions Z80; this run has ",
                                  "libtorch 0.1; this run has ", "a number of threads of 100000; this run has "};
  for (std::size_t i = 0; i < 4; ++i) CHECK(resumed.recorder.start.notes[i].find(expected[i]) != std::string::npos);
}

TEST_CASE("A Hugging Face Trainer's checkpoint of all weights gives its weights and its step") {
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 11, 0);
  auto job = small_job();
  job.lora.method = config::LoraMethod::none;
  auto request = make_request(job, data, folder / "run");
  const auto checkpoint = folder / "checkpoint-5";
  std::filesystem::create_directory(checkpoint);
  auto weights = engine::read_tensor_file(quickstart_model() / "model.safetensors", at::kCPU);
  for (auto& [name, tensor] : weights) tensor.mul_(0.5);
  engine::write_tensor_file(checkpoint / "model.safetensors", weights);
  std::filesystem::copy_file(quickstart_model() / "config.json", checkpoint / "config.json");
  write_file_durably(checkpoint / "trainer_state.json", R"({"global_step": 5, "max_steps": 12, "log_history": []})");
  write_file_durably(checkpoint / "optimizer.pt", "never opened");
  request.resume_from = checkpoint;
  request.job.training.learning_rate = 0;
  const auto run = run_training(request);
  CHECK(run.recorder.start.first_step == 5);
  REQUIRE(run.recorder.start.notes.size() == 1);
  CHECK(run.recorder.start.notes[0].find("its step 5") != std::string::npos);
  CHECK(run.recorder.steps.size() == 7);
  CHECK(are_bit_equal(run.weights, {weights.begin(), weights.end()}));
}

TEST_CASE(
    "All weights are trained from the file's own numbers, whatever the run's precision, and resumed from theirs") {
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 11, 0);
  auto job = small_job();
  job.lora.method = config::LoraMethod::none;
  job.training.precision = config::Precision::bfloat16;
  job.training.learning_rate = 0;
  const auto untouched = run_training(make_request(job, data, folder / "still"), 1);
  CHECK(are_bit_equal(untouched.weights, read_weights(quickstart_model())));
  job.training.learning_rate = 5e-3;
  auto request = make_request(job, data, folder / "run");
  const auto whole = run_training(request);
  CHECK_FALSE(are_bit_equal(whole.weights, untouched.weights));
  request.resume_from = folder / "run/checkpoint-6";
  CHECK(are_bit_equal(run_training(request).weights, whole.weights));
}

TEST_CASE("Warming up again after a resume multiplies the learning rate") {
  auto job = small_job();
  job.training.lr_scheduler = config::LrScheduler::constant_with_warmup;
  job.training.warmup_steps = 4;
  job.training.lr_rewarm_on_resume = true;
  job.training.learning_rate = 1e-3;
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 11, 0);
  auto request = make_request(job, data, folder / "run");
  run_training(request, 6);
  request.resume_from = folder / "run/checkpoint-6";
  const auto resumed = run_training(request);
  std::vector<double> rates;
  for (const auto& step : resumed.recorder.steps) rates.push_back(step.learning_rate);
  CHECK(rates == std::vector<double>{0, 1e-3 * 0.25, 1e-3 * 0.5, 1e-3 * 0.75, 1e-3, 1e-3});
}
