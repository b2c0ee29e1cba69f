// Oracle: peft 0.21.2 (tools/golden/lora/make.py says what the files under tests/golden/lora are).
#include "engine/adapters/lora.hpp"

#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include "engine/lora_support.hpp"
#include "engine/model/tensor_file.hpp"
#include "engine/quantization/four_bit.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/torch_test.hpp"

using namespace forgelm;
using namespace forgelm::engine;
using forgelm::test::load;
using forgelm::test::logits_of;

namespace {

const std::filesystem::path kSource = FORGELM_SOURCE_DIR;
const std::filesystem::path kGoldens = kSource / "tests/golden/lora";
const std::filesystem::path kQuickstart = kSource / "templates/quickstart/model";
const std::filesystem::path kTiny = kGoldens / "tiny";

Json json_file(const std::filesystem::path& path) { return parse_json(read_file(path)).value(); }

test::Sequences sequences() {
  const Json manifest = json_file(kGoldens / "MANIFEST.json");
  test::Sequences out;
  for (const Json& ids : manifest.at("sequences").items()) {
    out.emplace_back();
    for (const Json& id : ids.items()) out.back().push_back(id.integer());
  }
  return out;
}

std::map<std::string, at::Tensor> tensors_in(const std::filesystem::path& path) {
  std::map<std::string, at::Tensor> out;
  for (auto& [name, tensor] : read_tensor_file(path, at::kCPU)) out.emplace(name, tensor);
  return out;
}

/// make.py's rule, with the same double arithmetic.
at::Tensor rule(at::IntArrayRef shape, std::size_t place, double scale) {
  at::Tensor out = at::empty(shape);
  float* const values = out.data_ptr<float>();
  for (std::int64_t i = 0; i < out.numel(); ++i) {
    const std::uint64_t index = static_cast<std::uint64_t>(i) + 1000003 * (place + 1);
    values[i] = static_cast<float>((static_cast<double>(index * 2654435761 % 4294967296) / 4294967296.0 - 0.5) * scale);
  }
  return out;
}

double largest(const at::Tensor& tensor) { return tensor.abs().max().item<double>(); }
/// The largest difference in units of the largest number.
double distance(const at::Tensor& actual, const at::Tensor& expected) {
  REQUIRE(actual.sizes() == expected.sizes());
  return largest(actual.detach() - expected) / largest(expected);
}

struct Case {
  std::string name;
  std::filesystem::path model;
  bool is_stored = false;
  std::filesystem::path folder;
};

std::vector<Case> cases() {
  std::vector<Case> out;
  const Json manifest = json_file(kGoldens / "MANIFEST.json");
  for (const auto& [name, entry] : manifest.at("cases").members())
    out.push_back({name, entry.at("model").text() == "tiny" ? kTiny : kQuickstart, entry.at("stored").boolean(),
                   kGoldens / name});
  return out;
}

Case case_named(const std::string& name) {
  for (const Case& each : cases())
    if (each.name == name) return each;
  throw std::runtime_error("no case " + name);
}

/// What the adapter of a case holds after save_adapter(), by name in the file.
std::map<std::string, at::Tensor> saved(DecoderModel& model, const formats::AdapterConfig& config) {
  const test::TemporaryDirectory folder;
  save_adapter(model, config, folder.path());
  return tensors_in(folder.path() / "adapter_model.safetensors");
}

void write_adapter(const std::filesystem::path& folder, const std::map<std::string, at::Tensor>& tensors) {
  write_tensor_file(folder / "adapter_model.safetensors", NamedTensors(tensors.begin(), tensors.end()));
}

/// The model with peft's weights in it: out of peft's file, or by the rule that peft's were filled with.
DecoderModel model_of(const Case& which) {
  DecoderModel model = load(which.model);
  const formats::AdapterConfig config = formats::read_adapter_config(which.folder);
  add_lora(model, config, 1);
  if (which.is_stored) {
    load_adapter(model, which.folder);
    return model;
  }
  std::map<std::string, at::Tensor> tensors = saved(model, config);
  std::size_t place = 0;
  for (auto& [name, tensor] : tensors) {
    const bool is_matrix = name.find(".lora_") != std::string::npos;
    const at::Tensor added = rule(tensor.sizes(), place++, is_matrix ? 0.2 : 0.1);
    tensor = is_matrix ? added : tensor + added;
  }
  const test::TemporaryDirectory folder;
  write_adapter(folder.path(), tensors);
  load_adapter(model, folder.path());
  return model;
}

template <class Error>
std::string message_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const Error& error) {
    return cat(error.what(), " | ", error.hint());
  }
  return "nothing thrown";
}

