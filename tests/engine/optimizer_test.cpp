// The optimizers against torch, transformers and bitsandbytes, ten steps each (tests/golden/optimizers), weights
// without a gradient and groups of their own among them; and what they keep between steps.
#include "engine/optimizers/optimizer.hpp"

#include "support/torch_test.hpp"

#include <cmath>
#include <map>
#include <set>

#include "engine/adapters/lora.hpp"
#include "engine/model_support.hpp"
#include "engine/optimizers/adamw.hpp"
#include "engine/quantization/dynamic_map.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"

namespace {

using namespace forgelm;
using engine::TrainedWeight;
using test::rule_tensor;

constexpr double kDecay = 0.05;
constexpr int kNumSteps = 10;

/// What the maker has in WEIGHTS.
struct Subject {
  std::string name;
  std::vector<std::int64_t> shape;
  bool decays = true;
  double lr_factor = 1;
};
const std::vector<Subject> kSubjects = {
    {"matrix", {5, 7}, true, 1}, {"norm", {13}, false, 1}, {"large", {52, 80}, true, 1}, {"faster", {6, 4}, true, 4}};
const std::set<std::pair<int, std::string>> kAbsent = {{3, "norm"}, {4, "norm"}, {0, "faster"}};

const Json& golden() {
  static const Json json = parse_json(read_file(FORGELM_SOURCE_DIR "/tests/golden/optimizers/optimizers.json")).value();
  return json;
}

std::int64_t count_of(const Subject& subject) {
  std::int64_t count = 1;
  for (const auto size : subject.shape) count *= size;
  return count;
}

at::Tensor gradient(int step, std::size_t number) {
  const std::int64_t count = count_of(kSubjects[number]);
  const at::Tensor values = rule_tensor({count}, 100 * static_cast<std::uint64_t>(step) + number + 7, 1);
  float* const data = values.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < count; ++i) {
    data[i] = static_cast<float>(data[i] * std::pow(10.0, -static_cast<double>((i / 256 + i % 3) % 5)));
    if (i % 11 == 5) data[i] = 0;
  }
  return values.view(kSubjects[number].shape);
}

double rate(int step) { return 0.01 * (kNumSteps - step) / kNumSteps; }

std::vector<TrainedWeight> make_weights() {
  std::vector<TrainedWeight> weights;
  for (std::size_t k = 0; k < kSubjects.size(); ++k) {
    const Subject& subject = kSubjects[k];
    auto weight = std::make_shared<engine::Weight>();
    weight->value = rule_tensor(subject.shape, k + 1, 0.2);
    engine::set_trained(*weight);
    weights.push_back({subject.name, weight, subject.decays, subject.lr_factor});
  }
  return weights;
}

std::unique_ptr<engine::Optimizer> make(config::Optimizer kind, const std::vector<TrainedWeight>& weights) {
  config::TrainingSection training;
  training.optimizer = kind;
  training.weight_decay = kDecay;
  return engine::make_optimizer(training, weights);
}

void set_gradients(const std::vector<TrainedWeight>& weights, int step) {
  for (std::size_t k = 0; k < weights.size(); ++k)
    weights[k].weight->value.mutable_grad() =
        kAbsent.count({step, weights[k].name}) > 0 ? at::Tensor() : gradient(step, k);
}

void run_step(engine::Optimizer& optimizer, const std::vector<TrainedWeight>& weights, int step) {
  set_gradients(weights, step);
  optimizer.step(rate(step));
}

/// The maker's sampled().
at::Tensor sampled(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().reshape(-1);
  return flat.numel() < 100 ? flat : flat.slice(0, 0, std::nullopt, 83);
}

at::Tensor tensor_of(const Json& list) {
  at::Tensor result = at::empty({static_cast<std::int64_t>(list.items().size())}, at::kDouble);
  for (std::size_t i = 0; i < list.items().size(); ++i) result.mutable_data_ptr<double>()[i] = list.items()[i].real();
  return result;
}

double difference(const at::Tensor& ours, const Json& expected) {
  return (ours.to(at::kDouble) - tensor_of(expected)).abs().max().item<double>();
}

std::map<std::string, at::Tensor> state_of(engine::Optimizer& optimizer) {
  std::map<std::string, at::Tensor> state;
  for (const auto& [name, value] : optimizer.state()) state.emplace(name, value);
  return state;
}

