// What holds of a decoder whatever its weights are. Values: model_goldens_test.cpp.
#include <map>
#include <string>

#include "engine/model_support.hpp"
#include "engine/nn/decoder.hpp"
#include "forgelm/formats/model_config.hpp"
#include "support/temporary_directory.hpp"

using namespace forgelm;
using namespace forgelm::engine;
using namespace forgelm::test;

namespace {

const Sequences kThree = {{1, 7, 3, 30, 22, 11, 5, 41}, {1, 5, 29}, {9, 9, 2, 40, 17}};

/// With dropout on attention weights, which every Llama of 2023 and later leaves at 0.
DecoderModel dropping_model() {
  const TemporaryDirectory folder;
  Json config = case_line("biases").at("config");
  config.set("attention_dropout", 0.25);
  write_rule_model(folder.path(), config);
  return load_model(folder.path(), formats::read_model_config(folder.path()), {});
}

/// Gradients of a sum of squares, by name, of the weights that `wants` picks.
std::map<std::string, at::Tensor> gradients(const std::function<bool(const std::string&)>& wants, bool recomputes) {
  DecoderModel model = dropping_model();
  model.visit_weights([&](const std::string& name, const WeightPtr& weight) {
    if (wants(name)) set_trained(*weight);
  });
  std::map<std::string, at::Tensor> result;
  {
    // Gone before the backward pass, as a caller's may be.
    const auto randomness = std::make_unique<Randomness>(Randomness{7, 3, 1, 0});
    const ForwardMode mode{randomness.get(), recomputes};
    const at::Tensor hidden = model.hidden(row_of(kThree), mode);
    REQUIRE(hidden.requires_grad());
    result["loss"] = model.logits(hidden, mode).square().sum();
  }
  result["loss"].backward();
  model.visit_weights([&](const std::string& name, const WeightPtr& weight) {
    if (wants(name)) result[name] = weight->value.grad();
  });
  return result;
}

void check_equal_gradients(const std::function<bool(const std::string&)>& wants, std::size_t at_least) {
  const auto plain = gradients(wants, false), recomputed = gradients(wants, true);
  REQUIRE(plain.size() >= at_least);
  for (const auto& [name, gradient] : plain) {
    INFO(name);
    REQUIRE(gradient.defined());
    REQUIRE(recomputed.at(name).defined());
    CHECK(gradient.abs().max().item<double>() > 0);
    CHECK(at::equal(gradient, recomputed.at(name)));
  }
}

}  // namespace

TEST_CASE("Nothing flows from one sequence of a row into another") {
  for (const char* name : {"grouped", "window", "dynamic"}) {
    DecoderModel model = rule_model(case_line(name));
    ForwardInput input = row_of(kThree);
    for (std::size_t i = 0; i < kThree.size(); ++i) {
      input.embeddings_TD =
          model.embed(input.ids_T.defined() ? input.ids_T : row_of(kThree).ids_T).detach().requires_grad_(true);
      input.ids_T = at::Tensor();
      const at::Tensor logits = logits_of(model, input);
      logits.slice(0, input.starts[i], input.starts[i + 1]).square().sum().backward();
      const at::Tensor gradient = input.embeddings_TD.grad();
      for (std::size_t j = 0; j < kThree.size(); ++j) {
        const double largest = gradient.slice(0, input.starts[j], input.starts[j + 1]).abs().max().item<double>();
        if (i == j) CHECK(largest > 0);
        else CHECK(largest == 0);
      }
    }
  }
}

TEST_CASE("A token sees those before it and none behind it") {
  DecoderModel model = rule_model(case_line("grouped"));
  const at::Tensor all = logits_of(model, row_of({kThree[0]}));
  std::vector<std::int32_t> changed = kThree[0];
  changed[5] = 12;
  const at::Tensor other = logits_of(model, row_of({changed}));
  CHECK(distance(other.narrow(0, 0, 5), all.narrow(0, 0, 5)) == 0);
  for (std::int64_t t = 5; t < 8; ++t) CHECK(distance(other[t], all[t]) > 1e-4);
}

TEST_CASE("Embeddings in place of ids give the same") {
  DecoderModel model = quickstart_model();
  ForwardInput input = row_of({{1, 403, 407, 261}, {1, 378}});
  const at::Tensor expected = logits_of(model, input);
  input.embeddings_TD = model.embed(input.ids_T);
  CHECK_THROWS(logits_of(model, input));  // both
  input.ids_T = at::Tensor();
  CHECK(at::equal(logits_of(model, input), expected));
  input.embeddings_TD = at::Tensor();
  CHECK_THROWS(logits_of(model, input));  // neither
}

TEST_CASE("A row whose borders do not fit its tokens is refused") {
  DecoderModel model = quickstart_model();
  for (const std::vector<std::int32_t>& starts : {std::vector<std::int32_t>{0}, {0, 2}, {1, 3}, {0, 4}}) {
    ForwardInput input = row_of({{1, 403, 407}});
    input.starts = starts;
    CHECK_THROWS(logits_of(model, input));
  }
}