config::LoraSection section(std::vector<std::string> targets) {
  config::LoraSection lora;
  lora.target_modules = std::move(targets);
  return lora;
}

std::vector<std::string> warnings_of(const std::function<void()>& run) {
  std::vector<std::string> lines;
  LogSink before = set_log_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  run();
  set_log_sink(std::move(before));
  return lines;
}

std::map<std::string, WeightPtr> weights_of(DecoderModel& model) {
  std::map<std::string, WeightPtr> out;
  model.visit_weights([&](const std::string& name, const WeightPtr& weight) { out.emplace(name, weight); });
  return out;
}

}  // namespace

TEST_CASE("adapters of peft give peft's logits at every position") {
  for (const Case& which : cases()) {
    INFO(which.name);
    DecoderModel model = model_of(which);
    const at::NoGradGuard no_grad;
    CHECK(distance(logits_of(model, sequences()), tensors_in(which.folder / "logits.safetensors").at("logits")) < 1e-5);
  }
}

TEST_CASE("adapter files have peft's names and shapes, and what was loaded is saved bit for bit") {
  for (const Case& which : cases()) {
    INFO(which.name);
    DecoderModel model = model_of(which);
    const auto tensors = saved(model, formats::read_adapter_config(which.folder));
    const Json names = json_file(which.folder / "names.json");
    CHECK(tensors.size() == names.members().size());
    for (const auto& [name, shape] : names.members()) {
      INFO(name);
      REQUIRE(tensors.count(name) == 1);
      Json::Array sizes;
      for (const std::int64_t size : tensors.at(name).sizes()) sizes.emplace_back(size);
      CHECK(Json(sizes) == shape);
      CHECK(tensors.at(name).scalar_type() == at::kFloat);
    }
    if (!which.is_stored) continue;
    for (const auto& [name, tensor] : tensors_in(which.folder / "adapter_model.safetensors"))
      if (names.find(name) != nullptr) CHECK(at::equal(tensors.at(name), tensor.to(at::kFloat)));
  }
}

TEST_CASE("gradients of what an adapter trains equal torch's, and nothing else has one") {
  for (const std::string name : {"qv", "bias_all", "modules_to_save", "patterns"}) {
    const Case which = case_named(name);
    DecoderModel model = model_of(which);
    logits_of(model, sequences()).square().sum().backward();
    auto expected = tensors_in(which.folder / "gradients.safetensors");
    std::size_t num_trained = 0;
    for (const auto& [own_name, weight] : weights_of(model)) {
      INFO(name << " " << own_name);
      CHECK(weight->is_trained == weight->value.requires_grad());
      if (!weight->is_trained) {
        CHECK_FALSE(weight->value.grad().defined());
        continue;
      }
      ++num_trained;
      std::string file_name = "base_model.model." + own_name;
      if (expected.count(file_name) == 0) file_name.insert(file_name.rfind('.'), ".base_layer");
      CHECK(distance(weight->value.grad(), expected.at(file_name)) < 1e-5);
    }
    CHECK(num_trained == expected.size());
  }
}

TEST_CASE("merged weights equal peft's, and the merged model gives the adapter's logits") {
  for (const Case& which : cases()) {
    INFO(which.name);
    DecoderModel model = model_of(which);
    merge_adapters(model);
    const auto weights = weights_of(model);
    for (const auto& [name, weight] : weights) {
      INFO(name);
      CHECK(name.find("lora_") == std::string::npos);
      CHECK_FALSE(weight->is_trained);
      CHECK_FALSE(weight->value.requires_grad());
    }
    CHECK(distance(logits_of(model, sequences()), tensors_in(which.folder / "logits.safetensors").at("logits")) < 1e-5);
    if (!std::filesystem::exists(which.folder / "merged.safetensors")) continue;
    for (const auto& [name, merged] : tensors_in(which.folder / "merged.safetensors")) {
      INFO(name);
      CHECK(distance(weights.at(name)->value, merged) < 1e-6);
    }
  }
}