TEST_CASE("Optimizers take the steps that the references take") {
  const auto kind = GENERATE(config::Optimizer::adamw, config::Optimizer::sgd, config::Optimizer::adafactor,
                             config::Optimizer::adamw_8bit);
  INFO(to_text(kind));
  const auto weights = make_weights();
  const auto optimizer = make(kind, weights);
  const Json& expected = golden().at(to_text(kind));
  for (int step = 0; step < kNumSteps; ++step) {
    run_step(*optimizer, weights, step);
    for (const TrainedWeight& weight : weights) {
      INFO("step " << step << ", " << weight.name);
      const Json& values = expected.at("steps").items().at(static_cast<std::size_t>(step)).at(weight.name);
      CHECK(difference(sampled(weight.weight->value), values) <= 3e-8);  // weights are within 0.2: a few last places
    }
  }
}

TEST_CASE("The 8-bit moments are those of bitsandbytes, code by code") {
  const auto weights = make_weights();
  const auto optimizer = make(config::Optimizer::adamw_8bit, weights);
  for (int step = 0; step < kNumSteps; ++step) run_step(*optimizer, weights, step);
  auto state = state_of(*optimizer);
  const Json& expected = golden().at("adamw_8bit");
  for (const std::string moment : {"exp_avg", "exp_avg_sq"}) {
    INFO(moment);
    const at::Tensor codes = state.at("large." + moment + "_codes");
    CHECK(codes.scalar_type() == at::kByte);
    CHECK(codes.to(at::kDouble).equal(tensor_of(expected.at(moment + "_codes"))));
    CHECK(difference(state.at("large." + moment + "_absmax"), expected.at(moment + "_absmax")) <= 1e-8);
  }
  CHECK(state.count("matrix.exp_avg") == 1);  // too small to be quantized
}

TEST_CASE("Embeddings keep float32 moments in the 8-bit optimizer") {
  auto weights = make_weights();
  weights[2].name = "model.embed_tokens.weight";
  const auto optimizer = make(config::Optimizer::adamw_8bit, weights);
  CHECK(state_of(*optimizer).at("model.embed_tokens.weight.exp_avg").scalar_type() == at::kFloat);
}

TEST_CASE("The dynamic maps are those of bitsandbytes") {
  const auto check = [](const engine::DynamicMap& map, const char* name) {
    const Json& expected = golden().at("dynamic_maps").at(name);
    for (std::size_t i = 0; i < map.values.size(); ++i) {
      INFO(name << " " << i);
      CHECK(map.values[i] == static_cast<float>(expected.items().at(i).real()));
    }
  };
  check(engine::signed_dynamic_map(), "signed");
  check(engine::unsigned_dynamic_map(), "unsigned");
}

TEST_CASE("AdamW spelled out is the fused AdamW") {
  const auto fused = make_weights();
  const auto plain = make_weights();
  const auto optimizer = make(config::Optimizer::adamw, fused);
  const at::Tensor exp_avg = at::zeros({52, 80});
  const at::Tensor exp_avg_sq = at::zeros({52, 80});
  for (int step = 0; step < kNumSteps; ++step) {
    run_step(*optimizer, fused, step);
    engine::adamw_step(plain[2].weight->value, gradient(step, 2), exp_avg, exp_avg_sq, step + 1, rate(step), kDecay);
  }
  const at::Tensor difference = (fused[2].weight->value - plain[2].weight->value).detach().abs().max();
  CHECK(difference.item<double>() <= 3e-8);
}

TEST_CASE("An optimizer goes on from its state as if it had never stopped") {
  const auto kind = GENERATE(config::Optimizer::adamw, config::Optimizer::sgd, config::Optimizer::adafactor,
                             config::Optimizer::adamw_8bit);
  INFO(to_text(kind));
  const auto whole = make_weights();
  const auto first = make_weights();
  const auto second = make_weights();
  const auto uninterrupted = make(kind, whole);
  const auto before = make(kind, first);
  const auto after = make(kind, second);
  for (int step = 0; step < kNumSteps; ++step) {
    run_step(*uninterrupted, whole, step);
    if (step < 5) run_step(*before, first, step);
    if (step == 5) {
      std::vector<std::pair<std::string, at::Tensor>> kept;
      for (const auto& [name, value] : before->state()) kept.emplace_back(name, value.clone());
      after->load_state(kept);
      for (std::size_t k = 0; k < first.size(); ++k)
        second[k].weight->value.detach().copy_(first[k].weight->value.detach());
    }
    if (step >= 5) run_step(*after, second, step);
  }
  for (std::size_t k = 0; k < whole.size(); ++k) CHECK(whole[k].weight->value.equal(second[k].weight->value));
}