TEST_CASE("Blocks that run again in the backward pass give the same gradients, dropout included") {
  check_equal_gradients([](const std::string&) { return true; }, 20);
  // The embedding is frozen: the first block's input has no gradient, and its weights must get theirs.
  check_equal_gradients([](const std::string& name) { return name == "model.layers.0.self_attn.q_proj.weight"; }, 1);
  check_equal_gradients([](const std::string& name) { return name == "model.layers.1.mlp.down_proj.bias"; }, 1);
}

TEST_CASE("Blocks that run again pass the gradient of a trained input through frozen ones") {
  at::Tensor gradients[2];
  for (const bool recomputes : {false, true}) {
    DecoderModel model = rule_model(case_line("grouped"));
    ForwardInput input = row_of(kThree);
    input.embeddings_TD = model.embed(input.ids_T).detach().requires_grad_(true);
    input.ids_T = at::Tensor();
    model.hidden(input, {nullptr, recomputes}).square().sum().backward();
    gradients[recomputes ? 1 : 0] = input.embeddings_TD.grad();
  }
  REQUIRE(gradients[0].defined());
  CHECK(at::equal(gradients[0], gradients[1]));
}

TEST_CASE("Where nothing is trained there is no graph") {
  DecoderModel model = rule_model(case_line("grouped"));
  CHECK_FALSE(model.hidden(row_of(kThree), {nullptr, true}).requires_grad());
  CHECK_FALSE(model.hidden(row_of(kThree), {}).requires_grad());
}

TEST_CASE("Attention dropout follows the randomness it is given, and is none in evaluation") {
  DecoderModel model = dropping_model();
  const auto input = row_of(kThree);
  const Randomness first{1, 1, 0, 0}, again = first, later{1, 2, 0, 0};
  const at::Tensor plain = model.hidden(input, {});
  CHECK(at::equal(model.hidden(input, {}), plain));
  const at::Tensor dropped = model.hidden(input, {&first, false});
  CHECK(at::equal(model.hidden(input, {&again, false}), dropped));
  CHECK_FALSE(at::equal(model.hidden(input, {&later, false}), dropped));
  CHECK_FALSE(at::equal(dropped, plain));
}

TEST_CASE("Attention with dropout is attention where nothing is dropped") {
  // A chance too small for any draw: the form that can drop, beside the kernel that cannot.
  for (const char* name : {"biases", "window"}) {
    const TemporaryDirectory folder;
    Json line = case_line(name);
    line = Json::object({{"name", name},
                         {"config", Json(line.at("config")).set("attention_dropout", 1e-12)},
                         {"sliding_window", name == std::string("window") ? 3 : 100}});
    DecoderModel model = rule_model(line);
    const Randomness randomness;
    const at::Tensor plain = model.hidden(row_of(kThree), {});
    const at::Tensor other = model.hidden(row_of(kThree), {&randomness, false});
    CHECK_FALSE(at::equal(plain, other));  // another order of sums: the other form did run
    CHECK(distance(other, plain) < 1e-5);
  }
}

TEST_CASE("Slots and weights have Hugging Face's names, in the order of the layers, and a tied head comes once") {
  DecoderModel model = rule_model(case_line("tied_no_groups"));
  std::vector<std::string> slots, weights;
  for (const auto& slot : model.linear_slots()) slots.push_back(slot.name);
  model.visit_weights([&](const std::string& name, const WeightPtr&) { weights.push_back(name); });
  REQUIRE(slots.size() == 2 * 7 + 1);
  CHECK(slots.front() == "model.layers.0.self_attn.q_proj");
  CHECK(slots[13] == "model.layers.1.mlp.down_proj");
  CHECK(slots.back() == "lm_head");
  REQUIRE(weights.size() == 2 * 9 + 2);
  CHECK(weights.front() == "model.embed_tokens.weight");
  CHECK(weights[1] == "model.layers.0.input_layernorm.weight");
  CHECK(weights.back() == "model.norm.weight");
  DecoderModel untied = rule_model(case_line("grouped"));
  weights.clear();
  untied.visit_weights([&](const std::string& name, const WeightPtr&) { weights.push_back(name); });
  CHECK(weights.back() == "lm_head.weight");
}

TEST_CASE("A trained weight of a bfloat16 model is float32, and so is its gradient") {
  DecoderModel model = rule_model(case_line("tied_no_groups"), at::kBFloat16);
  std::vector<WeightPtr> all;
  model.visit_weights([&](const std::string&, const WeightPtr& weight) { all.push_back(weight); });
  for (const auto& weight : all) set_trained(*weight);
  const at::Tensor logits = model.logits(model.hidden(row_of(kThree), {}), {});
  CHECK(logits.scalar_type() == at::kBFloat16);
  logits.to(at::kFloat).square().sum().backward();
  for (const auto& weight : all) {
    CHECK(weight->value.scalar_type() == at::kFloat);
    REQUIRE(weight->value.grad().defined());
    CHECK(weight->value.grad().scalar_type() == at::kFloat);
  }
}