TEST_CASE("without adapters the model is the base model bit for bit, nested or not, and comes back") {
  for (const std::string name : {"qv", "bias_all", "modules_to_save", "tied_both", "tied_head_adapter"}) {
    INFO(name);
    const Case which = case_named(name);
    const at::NoGradGuard no_grad;
    DecoderModel base = load(which.model);
    const at::Tensor expected = logits_of(base, sequences());
    DecoderModel model = model_of(which);
    const at::Tensor adapted = logits_of(model, sequences());
    CHECK_FALSE(at::equal(adapted, expected));
    {
      const WithoutAdapters outer(model);
      CHECK(at::equal(logits_of(model, sequences()), expected));
      {
        const WithoutAdapters inner(model);
        CHECK(at::equal(logits_of(model, sequences()), expected));
      }
      CHECK(at::equal(logits_of(model, sequences()), expected));
    }
    CHECK(at::equal(logits_of(model, sequences()), adapted));
    for (const auto& [own_name, weight] : weights_of(model)) CHECK(weight->is_trained == weight->value.requires_grad());
  }
}

TEST_CASE("a fresh adapter changes nothing, and starts as peft's does, whatever the order of its layers") {
  const at::NoGradGuard no_grad;
  DecoderModel base = load(kQuickstart);
  const at::Tensor expected = logits_of(base, sequences());
  const auto start = [&](std::vector<std::string> targets, std::uint64_t seed) {
    DecoderModel model = load(kQuickstart);
    formats::AdapterConfig config = adapter_config_for(section(std::move(targets)), model, "model");
    add_lora(model, config, seed);
    CHECK(at::equal(logits_of(model, sequences()), expected));
    std::map<std::string, at::Tensor> out;
    for (const auto& [name, weight] : weights_of(model))
      if (weight->is_trained) out.emplace(name, weight->value.detach());
    return out;
  };
  const auto few = start({"v_proj"}, 1), many = start({"all-linear"}, 1), other = start({"v_proj"}, 2);
  CHECK(few.size() == 10);
  CHECK(many.size() == 70);
  for (const auto& [name, tensor] : few) {
    INFO(name);
    CHECK(at::equal(tensor, many.at(name)));
    if (name.ends_with("lora_B.weight")) {
      CHECK(largest(tensor) == 0);
      continue;
    }
    CHECK_FALSE(at::equal(tensor, other.at(name)));
    // Uniform within 1 / sqrt(64): of 512 numbers the largest reaches 0.95 of that but for a chance of 1e-11, and
    // their spread is bound / sqrt(3) within 5 of its standard deviations (about 2 % of it).
    CHECK(largest(tensor) <= 0.125);
    CHECK(largest(tensor) > 0.95 * 0.125);
    CHECK(std::abs(tensor.std().item<double>() / (0.125 / std::sqrt(3.0)) - 1) < 0.1);
    CHECK(std::abs(tensor.mean().item<double>()) < 5 * 0.125 / std::sqrt(3.0 * 512));
  }
  CHECK_FALSE(at::equal(many.at("model.layers.0.self_attn.k_proj.lora_A.weight"),
                        many.at("model.layers.0.self_attn.v_proj.lora_A.weight")));
}

TEST_CASE("in bfloat16 what is trained stays float32, and saved modules compute in the model's type") {
  const Case which = case_named("modules_to_save");
  DecoderModel model = load(kTiny, at::kBFloat16);
  const formats::AdapterConfig config = formats::read_adapter_config(which.folder);
  add_lora(model, config, 1);
  load_adapter(model, which.folder);
  const at::Tensor logits = logits_of(model, sequences());
  CHECK(logits.scalar_type() == at::kBFloat16);
  CHECK(distance(logits.to(at::kFloat), tensors_in(which.folder / "logits.safetensors").at("logits")) < 0.1);
  logits.to(at::kFloat).square().sum().backward();
  for (const auto& [name, weight] : weights_of(model)) {
    INFO(name);
    CHECK(weight->value.scalar_type() == (weight->is_trained ? at::kFloat : at::kBFloat16));
    if (weight->is_trained) CHECK(weight->value.grad().scalar_type() == at::kFloat);
  }
  merge_adapters(model);
  for (const auto& [name, weight] : weights_of(model)) CHECK(weight->value.scalar_type() == at::kBFloat16);
}

