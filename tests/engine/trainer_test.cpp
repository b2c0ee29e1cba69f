// The loop by its arithmetic: steps, epochs, learning rates, the loss of a step however it is cut, evaluation, and what
// stops it.
#include <cmath>
#include <set>

#include "engine/training_fixture.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/formats/checkpoint_folder.hpp"
#include "forgelm/text/tokenizer.hpp"

using namespace forgelm;
using namespace forgelm::test;

namespace {

std::vector<std::int64_t> steps_of(const std::vector<formats::CheckpointInfo>& checkpoints) {
  std::vector<std::int64_t> steps;
  for (const auto& checkpoint : checkpoints) steps.push_back(checkpoint.step);
  return steps;
}

RunError error_of(const engine::TrainingRequest& request) {
  try {
    run_training(request);
  } catch (const RunError& error) {
    return error;
  }
  throw std::logic_error("no RunError was thrown");
}

std::string field_of(const RunError& error, const std::string& name) {
  for (const auto& [key, value] : error.fields())
    if (key == name) return value;
  return "";
}

}  // namespace

TEST_CASE("The last step of an epoch takes what is left, and no step mixes epochs") {
  const RunFolder folder;
  // 11 examples by 2 are 6 micro-batches, the last of one example: with 4 a step, 2 steps of 8 and 3 examples.
  auto job = small_job();
  job.training.max_steps = -1;
  job.training.num_train_epochs = 2;
  job.training.gradient_accumulation_steps = 4;
  const auto run = run_training(make_request(job, make_training_data(folder / "data", 11, 0), folder / "run"));
  CHECK(run.recorder.start.num_steps_per_epoch == 2);
  CHECK(run.recorder.start.num_steps == 4);
  REQUIRE(run.recorder.steps.size() == 4);
  CHECK(run.recorder.steps[0].epoch == 4.0 / 6.0);
  CHECK(run.recorder.steps[1].epoch == 1.0);
  CHECK(run.recorder.steps[2].epoch == 1.0 + 4.0 / 6.0);
  CHECK(run.recorder.steps[3].epoch == 2.0);
  CHECK(run.recorder.steps[1].num_tokens * 2 == run.recorder.steps[3].num_tokens);
  CHECK(run.outcome.reason == engine::StopReason::finished);
  CHECK_FALSE(run.outcome.eval_loss);
  CHECK_FALSE(run.outcome.best_step);
  double sum = 0;
  for (const auto& step : run.recorder.steps) sum += step.loss;
  CHECK(run.outcome.train_loss == sum / 4);
}

TEST_CASE("Learning rates are those of the schedule, from a rate of 0") {
  const RunFolder folder;
  auto job = small_job();
  job.training.max_steps = 5;
  job.training.warmup_steps = 2;
  job.training.learning_rate = 1e-3;
  const auto run = run_training(make_request(job, make_training_data(folder / "data", 11, 0), folder / "run"));
  std::vector<double> rates;
  for (const auto& step : run.recorder.steps) rates.push_back(step.learning_rate);
  CHECK(rates == std::vector<double>{0, 0.5e-3, 1e-3, 1e-3 * (1 - 1.0 / 3), 1e-3 * (1 - 2.0 / 3)});
}

TEST_CASE("A step has one loss however its examples are cut into micro-batches") {
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 16, 0);
  std::vector<FinishedRun> runs;
  for (const auto& [batch_size, accumulation] : {std::pair(8, 1), std::pair(1, 8), std::pair(3, 2)}) {
    auto job = small_job();
    job.data.shuffle = false;
    job.training.max_steps = batch_size == 3 ? 1 : 10;
    job.training.per_device_train_batch_size = batch_size;
    job.training.gradient_accumulation_steps = accumulation;
    runs.push_back(run_training(make_request(job, data, folder / std::to_string(batch_size))));
  }
  CHECK(std::abs(runs[0].recorder.steps[0].loss - runs[1].recorder.steps[0].loss) <= 1e-6);
  CHECK(std::abs(runs[0].recorder.steps[0].grad_norm / runs[1].recorder.steps[0].grad_norm - 1) <= 1e-5);
  for (std::size_t i = 0; i < 10; ++i) {
    INFO("step " << i + 1);
    CHECK(std::abs(runs[0].recorder.steps[i].loss - runs[1].recorder.steps[i].loss) <= 5e-6);
    CHECK(runs[0].recorder.steps[i].num_learnt_tokens == runs[1].recorder.steps[i].num_learnt_tokens);
  }
  CHECK(runs[2].recorder.steps[0].step_tokens < runs[0].recorder.steps[0].step_tokens);  // 6 of the 8 examples
}

