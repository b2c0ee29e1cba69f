// The parts of the trainer that need no model: the state as JSON, micro-batches cut smaller, folders of other trainers.
#include "engine/training_fixture.hpp"

#include "engine/training/checkpoint.hpp"
#include "engine/training/micro_batches.hpp"
#include "engine/training/optimizer_step.hpp"
#include "engine/training/trainer_state.hpp"
#include "forgelm/core/error.hpp"

using namespace forgelm;
using namespace forgelm::test;

TEST_CASE("The state of a run is the same after JSON, to the last bit") {
  engine::TrainerState state;
  state.step = 7;
  state.num_steps = 12;
  state.epoch = 1.0 / 3.0;
  state.is_settled = true;
  state.cursor = data::DataCursor{3, 4, Pcg64(5).state(), "abc", Json::object({{"seed", "42"}})};
  state.num_tokens = 123456789;
  state.loss_sum = 0.1 + 0.2;
  state.evaluations = {{0, 0, 2.5}, {3, 0.5, 1.0 / 7.0}};
  state.best_step = 3;
  state.num_evaluations_without_gain = 2;
  state.batch_size = 4;
  state.conditions = {"bfloat16", true, "cpu", "AVX2", "2.11.0", 2};
  state.made_with = Json::object({{"config_sha256", "x"}});
  const auto text = dump(engine::to_json(state), {.indent = 2});
  const auto again = engine::trainer_state_from_json(parse_json(text).value(), "trainer_state.json");
  CHECK(dump(engine::to_json(again), {.indent = 2}) == text);
  CHECK(again.loss_sum == 0.1 + 0.2);
  CHECK(again.evaluation_at(3) == 1.0 / 7.0);
  CHECK_FALSE(again.evaluation_at(4));
  CHECK(engine::lowest_loss(again) == 1.0 / 7.0);
  CHECK(again.conditions.recomputes_blocks);
}

TEST_CASE("A state that cannot be read is refused with what is wrong") {
  engine::TrainerState state;
  state.batch_size = 1;
  const Json good = engine::to_json(state);
  for (const char* key : {"global_step", "epoch", "evaluations", "conditions", "batch_size", "version"}) {
    INFO(key);
    Json bad = good;
    bad.set(key, "x");
    CHECK_THROWS_AS(engine::trainer_state_from_json(bad, "trainer_state.json"), ConfigError);
  }
}

TEST_CASE("A cut micro-batch holds the same sequences in the same order") {
  const TemporaryDirectory folder;
  const auto data = make_training_data(folder / "data", 7, 0);
  data::BatchOptions options;
  options.batch_size = 7;
  options.num_epochs = 1;
  engine::StepBatches steps(data.train, options, 1);
  const auto batch = steps.next().at(0);
  for (const std::size_t at_most : {1u, 2u, 3u, 6u, 7u, 9u}) {
    const auto pieces = engine::cut(batch, at_most);
    CHECK(pieces.size() == (7 + at_most - 1) / at_most);
    data::SequenceBatch together;
    std::vector<std::uint64_t> examples;
    std::uint64_t num_learnt = 0;
    for (const auto& piece : pieces) {
      CHECK(piece.examples.size() <= at_most);
      // Each piece by itself is what the batch maker would have made of its examples.
      data::SequenceBatch made;
      for (const auto example : piece.examples) {
        made.append(data.train->sequence(example));
        together.append(data.train->sequence(example));
        examples.push_back(example);
      }
      CHECK(piece.parts.at(0) == made);
      num_learnt += engine::num_learnt(piece);
    }
    CHECK(together == batch.parts.at(0));
    CHECK(examples == batch.examples);
    CHECK(num_learnt == engine::num_learnt(batch));
  }
}

TEST_CASE("Rows of a batch are named by their data set") {
  const TemporaryDirectory folder;
  auto data = make_training_data(folder / "data", 7, 0);
  data::Batch batch;
  batch.examples = {4, 2, 6};
  CHECK(engine::describe_rows(batch, *data.train, data.sources, 8) == "rows 4, 2, 6 of train.jsonl");
  CHECK(engine::describe_rows(batch, *data.train, data.sources, 1) == "row 4 of train.jsonl; 2 more");
}