TEST_CASE("a job's lora section becomes peft's adapter configuration") {
  DecoderModel model = load(kQuickstart);
  config::LoraSection lora = section({"v_proj", "q_proj", "v_proj"});
  lora.r = 4;
  lora.alpha = 8;
  lora.dropout = 0.25;
  lora.modules_to_save = {"norm"};
  lora.num_layers = 2;
  const auto config = adapter_config_for(lora, model, "some/model");
  CHECK(config.base_model == "some/model");
  CHECK(config.r == 4);
  CHECK(config.alpha == 8);
  CHECK(config.dropout == 0.25);
  CHECK(config.bias == "none");
  CHECK_FALSE(config.use_rslora);
  CHECK(config.target_modules == std::vector<std::string>{"q_proj", "v_proj"});
  CHECK(config.modules_to_save == std::vector<std::string>{"norm"});
  CHECK(config.layers_to_transform == std::vector<std::int64_t>{3, 4});
  CHECK(config.task_type == "CAUSAL_LM");
  CHECK(config.scale_of("model.layers.3.self_attn.q_proj") == 2.0);

  lora.method = config::LoraMethod::rslora;
  CHECK(adapter_config_for(lora, model, "m").use_rslora);
  CHECK(adapter_config_for(lora, model, "m").scale_of("model.layers.3.self_attn.q_proj") == 4.0);
  lora = section({"q_proj"});
  lora.use_rslora = true;
  CHECK(adapter_config_for(lora, model, "m").use_rslora);

  const auto all = adapter_config_for(section({"all-linear"}), model, "m");
  CHECK(all.target_modules == formats::read_adapter_config(kGoldens / "all_linear_rslora").target_modules);
  CHECK(all.layers_to_transform.empty());
}

TEST_CASE("names that fit nothing are refused with the nearest ones") {
  DecoderModel model = load(kQuickstart);
  const auto refused = [&](const config::LoraSection& lora) {
    return message_of<ConfigError>([&] { adapter_config_for(lora, model, "m"); });
  };
  CHECK(refused(section({"q_porj"})) ==
        "lora.target_modules: no layer of the model is named \"q_porj\" | did you mean q_proj?");
  CHECK(refused(section({})) ==
        "lora.target_modules is empty: nothing would get an adapter | use all-linear for every layer");
  CHECK(refused(section({"embed_tokens"})).find("which is no linear layer") != std::string::npos);
  CHECK(refused(section({"q_proj", "mlp"})).find("\"mlp\" is model.layers.0.mlp, which is no linear layer") !=
        std::string::npos);
  config::LoraSection lora = section({"q_proj"});
  lora.modules_to_save = {"lm_haed"};
  CHECK(refused(lora) == "lora.modules_to_save: no module of the model is named \"lm_haed\" | did you mean lm_head?");
  lora.modules_to_save = {""};
  CHECK(refused(lora).find("no module of the model is named \"\"") != std::string::npos);
  lora.modules_to_save = {};
  lora.num_layers = 0;
  CHECK(refused(lora).find("lora.num_layers is 0") != std::string::npos);
  lora = section({"lm_head"});
  lora.modules_to_save = {"lm_head"};
  CHECK(refused(lora).find("no layer would get an adapter") != std::string::npos);
}

TEST_CASE("what has no effect in a job's lora section is said") {
  DecoderModel model = load(kQuickstart);
  const auto warned = [&](const config::LoraSection& lora) {
    return join(warnings_of([&] { adapter_config_for(lora, model, "m"); }), "\n");
  };
  CHECK(warned(section({"q_proj"})).empty());
  CHECK(warned(section({"q_proj", "query_key_value"})).find("no layer of the model is named \"query_key_value\"") !=
        std::string::npos);
  config::LoraSection lora = section({"q_proj"});
  lora.bias = config::LoraBias::all;
  CHECK(warned(lora).find("the model has no bias vectors") != std::string::npos);
  lora = section({"q_proj"});
  lora.num_layers = 6;
  CHECK(warned(lora).find("the model has 5 layers: all get an adapter") != std::string::npos);
  lora = section({"q_proj"});
  lora.modules_to_save = {"embed_tokens"};
  CHECK(warned(lora).find("model.embed_tokens and lm_head are one matrix in this model") != std::string::npos);
}