TEST_CASE("Evaluation does not depend on its batch size, comes first, at its steps and last") {
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 8, 7);
  std::vector<std::vector<double>> losses;
  for (const int batch_size : {1, 4}) {
    auto job = small_job();
    job.data.shuffle = false;
    job.training.max_steps = 5;
    job.training.per_device_train_batch_size = batch_size;
    job.training.gradient_accumulation_steps = 4 / batch_size;
    const auto run = run_training(make_request(job, data, folder / std::to_string(batch_size)));
    std::vector<std::int64_t> steps;
    losses.emplace_back();
    for (const auto& evaluation : run.recorder.evaluations) {
      steps.push_back(evaluation.step);
      losses.back().push_back(evaluation.loss);
      CHECK(evaluation.num_examples == 7);
    }
    CHECK(steps == std::vector<std::int64_t>{0, 3, 5});
    CHECK(run.outcome.initial_eval_loss == losses.back().front());
  }
  for (std::size_t i = 0; i < 3; ++i) CHECK(std::abs(losses[0][i] - losses[1][i]) <= 5e-6);
}

TEST_CASE("A share of the evaluation set is its first examples, at least one") {
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 8, 7);
  for (const auto& [fraction, num_examples] : {std::pair(0.5, 3u), std::pair(0.01, 1u), std::pair(1.0, 7u)}) {
    auto job = small_job();
    job.training.max_steps = 1;
    job.training.eval_fraction = fraction;
    const auto run = run_training(make_request(job, data, folder / std::to_string(num_examples)));
    REQUIRE(run.recorder.evaluations.size() == 2);
    CHECK(run.recorder.evaluations[0].num_examples == num_examples);
  }
}

TEST_CASE("Training ends early without gains; the best checkpoint's weights are what is left") {
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 8, 5);
  auto job = small_job();
  job.training.max_steps = 40;
  job.training.eval_steps = 2;
  job.training.save_steps = 2;
  job.training.save_total_limit = 2;
  job.training.early_stopping_patience = 3;
  job.training.learning_rate = 0.5;  // too much: the loss soon rises
  job.training.warmup_steps = 6;
  const auto run = run_training(make_request(job, data, folder / "run"));
  CHECK(run.outcome.reason == engine::StopReason::early_stopping);
  REQUIRE(run.outcome.best_step);
  // By hand from the reports.
  std::int64_t best = 0, without_gain = 0;
  double lowest = INFINITY;
  for (const auto& evaluation : run.recorder.evaluations) {
    if (evaluation.step == 0) continue;
    CHECK(evaluation.is_best == (evaluation.loss < lowest));
    without_gain = evaluation.loss < lowest ? 0 : without_gain + 1;
    if (evaluation.loss < lowest) best = evaluation.step;
    lowest = std::min(lowest, evaluation.loss);
  }
  CHECK(without_gain == 3);
  CHECK(*run.outcome.best_step == best);
  CHECK(best < run.outcome.step);
  CHECK(run.outcome.eval_loss == lowest);
  // Its checkpoint is kept beside the two newest, and its weights are the model's.
  CHECK(steps_of(formats::list_checkpoints(folder / "run")) ==
        std::vector<std::int64_t>{best, run.outcome.step - 2, run.outcome.step});
  CHECK(are_bit_equal(run.weights, read_weights(folder / ("run/checkpoint-" + std::to_string(best)))));
  const auto last = folder / ("run/checkpoint-" + std::to_string(run.outcome.step));
  CHECK_FALSE(are_bit_equal(run.weights, read_weights(last)));
}

TEST_CASE("A gain that is not more than early_stopping_min_delta is none") {
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 8, 5);
  auto job = small_job();
  job.training.eval_steps = 1;
  job.training.save_steps = 1;
  job.training.early_stopping_patience = 3;
  const auto all = run_training(make_request(job, data, folder / "all"));
  CHECK(all.outcome.reason == engine::StopReason::finished);  // the loss falls all the time
  // The first evaluation after a step is a gain whatever it is, as with transformers; none of the next three is.
  job.training.early_stopping_min_delta = 100;
  const auto stopped = run_training(make_request(job, data, folder / "stopped"));
  CHECK(stopped.outcome.reason == engine::StopReason::early_stopping);
  CHECK(stopped.outcome.step == 4);
  CHECK(*stopped.outcome.best_step == 4);  // the best is still the lowest
}

TEST_CASE("Training ends when the evaluation loss is a share above its best") {
  const RunFolder folder;
  auto job = small_job();
  job.training.max_steps = 40;
  job.training.learning_rate = 0.5;
  job.training.warmup_steps = 6;
  const auto data = make_training_data(folder / "data", 8, 5);
  job.training.overfit_threshold = 0.001;  // at this rate of learning every kind of arithmetic gets there
  const auto run = run_training(make_request(job, data, folder / "run"));
  CHECK(run.outcome.reason == engine::StopReason::overfitting);
  double lowest = INFINITY;
  for (const auto& evaluation : run.recorder.evaluations) {
    const bool is_last = evaluation.step == run.outcome.step;
    lowest = std::min(lowest, evaluation.loss);
    CHECK((evaluation.loss > lowest * 1.001) == is_last);
  }
  job.training.overfit_threshold = 100;
  CHECK(run_training(make_request(job, data, folder / "far")).outcome.reason == engine::StopReason::finished);
}

