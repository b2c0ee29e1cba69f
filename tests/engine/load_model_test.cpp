// Models from folders and back.
#include "engine/model/load_model.hpp"

#include <filesystem>
#include <map>
#include <string>

#include "engine/model/precision.hpp"
#include "engine/model/tensor_file.hpp"
#include "engine/model/tensor_names.hpp"
#include "engine/model_support.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "support/temporary_directory.hpp"

using namespace forgelm;
using namespace forgelm::engine;
using namespace forgelm::test;

namespace {

DecoderModel load(const std::filesystem::path& folder, at::ScalarType dtype = at::kFloat) {
  return load_model(folder, formats::read_model_config(folder), {at::kCPU, dtype, nullptr});
}

std::map<std::string, at::Tensor> weights_of(DecoderModel& model) {
  std::map<std::string, at::Tensor> result;
  model.visit_weights([&](const std::string& name, const WeightPtr& weight) { result[name] = weight->value; });
  return result;
}

void check_equal_weights(DecoderModel& a, DecoderModel& b) {
  const auto left = weights_of(a), right = weights_of(b);
  REQUIRE(left.size() == right.size());
  for (const auto& [name, value] : left) {
    INFO(name);
    CHECK(at::equal(value, right.at(name)));
  }
}

Json config_in(const std::filesystem::path& folder) { return parse_json(read_file(folder / "config.json")).value(); }

/// The message of the ConfigError that loading throws.
std::string refusal(const std::filesystem::path& folder) {
  try {
    load(folder);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("A model that is saved and loaded again is the same, tied or not, with biases") {
  for (const char* name : {"grouped", "tied_no_groups", "biases"}) {
    DecoderModel model = rule_model(case_line(name));
    const TemporaryDirectory folder;
    save_model(model, folder.path(), at::kFloat);
    DecoderModel again = load(folder.path());
    check_equal_weights(model, again);
    CHECK(at::equal(logits_of(model, row_of({{1, 2, 3}})), logits_of(again, row_of({{1, 2, 3}}))));
    Json expected = case_line(name).at("config");
    CHECK(config_in(folder.path()) == expected.set("dtype", "float32"));
  }
}

TEST_CASE("The quickstart model is saved as it was") {
  DecoderModel model = quickstart_model();
  const TemporaryDirectory folder;
  save_model(model, folder.path(), at::kFloat);
  const auto before = formats::SafetensorsReader::open_folder(kQuickstartModel);
  const auto after = formats::SafetensorsReader::open_folder(folder.path());
  REQUIRE(after.tensors().size() == before.tensors().size());
  for (const auto& info : before.tensors()) {
    INFO(info.name);
    REQUIRE(after.find(info.name) != nullptr);
    CHECK(*after.find(info.name) == info);
    CHECK(after.bytes(info.name) == before.bytes(info.name));
  }
  CHECK(config_in(folder.path()).at("torch_dtype").text() == "float32");
}

TEST_CASE("Weights come in the type that is asked for, and are saved in it") {
  DecoderModel wide = quickstart_model();
  DecoderModel half = quickstart_model(at::kBFloat16);
  const TemporaryDirectory folder;
  save_model(wide, folder.path(), at::kBFloat16);
  CHECK(config_in(folder.path()).at("torch_dtype").text() == "bfloat16");
  DecoderModel again = load(folder.path(), at::kBFloat16);
  check_equal_weights(half, again);
  for (const auto& [name, value] : weights_of(again)) CHECK(value.scalar_type() == at::kBFloat16);
  save_model(half, folder.path(), at::kHalf);
  CHECK(formats::SafetensorsReader::open_folder(folder.path()).find(kEmbeddingName)->type ==
        formats::TensorType::float16);
  load(folder.path());
}

TEST_CASE("A model beyond the limit of a file is written in shards that are read again") {
  DecoderModel model = rule_model(case_line("biases"));
  const TemporaryDirectory folder;
  save_model(model, folder.path(), at::kFloat, 16 << 10);
  CHECK_FALSE(std::filesystem::exists(folder / "model.safetensors"));
  const Json index = parse_json(read_file(folder / "model.safetensors.index.json")).value();
  std::uint64_t count = 0, bytes = 0;
  std::map<std::string, int> files;
  for (const auto& tensor : expected_tensors(model.config())) {
    std::uint64_t size = 1;
    for (const auto n : tensor.shape) size *= static_cast<std::uint64_t>(n);
    count += size;
    bytes += 4 * size;
    ++files[index.at("weight_map").at(tensor.name).text()];
  }
  CHECK(index.at("metadata").at("total_parameters").integer() == static_cast<std::int64_t>(count));
  CHECK(index.at("metadata").at("total_size").integer() == static_cast<std::int64_t>(bytes));
  REQUIRE(files.size() > 2);
  const std::string last = files.rbegin()->first;
  CHECK(last.substr(0, 12) == "model-0000" + std::to_string(files.size()) + "-");
  for (const auto& [file, tensors] : files) {
    // One tensor may be larger than the limit; several may not.
    if (tensors > 1) CHECK(std::filesystem::file_size(folder / file) < (16 << 10) + 2048);
  }
  DecoderModel again = load(folder.path());
  check_equal_weights(model, again);
}

TEST_CASE("A folder whose tensors and config.json do not fit is refused, and the tensor is named") {
  const TemporaryDirectory folder;
  write_rule_model(folder.path(), case_line("grouped").at("config"));
  const auto whole = read_tensor_file(folder / "model.safetensors", at::kCPU);
  const auto with = [&](const std::function<void(NamedTensors&)>& change) {
    NamedTensors tensors = whole;
    change(tensors);
    write_tensor_file(folder / "model.safetensors", tensors);
    return refusal(folder.path());
  };
  const auto named = [](NamedTensors& tensors, const std::string& name) {
    return std::find_if(tensors.begin(), tensors.end(), [&](const auto& each) { return each.first == name; });
  };
  const std::string k_proj = "model.layers.1.self_attn.k_proj.weight";

  const std::string missing = with([&](NamedTensors& tensors) { tensors.erase(named(tensors, k_proj)); });
  CHECK(contains(missing, "tensor " + k_proj + " is missing"));
  CHECK(contains(missing, (folder / "model.safetensors").string()));

  const std::string shape = with([&](NamedTensors& tensors) { named(tensors, k_proj)->second = at::zeros({32, 16}); });
  CHECK(contains(shape, k_proj + " has shape [32, 16], and config.json says [16, 32]"));

  const std::string type = with([&](NamedTensors& tensors) {
    named(tensors, k_proj)->second = at::zeros({16, 32}, at::kInt);
  });
  CHECK(contains(type, k_proj + " is of type int32"));

  const std::string left = with([&](NamedTensors& tensors) {
    tensors.emplace_back("model.layers.2.mlp.up_proj.weight", at::zeros({2, 2}));
    tensors.emplace_back("model.layers.2.mlp.down_proj.weight", at::zeros({2, 2}));
  });
  CHECK(contains(left, "model.layers.2.mlp."));
  CHECK(contains(left, "is left over"));
  CHECK(contains(left, "(and 1 more problem)"));

  // Tables that old files carry, and nobody reads.
  CHECK(with([&](NamedTensors& tensors) {
          tensors.emplace_back("model.layers.0.self_attn.rotary_emb.inv_freq", at::zeros({4}));
        }) == "");
}

TEST_CASE("A tied head that a file holds all the same is left out") {
  const TemporaryDirectory folder;
  write_rule_model(folder.path(), case_line("tied_no_groups").at("config"));
  DecoderModel expected = load(folder.path());
  auto tensors = read_tensor_file(folder / "model.safetensors", at::kCPU);
  tensors.emplace_back(kHeadName, at::zeros({48, 32}));
  write_tensor_file(folder / "model.safetensors", tensors);
  DecoderModel model = load(folder.path());
  CHECK(at::equal(logits_of(model, row_of({{1, 2}})), logits_of(expected, row_of({{1, 2}}))));
}

TEST_CASE("A tied head that was exchanged is saved as one of its own") {
  DecoderModel model = rule_model(case_line("tied_no_groups"));
  auto head = std::make_shared<Weight>();
  head->value = rule_tensor({48, 32}, 99, 1.0);
  *model.linear_slots().back().part = std::make_unique<DenseLinear>(head, nullptr);
  const TemporaryDirectory folder;
  save_model(model, folder.path(), at::kFloat);
  CHECK_FALSE(config_in(folder.path()).at("tie_word_embeddings").boolean());
  DecoderModel again = load(folder.path());
  CHECK(at::equal(logits_of(model, row_of({{1, 2}})), logits_of(again, row_of({{1, 2}}))));
}

TEST_CASE("A file whose data begin at an odd byte is read all the same") {
  const TemporaryDirectory folder;
  write_rule_model(folder.path(), case_line("grouped").at("config"));
  DecoderModel expected = load(folder.path());
  std::string bytes = read_file(folder / "model.safetensors");
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), sizeof header);
  bytes.insert(8 + header, " ");
  ++header;
  std::memcpy(bytes.data(), &header, sizeof header);
  write_file_durably(folder / "model.safetensors", bytes);
  DecoderModel model = load(folder.path());
  check_equal_weights(expected, model);
}

TEST_CASE("Linear parts of blocks come from the maker that is given, and the head does not") {
  const TemporaryDirectory folder;
  write_rule_model(folder.path(), case_line("biases").at("config"));
  std::map<std::string, bool> made;
  LoadModelOptions options;
  options.make_linear = [&](const std::string& slot, const at::Tensor& weight, const at::Tensor& bias) {
    made[slot] = bias.defined();
    auto own = std::make_shared<Weight>(), own_bias = std::make_shared<Weight>();
    own->value = weight * 2;
    if (bias.defined()) own_bias->value = bias.clone();
    return std::make_unique<DenseLinear>(own, bias.defined() ? own_bias : nullptr);
  };
  DecoderModel model = load_model(folder.path(), formats::read_model_config(folder.path()), options);
  DecoderModel plain = load(folder.path());
  CHECK(made.size() == 14);
  CHECK(made.at("model.layers.1.mlp.down_proj"));
  CHECK(
      at::equal((*model.linear_slots()[0].part)->dense_weight(), (*plain.linear_slots()[0].part)->dense_weight() * 2));
  CHECK(at::equal((*model.linear_slots()[14].part)->dense_weight(), (*plain.linear_slots()[14].part)->dense_weight()));
}

TEST_CASE("A precision is what the job says, or follows from the device") {
  CHECK(resolve_precision(config::Precision::float16, at::kCPU).dtype == at::kHalf);
  CHECK(resolve_precision(config::Precision::bfloat16, at::kCPU).name == "bfloat16");
  const Precision automatic = resolve_precision(config::Precision::auto_, at::kCPU);
  CHECK((automatic.dtype == at::kFloat || automatic.dtype == at::kBFloat16));
  CHECK(contains(automatic.reason, "AMX"));
  CHECK(precision_named(automatic.name).dtype == automatic.dtype);
  CHECK_THROWS_AS(precision_named("float8"), ConfigError);
}