TEST_CASE("adapters that do not fit the model are refused by name") {
  const Case which = case_named("bias_all");
  DecoderModel model = load(kTiny);
  const auto config = formats::read_adapter_config(which.folder);
  add_lora(model, config, 1);
  const auto before = saved(model, config);
  const auto good = tensors_in(which.folder / "adapter_model.safetensors");
  const std::string a = "base_model.model.model.layers.0.mlp.down_proj.lora_A.weight";
  const auto refused = [&](const std::function<void(std::map<std::string, at::Tensor>&)>& spoil) {
    const test::TemporaryDirectory folder;
    auto tensors = good;
    spoil(tensors);
    write_adapter(folder.path(), tensors);
    const std::string message = message_of<ConfigError>([&] { load_adapter(model, folder.path()); });
    for (const auto& [name, tensor] : saved(model, config)) CHECK(at::equal(tensor, before.at(name)));
    return message;
  };
  CHECK(refused([&](auto& tensors) { tensors.erase(a); }).find("missing: " + a) != std::string::npos);
  CHECK(refused([&](auto& tensors) {
          tensors["other"] = at::ones({2});
        }).find("not part of this model's adapter: other") != std::string::npos);
  CHECK(refused([&](auto& tensors) {
          tensors[a] = at::ones({3, 24});
        }).find(a + " is [3, 24] where") != std::string::npos);
  CHECK(refused([&](auto& tensors) {
          tensors[a] = at::ones({2, 24}, at::kInt);
        }).find("no floating point numbers") != std::string::npos);
  const std::string many = refused([&](auto& tensors) {
    tensors.clear();
    tensors["x"] = at::ones({1});
  });
  CHECK(many.find(" and 18 more") != std::string::npos);
  const test::TemporaryDirectory empty;
  CHECK_THROWS_AS(load_adapter(model, empty.path()), ConfigError);
}

TEST_CASE("an adapter for no layer of the model, and a second adapter, are refused") {
  DecoderModel model = load(kTiny);
  formats::AdapterConfig config;
  config.target_modules = {"query_key_value"};
  CHECK(message_of<ConfigError>([&] { add_lora(model, config, 1); }).find("query_key_value") != std::string::npos);
  config.target_modules = {"q_proj"};
  add_lora(model, config, 1);
  CHECK_THROWS_AS(add_lora(model, config, 1), RunError);
}

TEST_CASE("a merged model whose head was tied is written with a head of its own") {
  for (const std::string name : {"tied_head", "tied_embedding", "tied_both", "tied_head_adapter", "qv"}) {
    INFO(name);
    const at::NoGradGuard no_grad;
    DecoderModel model = model_of(case_named(name));
    merge_adapters(model);
    const test::TemporaryDirectory folder;
    save_model(model, folder.path(), at::kFloat);
    DecoderModel again = load(folder.path());
    CHECK(again.config().ties_embeddings == (name == "qv"));
    CHECK(at::equal(logits_of(again, sequences()), logits_of(model, sequences())));
  }
}

TEST_CASE("adapters on a model in 4 bits: trained beside the codes, merged into what the codes stand for") {
  LoadModelOptions options;
  options.make_linear = four_bit_maker({}, at::kCPU, at::kFloat);
  DecoderModel model = load_model(kTiny, formats::read_model_config(kTiny), options);
  formats::AdapterConfig config = adapter_config_for(section({"q_proj"}), model, "m");
  config.modules_to_save = {"up_proj"};
  CHECK(message_of<ConfigError>([&] {
          add_lora(model, config, 1);
        }).find("model.layers.0.mlp.up_proj, whose matrix is quantized") != std::string::npos);
  config.modules_to_save = {"lm_head"};
  config.bias = "all";
  add_lora(model, config, 1);
  logits_of(model, sequences()).square().sum().backward();
  const at::NoGradGuard no_grad;
  const Randomness randomness{2};
  for (const auto& [name, weight] : weights_of(model)) {
    INFO(name);
    const bool belongs = name.find("lora_") != std::string::npos || name.ends_with(".bias") || name == "lm_head.weight";
    CHECK(weight->is_trained == belongs);
    if (weight->is_trained) CHECK(weight->value.grad().defined());
    if (weight->is_trained)
      weight->value.add_(at::empty_like(weight->value).normal_(0, 0.1, randomness.generator(site_of(name), at::kCPU)));
  }
  const at::Tensor expected = logits_of(model, sequences());
  const auto weights = weights_of(model);
  const at::Tensor update = at::matmul(weights.at("model.layers.0.self_attn.q_proj.lora_B.weight")->value,
                                       weights.at("model.layers.0.self_attn.q_proj.lora_A.weight")->value);
  at::Tensor codes_stand_for;
  {
    const WithoutAdapters without(model);
    codes_stand_for = (*model.linear_slots().front().part)->dense_weight();
  }
  merge_adapters(model);
  CHECK(distance(logits_of(model, sequences()), expected) < 1e-5);
  // alpha / r is 2.
  CHECK(distance(weights_of(model).at("model.layers.0.self_attn.q_proj.weight")->value, codes_stand_for + 2 * update) <
        1e-6);
}