TEST_CASE("A state that does not fit is refused by name, and nothing of it is taken") {
  using Catch::Matchers::Contains;
  const auto weights = make_weights();
  const auto optimizer = make(config::Optimizer::adamw, weights);
  auto state = optimizer->state();
  for (auto& [name, value] : state) value = at::full_like(value, 1);
  const auto message = [&](const std::vector<std::pair<std::string, at::Tensor>>& wrong) {
    try {
      optimizer->load_state(wrong);
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  auto missing = state;
  missing.pop_back();
  CHECK_THAT(message(missing), Contains("has no faster.step"));
  auto left_over = state;
  left_over.emplace_back("other.exp_avg", at::zeros({2}));
  CHECK_THAT(message(left_over), Contains("other.exp_avg"));
  auto other_shape = state;
  other_shape[0].second = at::zeros({7, 5});
  CHECK_THAT(message(other_shape), Contains("matrix.exp_avg") && Contains("[7, 5]") && Contains("[5, 7]"));
  for (const auto& [name, value] : optimizer->state()) CHECK(value.abs().sum().item<double>() == 0);
}

TEST_CASE("A gradient is clipped to its norm, as torch does it") {
  for (const Json& expected : golden().at("clip").items()) {
    const double max_norm = expected.at("max_norm").real();
    INFO("to " << max_norm);
    const auto weights = make_weights();
    for (std::size_t k = 0; k < weights.size(); ++k) weights[k].weight->value.mutable_grad() = gradient(1, k);
    CHECK(engine::clip_gradients(weights, max_norm) == Approx(expected.at("norm").real()).epsilon(1e-7));
    for (const TrainedWeight& weight : weights)
      CHECK(difference(sampled(weight.weight->value.grad()), expected.at("gradients").at(weight.name)) <= 1e-8);
  }
}

TEST_CASE("A limit of 0 clips nothing, and weights without gradients have no norm") {
  const auto weights = make_weights();
  CHECK(engine::clip_gradients(weights, 1) == 0);
  weights[0].weight->value.mutable_grad() = at::full({5, 7}, 10.0);
  CHECK(engine::clip_gradients(weights, 0) == Approx(10 * std::sqrt(35.0)));
  CHECK(weights[0].weight->value.grad().equal(at::full({5, 7}, 10.0)));
}

TEST_CASE("Neither norms nor biases decay, and LoRA+ speeds up B matrices and vectors") {
  engine::DecoderModel all = test::rule_model(test::case_line("biases"));
  all.visit_weights([](const std::string&, const engine::WeightPtr& weight) { engine::set_trained(*weight); });
  std::size_t num_decaying = 0;
  const auto weights = engine::trained_weights(all, 1);
  for (const TrainedWeight& weight : weights) {
    INFO(weight.name);
    CHECK(weight.decays == (weight.weight->value.dim() == 2));  // of this model the matrices, the embedding among them
    CHECK(weight.lr_factor == 1);
    num_decaying += weight.decays ? 1 : 0;
  }
  CHECK(num_decaying > 0);
  CHECK(num_decaying < weights.size());

  engine::DecoderModel adapted = test::rule_model(test::case_line("biases"));
  formats::AdapterConfig config;
  config.target_modules = {"q_proj"};
  config.bias = "lora_only";
  engine::add_lora(adapted, config, 1);
  std::map<std::string, std::pair<bool, double>> rules;
  for (const TrainedWeight& weight : engine::trained_weights(adapted, 16))
    rules[weight.name] = {weight.decays, weight.lr_factor};
  const std::string slot = "model.layers.0.self_attn.q_proj.";
  CHECK(rules.at(slot + "lora_A.weight") == std::pair(true, 1.0));
  CHECK(rules.at(slot + "lora_B.weight") == std::pair(true, 16.0));
  CHECK(rules.at(slot + "bias") == std::pair(false, 16.0));
  CHECK(rules.size() == 6);  // of two layers
}

}  // namespace
