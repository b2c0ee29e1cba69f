// Training against transformers and peft (tests/golden/training): the same model, starting adapters and batches, loss,
// gradient norm and rate of each of twenty steps. Here the loop is spelled out, which makes it the oracle of the
// trainer.
#include "support/torch_test.hpp"

#include <algorithm>
#include <cmath>

#include "engine/adapters/lora.hpp"
#include "engine/golden_sequences.hpp"
#include "engine/model_support.hpp"
#include "engine/objectives/objective.hpp"
#include "engine/optimizers/optimizer.hpp"
#include "engine/quantization/four_bit.hpp"
#include "forgelm/config/lr_schedule.hpp"

namespace {

using namespace forgelm;
using engine::DecoderModel;
using test::batch_of;

const Json& golden() {
  static const Json json = test::read_training_golden("runs.json");
  return json;
}

config::TrainingSection training_section(const std::string& run) {
  const Json& settings = golden().at("settings");
  config::TrainingSection training;
  training.learning_rate = golden().at("runs").at(run).at("learning_rate").real();
  training.weight_decay = settings.at("weight_decay").real();
  training.warmup_ratio = settings.at("warmup_ratio").real();
  training.max_grad_norm = settings.at("max_grad_norm").real();
  return training;
}

/// "" for an adapter: all weights are trained.
DecoderModel make_model(const std::string& adapter, bool is_quantized) {
  engine::LoadModelOptions options;
  if (is_quantized) options.make_linear = engine::four_bit_maker({}, at::kCPU, at::kFloat);
  DecoderModel model =
      engine::load_model(test::kQuickstartModel, formats::read_model_config(test::kQuickstartModel), options);
  if (adapter.empty()) {
    model.visit_weights([](const std::string&, const engine::WeightPtr& weight) { engine::set_trained(*weight); });
  } else {
    const auto folder = test::training_golden() / adapter;
    engine::add_lora(model, formats::read_adapter_config(folder), 42);
    engine::load_adapter(model, folder);
  }
  return model;
}

struct Step {
  double loss = 0;
  double grad_norm = 0;
  double learning_rate = 0;
  double accuracy = 0;
};

/// One optimizer step, as a trainer makes it.
Step train_step(DecoderModel& model, const std::vector<engine::TrainedWeight>& weights, engine::Optimizer& optimizer,
                const data::Batch& batch, double learning_rate, double max_norm) {
  for (const engine::TrainedWeight& weight : weights) weight.weight->value.mutable_grad() = at::Tensor();
  const engine::LossSum loss = engine::make_sft_objective()->loss(model, batch, {});
  (loss.sum / loss.count).backward();
  Step step;
  step.learning_rate = learning_rate;
  step.loss = loss.sum.item<double>() / loss.count;
  step.accuracy = loss.metrics.at(0).second.item<double>() / loss.count;
  step.grad_norm = engine::clip_gradients(weights, max_norm);
  optimizer.step(learning_rate);
  return step;
}

double evaluate(DecoderModel& model, std::size_t batch_size) {
  const at::NoGradGuard no_graph;
  const auto sequences = test::golden_sequences("eval");
  const auto objective = engine::make_sft_objective();
  double sum = 0;
  double count = 0;
  for (std::size_t begin = 0; begin < sequences.size(); begin += batch_size) {
    std::vector<std::size_t> indices;
    for (std::size_t i = begin; i < std::min(begin + batch_size, sequences.size()); ++i) indices.push_back(i);
    const engine::LossSum loss = objective->loss(model, batch_of(sequences, indices), {});
    sum += loss.sum.item<double>();
    count += loss.count;
  }
  return sum / count;
}

/// The run of the golden, with its order of rows.
std::vector<Step> train(DecoderModel& model, const std::string& run) {
  const auto sequences = test::golden_sequences("train");
  const auto training = training_section(run);
  const auto weights = engine::trained_weights(model, 1);
  const auto optimizer = engine::make_optimizer(training, weights);
  const auto& order = golden().at("settings").at("order").items();
  const auto num_steps = static_cast<std::int64_t>(order.size());
  std::vector<Step> steps;
  for (std::int64_t number = 0; number < num_steps; ++number) {
    std::vector<std::size_t> indices;
    for (const Json& index : order[static_cast<std::size_t>(number)].items())
      indices.push_back(static_cast<std::size_t>(index.integer()));
    const double rate = config::learning_rate_at(training, number, num_steps);
    steps.push_back(train_step(model, weights, *optimizer, batch_of(sequences, indices), rate, training.max_grad_norm));
  }
  return steps;
}

struct Run {
  const char* name;
  const char* adapter;
  bool is_quantized;
};

TEST_CASE("Twenty steps of training are those of transformers and peft") {
  const auto run =
      GENERATE(Run{"lora", "attention_adapter", false}, Run{"rslora_all_linear", "all_linear_adapter", false},
               Run{"qlora", "attention_adapter", true}, Run{"full", "", false});
  INFO(run.name);
  const Json& expected = golden().at("runs").at(run.name);
  DecoderModel model = make_model(run.adapter, run.is_quantized);
  CHECK(std::abs(evaluate(model, 4) - expected.at("eval_loss_before").real()) <= 1e-5);
  const auto steps = train(model, run.name);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    INFO("step " << i + 1);
    const Json& step = expected.at("steps").items().at(i);
    const double norm = step.at("grad_norm").real();
    CHECK(std::abs(steps[i].loss - step.at("loss").real()) <= 1e-5);
    CHECK(std::abs(steps[i].grad_norm - norm) <= 1e-5 * norm);
    CHECK(steps[i].learning_rate == Approx(step.at("learning_rate").real()).epsilon(1e-12));
    CHECK(steps[i].accuracy == Approx(step.at("mean_token_accuracy").real()).epsilon(1e-9));
  }
  CHECK(std::abs(evaluate(model, 4) - expected.at("eval_loss_after").real()) <= 1e-5);

  std::size_t num_compared = 0;
  for (const auto& weight : engine::trained_weights(model, 1)) {
    const Json* numbers = expected.at("weights").find(weight.name);
    if (numbers == nullptr) continue;
    INFO(weight.name);
    ++num_compared;
    const at::Tensor value = weight.weight->value.detach();
    CHECK(value.to(at::kDouble).norm().item<double>() == Approx(numbers->at("norm").real()).epsilon(1e-5));
    for (std::size_t i = 0; i < 4; ++i)
      CHECK(std::abs(value.view(-1)[static_cast<std::int64_t>(i)].item<double>() -
                     numbers->at("head").items().at(i).real()) <= 1e-5);
  }
  CHECK(num_compared == expected.at("weights").members().size());
}

TEST_CASE("Evaluation does not depend on its batch size") {
  DecoderModel model = make_model("all_linear_adapter", false);
  const double whole = evaluate(model, 6);
  for (const std::size_t batch_size : {1, 2, 4, 5}) CHECK(std::abs(evaluate(model, batch_size) - whole) <= 1e-6);
}

}  // namespace