TEST_CASE("The newest checkpoints are kept, and each is begun before it is there") {
  const RunFolder folder;
  auto job = small_job();
  job.training.max_steps = 8;
  job.training.save_steps = 3;
  job.training.save_total_limit = 2;
  const auto run = run_training(make_request(job, make_training_data(folder / "data", 8, 0), folder / "run"));
  CHECK(run.recorder.begun == std::vector<std::int64_t>{3, 6, 8});
  REQUIRE(run.recorder.checkpoints.size() == 3);
  CHECK(run.recorder.checkpoints[0].path == folder / "run/checkpoint-3");
  CHECK(steps_of(formats::list_checkpoints(folder / "run")) == std::vector<std::int64_t>{6, 8});
  const auto checkpoint = folder / "run/checkpoint-8";
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(checkpoint)) names.insert(entry.path().filename());
  CHECK(names == std::set<std::string>{"COMMITTED", "adapter_config.json", "adapter_model.safetensors",
                                       "optimizer.safetensors", "trainer_state.json"});
}

TEST_CASE("A loss that is not finite stops before the weights change, and the batch is named") {
  const RunFolder folder;
  auto job = small_job();
  job.data.shuffle = false;
  job.training.max_grad_norm = 0;
  job.training.lr_scheduler = config::LrScheduler::constant;
  job.training.learning_rate = 1e30;
  job.training.save_steps = 1;
  job.training.eval_steps = 1;
  const auto error = error_of(make_request(job, make_training_data(folder / "data", 8, 0), folder / "run"));
  CHECK(error.kind() == RunErrorKind::diverged);
  INFO(error.what());
  CHECK(field_of(error, "step") == "2");
  CHECK(field_of(error, "batch") == "micro-batch 1 of 2");
  CHECK(field_of(error, "rows") == "rows 4, 5 of train.jsonl");
  CHECK(std::string(error.what()).find("step 2") != std::string::npos);
  CHECK(std::string(error.what()).find("rows 4, 5 of train.jsonl") != std::string::npos);
  CHECK(steps_of(formats::list_checkpoints(folder / "run")) == std::vector<std::int64_t>{1});
}

TEST_CASE("Recomputed blocks give the same steps to the last bit") {
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 8, 3);
  auto job = small_job();
  job.lora.dropout = 0.1;
  job.training.max_steps = 4;
  const auto kept = run_training(make_request(job, data, folder / "kept"));
  job.training.gradient_checkpointing = config::GradientCheckpointing::true_;
  const auto recomputed = run_training(make_request(job, data, folder / "recomputed"));
  CHECK(kept.recorder.lines_after(-1) == recomputed.recorder.lines_after(-1));
  CHECK(are_bit_equal(kept.weights, recomputed.weights));
}

TEST_CASE("Noise on the embeddings changes training and not evaluation") {
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 8, 3);
  auto job = small_job();
  job.training.max_steps = 1;
  const auto plain = run_training(make_request(job, data, folder / "plain"));
  job.training.neftune_noise_alpha = 5;
  const auto noisy = run_training(make_request(job, data, folder / "noisy"));
  CHECK(plain.recorder.steps[0].loss != noisy.recorder.steps[0].loss);
  CHECK(plain.recorder.evaluations[0].loss == noisy.recorder.evaluations[0].loss);
}

TEST_CASE("Prompts are answered at each evaluation") {
  const RunFolder folder;
  auto job = small_job();
  job.training.max_steps = 3;
  job.training.sample_prompts = {"Once upon a time", "Tim"};
  auto data = make_training_data(folder / "data", 8, 0);  // also without an evaluation set
  data.model = data::load_model_text(job.model);
  const auto run = run_training(make_request(job, data, folder / "run"));
  REQUIRE(run.recorder.samples.size() == 4);
  CHECK(run.recorder.samples[0].step == 0);
  CHECK(run.recorder.samples[3].step == 3);
  CHECK(run.recorder.samples[1].prompt == "Tim");
  for (const auto& sample : run.recorder.samples) CHECK_FALSE(sample.text.empty());
}

TEST_CASE("An adapter is continued where it stopped, and a merged model gives its loss without it") {
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 8, 5);
  auto job = small_job();
  job.training.max_steps = 6;
  job.training.save_steps = 6;
  auto request = make_request(job, data, folder / "first");
  const auto first = engine::make_training_session(request, {});
  Recorder recorder;
  const double after_first = first->run(recorder).eval_loss.value();
  std::filesystem::create_directories(folder / "adapter");
  first->save(folder / "adapter");

  auto second = job;
  second.model.name_or_path = (folder / "adapter").native();
  second.lora.r = 16;  // the adapter's own rank holds, and a note says so
  second.training.max_steps = 1;
  const auto continued = run_training(make_request(second, data, folder / "second"));
  CHECK(continued.recorder.evaluations[0].loss == after_first);
  REQUIRE(continued.recorder.start.notes.size() >= 1);
  CHECK(continued.recorder.start.notes[0].find("r is 4, not 16") != std::string::npos);

  auto merged = second;
  merged.training.merge_adapters = true;
  merged.training.learning_rate = 1e-30;
  const auto saved = run_training(make_request(merged, data, folder / "third"));
  CHECK(saved.weights.contains("model.layers.0.self_attn.q_proj.weight"));
  CHECK_FALSE(std::filesystem::exists(folder / "third/adapter_config.json"));
}