namespace {

/// A loss that is 0 with a gradient that is no number for the example of one row, and harmless for all others.
class BadGradient final : public engine::Objective {
 public:
  explicit BadGradient(std::uint64_t row) : row_(row) {}
  double count(const data::Batch& batch) const override { return static_cast<double>(engine::num_learnt(batch)); }
  engine::LossSum loss(engine::DecoderModel& model, const data::Batch& batch, const engine::PassOptions&) override {
    at::Tensor sum;
    model.visit_weights([&](const std::string&, const engine::WeightPtr& weight) {
      if (weight->is_trained && !sum.defined()) sum = weight->value.sum() * 0;
    });
    const bool is_bad = std::find(batch.examples.begin(), batch.examples.end(), row_) != batch.examples.end();
    return {is_bad ? sum.sqrt() : sum, count(batch), {}};
  }

 private:
  std::uint64_t row_;
};

}  // namespace

TEST_CASE("A gradient that is not finite is traced to its micro-batch") {
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 8, 0);
  auto trained = engine::open_trained_model(small_job(), at::kCPU, at::kFloat, std::nullopt);
  const auto weights = engine::trained_weights(trained.model, 1.0);
  const auto ranks = engine::open_ranks(0, 1);
  data::BatchOptions options;
  options.batch_size = 2;
  options.shuffle = false;
  BadGradient objective(5);
  engine::GradientMaker gradients(trained.model, objective, weights, *ranks, data, {});
  engine::StepBatches steps(data.train, options, 4);
  try {
    gradients.make(8, 0.5, steps.next());
    FAIL("nothing was noticed");
  } catch (const RunError& error) {
    INFO(error.what());
    CHECK(error.kind() == RunErrorKind::diverged);
    CHECK(std::string(error.what())
              .find("the gradient norm is nan at step 9 (epoch 0.5), in micro-batch 3 of 4: rows "
                    "4, 5 of train.jsonl") == 0);
  }
}

TEST_CASE("Training in several processes is refused until there are any") {
  CHECK_THROWS_AS(engine::open_ranks(0, 2), ConfigError);
  CHECK_THROWS_AS(engine::open_ranks(1, 1), ConfigError);
}

TEST_CASE("Weights and step of a Hugging Face Trainer's folder are continued, and its pickles are not opened") {
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 11, 5);
  const auto job = small_job();
  const auto whole = run_training(make_request(job, data, folder / "run"));
  const auto foreign = folder / "checkpoint-6";
  std::filesystem::create_directories(foreign);
  for (const char* name : {"adapter_config.json", "adapter_model.safetensors"})
    std::filesystem::copy(folder / "run/checkpoint-6" / name, foreign / name);
  std::ofstream(foreign / "trainer_state.json") << R"({"epoch": 2.0, "global_step": 6, "max_steps": 12})";
  std::ofstream(foreign / "optimizer.pt") << "not read";
  std::ofstream(foreign / "rng_state.pth") << "not read";
  auto request = make_request(job, data, folder / "continued");
  request.resume_from = foreign;
  const auto run = run_training(request);
  REQUIRE(run.recorder.steps.size() == 6);
  REQUIRE(run.recorder.start.notes.size() == 1);
  CHECK(run.recorder.start.notes[0].find("the optimizer and random numbers start anew") != std::string::npos);
  // The same batches through the same weights: step 7 has the loss that it had.
  CHECK(run.recorder.steps[0].step == 7);
  CHECK(run.recorder.steps[0].loss == whole.recorder.steps[6].loss);
  CHECK(run.recorder.steps[0].learning_rate == whole.recorder.steps[6].learning_rate);
  CHECK(run.recorder.steps[0].epoch == whole.recorder.steps[6].epoch);

  std::ofstream(foreign / "trainer_state.json") << R"({"epoch": 2.0})";
  CHECK_THROWS_AS(engine::make_training_session(request, {}), ConfigError);
  std::filesystem::remove(foreign / "trainer_state.json");
  CHECK_THROWS_AS(engine::make_training_session(request, {}), ConfigError);
}
