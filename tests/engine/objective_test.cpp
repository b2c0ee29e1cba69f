// The loss of fine-tuning in chunks against torch's cross-entropy of the whole logits at once: values and gradients,
// with whatever may stand in the head's slot. And what NEFTune adds.
#include "engine/objectives/objective.hpp"

#include "support/torch_test.hpp"

#include <cmath>
#include <map>

#include "engine/adapters/lora.hpp"
#include "engine/golden_sequences.hpp"
#include "engine/model_support.hpp"
#include "engine/optimizers/optimizer.hpp"

namespace {

using namespace forgelm;
using engine::DecoderModel;
using test::batch_of;

formats::AdapterConfig adapter(std::vector<std::string> targets, std::vector<std::string> saved = {}) {
  formats::AdapterConfig config;
  config.r = 4;
  config.target_modules = std::move(targets);
  config.modules_to_save = std::move(saved);
  return config;
}

/// Gives the B matrices, which start at zero, some numbers.
void fill_b(DecoderModel& model) {
  const at::NoGradGuard no_graph;
  model.visit_weights([](const std::string& name, const engine::WeightPtr& weight) {
    if (name.find("lora_B") != std::string::npos) weight->value.copy_(test::rule_tensor(weight->value.sizes(), 5, 0.1));
  });
}

enum class Trained { attention, head_adapter, head_copy, all_weights };

DecoderModel make_model(Trained trained) {
  DecoderModel model = test::quickstart_model();
  switch (trained) {
    case Trained::attention: engine::add_lora(model, adapter({"q_proj", "v_proj"}), 1); break;
    case Trained::head_adapter: engine::add_lora(model, adapter({"v_proj", "lm_head"}), 1); break;
    case Trained::head_copy: engine::add_lora(model, adapter({"v_proj"}, {"lm_head"}), 1); break;
    case Trained::all_weights:
      model.visit_weights([](const std::string&, const engine::WeightPtr& weight) { engine::set_trained(*weight); });
      break;
  }
  fill_b(model);
  return model;
}

struct Result {
  double sum = 0;
  double num_correct = 0;
  std::map<std::string, at::Tensor> gradients;
};

void take_gradients(DecoderModel& model, Result& result) {
  for (const auto& [name, weight, decays, factor] : engine::trained_weights(model, 1)) {
    if (weight->value.grad().defined()) result.gradients[name] = weight->value.grad().clone();
    weight->value.mutable_grad() = at::Tensor();
  }
}

/// The obvious form: all logits, torch's cross-entropy.
Result obvious(DecoderModel& model, const data::Batch& batch) {
  const data::SequenceBatch& part = batch.parts.front();
  const at::Tensor hidden_TD = model.hidden(engine::forward_input(part, at::kCPU), {});
  const at::Tensor logits_TV = model.logits(hidden_TD, {});
  const auto num_tokens = static_cast<std::int64_t>(part.ids.size());
  const at::Tensor labels_T = at::full({num_tokens}, -100, at::kLong);
  for (std::int64_t t = 0; t + 1 < num_tokens; ++t)
    if (part.is_learnt[static_cast<std::size_t>(t) + 1] != 0)
      labels_T.mutable_data_ptr<std::int64_t>()[t] = part.ids[static_cast<std::size_t>(t) + 1];
  const at::Tensor sum = at::cross_entropy_loss(logits_TV, labels_T, {}, at::Reduction::Sum, -100);
  sum.backward();
  Result result;
  result.sum = sum.item<double>();
  result.num_correct = logits_TV.argmax(-1).eq(labels_T).sum().item<double>();
  take_gradients(model, result);
  return result;
}

Result chunked(DecoderModel& model, const data::Batch& batch, std::int64_t rows_per_chunk) {
  const auto objective = engine::make_sft_objective(rows_per_chunk);
  const engine::LossSum loss = objective->loss(model, batch, {});
  loss.sum.backward();
  Result result;
  result.sum = loss.sum.item<double>();
  result.num_correct = loss.metrics.at(0).second.item<double>();
  take_gradients(model, result);
  return result;
}

/// Of all gradients, in relation to the greatest number of the one they differ in.
double gradient_difference(const Result& a, const Result& b) {
  REQUIRE(a.gradients.size() == b.gradients.size());
  double largest = 0;
  for (const auto& [name, gradient] : a.gradients) {
    INFO(name);
    REQUIRE(b.gradients.count(name) == 1);
    const double scale = gradient.abs().max().item<double>();
    const double difference = (gradient - b.gradients.at(name)).abs().max().item<double>();
    largest = std::max(largest, scale > 0 ? difference / scale : difference);
  }
  return largest;
}

TEST_CASE("The loss in chunks is torch's cross-entropy, gradients included, whatever is trained") {
  const auto trained = GENERATE(Trained::attention, Trained::head_adapter, Trained::head_copy, Trained::all_weights);
  INFO(static_cast<int>(trained));
  DecoderModel model = make_model(trained);
  const auto batch = batch_of(test::golden_sequences("train"), {0, 3, 7, 9});
  const Result expected = obvious(model, batch);
  REQUIRE(expected.gradients.size() > 1);
  REQUIRE(expected.num_correct > 0);
  for (const std::int64_t rows : {0, 1, 7, 1024}) {
    INFO(rows << " rows a chunk");
    const Result result = chunked(model, batch, rows);
    CHECK(std::abs(result.sum - expected.sum) <= 1e-6 * expected.sum);
    CHECK(result.num_correct == expected.num_correct);
    CHECK(gradient_difference(expected, result) <= 2e-5);
  }
}

TEST_CASE("The mean over chunks does not depend on their size") {
  DecoderModel model = test::quickstart_model();
  const at::NoGradGuard no_graph;
  const auto batch = batch_of(test::golden_sequences("train"), {1, 2, 4, 5, 6});
  const double whole = engine::make_sft_objective(100000)->loss(model, batch, {}).sum.item<double>();
  for (const std::int64_t rows : {1, 3, 64}) {
    INFO(rows);
    const double sum = engine::make_sft_objective(rows)->loss(model, batch, {}).sum.item<double>();
    CHECK(std::abs(sum - whole) <= 1e-7 * whole);
  }
}

TEST_CASE("Losses of sequences do not depend on what they are batched with") {
  DecoderModel model = test::quickstart_model();
  const at::NoGradGuard no_graph;
  const auto sequences = test::golden_sequences("train");
  const auto objective = engine::make_sft_objective();
  double sum = 0;
  double count = 0;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const auto loss = objective->loss(model, batch_of(sequences, {i}), {});
    sum += loss.sum.item<double>();
    count += loss.count;
  }
  std::vector<std::size_t> all(sequences.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  const auto loss = objective->loss(model, batch_of(sequences, all), {});
  CHECK(loss.count == count);
  CHECK(std::abs(loss.sum.item<double>() - sum) <= 1e-6 * sum);
}

TEST_CASE("A batch without anything to learn has a loss of zero that can be taken back") {
  DecoderModel model = make_model(Trained::attention);
  const auto objective = engine::make_sft_objective();
  auto sequences = test::golden_sequences("train");
  sequences[0].learnt.clear();
  for (const data::Batch& batch : {data::Batch(), batch_of(sequences, {0})}) {
    const auto loss = objective->loss(model, batch, {});
    CHECK(objective->count(batch) == 0);
    CHECK(loss.count == 0);
    CHECK(loss.sum.item<double>() == 0);
    loss.sum.backward();
  }
}

TEST_CASE("A loss without gradients keeps no graph") {
  DecoderModel model = make_model(Trained::attention);
  const at::NoGradGuard no_graph;
  CHECK_FALSE(engine::make_sft_objective()
                  ->loss(model, batch_of(test::golden_sequences("train"), {0}), {})
                  .sum.requires_grad());
}

TEST_CASE("In bfloat16 the loss stays near and the gradients of what is trained are float32") {
  DecoderModel exact = test::quickstart_model();
  DecoderModel model = test::quickstart_model(at::kBFloat16);
  engine::add_lora(model, adapter({"v_proj", "lm_head"}), 1);
  fill_b(model);
  engine::add_lora(exact, adapter({"v_proj", "lm_head"}), 1);
  fill_b(exact);
  const auto batch = batch_of(test::golden_sequences("train"), {0, 3, 7, 9});
  const Result expected = chunked(exact, batch, 7);
  const Result result = chunked(model, batch, 7);
  CHECK(result.sum == Approx(expected.sum).epsilon(0.01));
  REQUIRE(result.gradients.size() == expected.gradients.size());
  for (const auto& [name, gradient] : result.gradients) {
    INFO(name);
    CHECK(gradient.scalar_type() == at::kFloat);
    const double scale = expected.gradients.at(name).norm().item<double>();
    CHECK((gradient - expected.gradients.at(name)).norm().item<double>() <= 0.05 * scale + 1e-6);
  }
}

TEST_CASE("NEFTune: noise for training alone, another one in every step") {
  DecoderModel model = test::quickstart_model();
  const at::NoGradGuard no_graph;
  const auto batch = batch_of(test::golden_sequences("train"), {0, 3, 7});
  const auto objective = engine::make_sft_objective();
  const auto sum = [&](double alpha, const engine::Randomness* randomness) {
    engine::PassOptions options;
    options.mode.randomness = randomness;
    options.neftune_noise_alpha = alpha;
    return objective->loss(model, batch, options).sum.item<double>();
  };
  engine::Randomness first;
  engine::Randomness second;
  second.step = 1;
  const double plain = sum(0, nullptr);
  CHECK(sum(5, nullptr) == plain);
  CHECK(sum(0, &first) == plain);
  CHECK(sum(5, &first) != plain);
  CHECK(sum(5, &first) == sum(5, &first));
  CHECK(sum(5, &first) != sum(5, &second));
}

TEST_CASE("NEFTune: the noise is even within alpha / sqrt(length x width) of each sequence") {
  const std::int64_t width = 64;
  const std::vector<std::int32_t> starts = {0, 10, 60};
  const engine::Randomness randomness;
  const at::Tensor noise_TD = engine::with_neftune_noise(at::zeros({60, width}), starts, 5, randomness);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t length = starts[i + 1] - starts[i];
    const at::Tensor noise = noise_TD.narrow(0, starts[i], length);
    const double bound = 5 / std::sqrt(static_cast<double>(length * width));
    const auto count = static_cast<double>(noise.numel());
    CHECK(noise.abs().max().item<double>() <= bound * (1 + 1e-6));
    CHECK(noise.abs().max().item<double>() > bound * 0.97);
    CHECK(std::abs(noise.mean().item<double>()) <= 4 * bound / std::sqrt(3 * count));  // 4 standard errors
    CHECK(noise.square().mean().item<double>() == Approx(bound * bound / 3).epsilon(4 / std::sqrt(count)));
  }
}

}  // namespace
