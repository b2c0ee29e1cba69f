// Model configs against transformers (tools/golden/model_config), and where the folders of models and adapters are.
#include "forgelm/formats/model_config.hpp"

#include <fstream>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::formats;
using Catch::Contains;

namespace {

namespace fs = std::filesystem;

ModelConfig config_of(const test::TemporaryDirectory& folder, const Json& config, const Json* generation = nullptr) {
  write_file_durably(folder / "config.json", dump(config));
  fs::remove(folder / "generation_config.json");
  if (generation != nullptr) write_file_durably(folder / "generation_config.json", dump(*generation));
  return read_model_config(folder.path());
}

/// A number of the reference's dictionary; `otherwise` when it is not there, null, or, with `nought_counts` false, 0.
double number(const Json& dictionary, const char* key, double otherwise, bool nought_counts = true) {
  const Json* value = dictionary.find(key);
  if (value == nullptr || value->is_null() || (!nought_counts && value->real() == 0)) return otherwise;
  return value->real();
}

std::vector<double> numbers(const Json& dictionary, const char* key) {
  std::vector<double> out;
  if (const Json* list = dictionary.find(key))
    for (const Json& item : list->items()) out.push_back(item.real());
  return out;
}

std::optional<double> optional_number(const Json& dictionary, const char* key) {
  const double value = number(dictionary, key, 0);
  return value == 0 ? std::nullopt : std::optional(value);
}

/// `expected` is the dictionary as the reference's rotary embedding reads it.
void check_rope(const RopeConfig& rope, const Json& expected, std::int64_t max_positions) {
  const std::string type = expected.at("rope_type").text();
  CHECK(to_text(rope.kind) == (type == "default" ? "none" : type));
  CHECK(rope.theta == expected.at("rope_theta").real());
  CHECK(rope.partial_rotary_factor == number(expected, "partial_rotary_factor", 1));
  if (type == "default") return;
  const double original = number(expected, "original_max_position_embeddings", 0);
  const bool knows_original = type == "yarn" || type == "longrope" || type == "llama3";
  CHECK(static_cast<double>(rope.original_max_positions) == (knows_original ? original : 0));
  CHECK(rope.factor == number(expected, "factor", static_cast<double>(max_positions) / original));
  if (type == "yarn" || type == "longrope")
    CHECK(rope.attention_factor == optional_number(expected, "attention_factor"));
  if (type == "yarn") {
    CHECK(rope.beta_fast == number(expected, "beta_fast", 32, false));
    CHECK(rope.beta_slow == number(expected, "beta_slow", 1, false));
    CHECK(rope.mscale == optional_number(expected, "mscale"));
    CHECK(rope.mscale_all_dim == optional_number(expected, "mscale_all_dim"));
    const Json* truncate = expected.find("truncate");
    CHECK(rope.truncates == (truncate == nullptr || truncate->boolean()));
  }
  if (type == "longrope") {
    CHECK(rope.short_factor == numbers(expected, "short_factor"));
    CHECK(rope.long_factor == numbers(expected, "long_factor"));
  }
  if (type == "llama3") {
    CHECK(rope.low_freq_factor == expected.at("low_freq_factor").real());
    CHECK(rope.high_freq_factor == expected.at("high_freq_factor").real());
  }
}

void check_config(const ModelConfig& config, const Json& expected) {
  const auto whole = [&expected](const char* key) { return expected.at(key).integer(); };
  CHECK(config.vocab_size == whole("vocab_size"));
  CHECK(config.hidden_size == whole("hidden_size"));
  CHECK(config.intermediate_size == whole("intermediate_size"));
  CHECK(config.num_layers == whole("num_hidden_layers"));
  CHECK(config.num_heads == whole("num_attention_heads"));
  CHECK(config.num_key_value_heads == whole("num_key_value_heads"));
  CHECK(config.head_dim == whole("head_dim"));
  CHECK(config.max_positions == whole("max_position_embeddings"));
  CHECK(config.rms_norm_eps == expected.at("rms_norm_eps").real());
  CHECK(config.activation == expected.at("hidden_act").text());
  CHECK(config.has_attention_bias == expected.at("attention_bias").boolean());
  CHECK(config.has_output_bias == expected.at("attention_bias").boolean());
  CHECK(config.has_mlp_bias == expected.at("mlp_bias").boolean());
  CHECK(config.ties_embeddings == expected.at("tie_word_embeddings").boolean());
  CHECK(config.attention_dropout == expected.at("attention_dropout").real());
  CHECK(config.stored_dtype == expected.at("dtype").text());
  CHECK(Json::array_of(config.bos_ids) == expected.at("bos_token_id"));
  CHECK(Json::array_of(config.eos_ids) == expected.at("eos_token_id"));
  check_rope(config.rope, expected.at("rope"), config.max_positions);
}

Json small_config() { return Json::object({{"model_type", "llama"}, {"hidden_size", 64}, {"num_attention_heads", 8}}); }

std::string message_for(const test::TemporaryDirectory& folder, const Json& config) {
  try {
    config_of(folder, config);
  } catch (const ConfigError& error) {
    return cat(error.what(), " | ", error.hint());
  }
  return "accepted";
}

}  // namespace

TEST_CASE("model config: what transformers makes of a config.json") {
  const test::TemporaryDirectory folder(test::memory_directory());
  std::ifstream in(FORGELM_SOURCE_DIR "/tests/golden/model_config/configs.jsonl");
  std::size_t num_rows = 0;
  for (std::string line; std::getline(in, line); ++num_rows) {
    const Json row = parse_json(line).value();
    INFO(row.at("name").text());
    const Json* expected = row.find("expected");
    if (expected == nullptr) {
      CHECK_THROWS_AS(config_of(folder, row.at("config")), ConfigError);
      continue;
    }
    ModelConfig config = config_of(folder, row.at("config"), row.find("generation_config"));
    CHECK(config.raw == row.at("config"));
    const Json* rope_scaling = row.find("rope_scaling");
    if (rope_scaling != nullptr) override_rope(config, *rope_scaling);
    check_config(config, *expected);
    // What was merged is in `raw` as well, so that a saved model is read as it was trained.
    if (rope_scaling != nullptr) check_config(config_of(folder, config.raw), *expected);
  }
  CHECK(num_rows == 85);
}

TEST_CASE("model config: ids that end a text come from both files") {
  const test::TemporaryDirectory folder;
  Json config = small_config();
  const Json generation = Json::object({{"eos_token_id", Json::array({9, 7, -1})}});
  CHECK(config_of(folder, config, &generation).eos_ids == std::vector<std::int32_t>{9, 7});
  config.set("eos_token_id", 7);
  CHECK(config_of(folder, config, &generation).eos_ids == std::vector<std::int32_t>{7, 9});
  config.set("eos_token_id", Json());
  CHECK(config_of(folder, config, &generation).eos_ids == std::vector<std::int32_t>{9, 7});
  CHECK(config_of(folder, config).eos_ids.empty());
  config.set("eos_token_id", "</s>");
  CHECK_THAT(message_for(folder, config), Contains("eos_token_id is \"</s>\": expected a token's id"));
}

TEST_CASE("model config: messages name the file, the key, the value and what is allowed") {
  const test::TemporaryDirectory folder;
  const auto message = [&folder](const char* key, const Json& value) {
    Json config = small_config();
    config.set(key, value);
    return message_for(folder, config);
  };
  CHECK_THAT(message("model_type", "lama"),
             Contains("config.json: model_type is \"lama\": models of this family are not known here (known: llama)") &&
                 Contains("did you mean llama?"));
  CHECK_THAT(message("model_type", Json()), Contains("does not say of which family the model is (known: llama)"));
  CHECK_THAT(message("quantization_config", Json::object({{"quant_method", "bitsandbytes"}})),
             Contains("stored quantized (\"bitsandbytes\")") && Contains("model.load_in_4bit"));
  CHECK_THAT(message("hidden_act", "mish"),
             Contains("hidden_act is \"mish\": this activation is not known (known: silu, gelu"));
  CHECK_THAT(message("hidden_size", 0), Contains("hidden_size is 0: expected a whole number from 1"));
  CHECK_THAT(message("hidden_size", 64.0), Contains("expected a whole number from 1"));
  CHECK_THAT(message("vocab_size", true), Contains("vocab_size is true: expected a whole number"));
  CHECK_THAT(message("vocab_size", 1e30), Contains("expected a whole number"));
  CHECK_THAT(message("num_key_value_heads", 3),
             Contains("num_attention_heads is 8: not a multiple of num_key_value_heads, which is 3"));
  CHECK_THAT(
      message("rope_scaling", Json::object({{"rope_type", "ntk"}})),
      Contains("config.json: rope_scaling: rope_type is \"ntk\"") && Contains("known: default, linear, dynamic"));
  CHECK_THAT(message("rope_scaling", Json::object({{"full_attention", Json::object()}})),
             Contains("differ by kind of layer"));
  CHECK_THAT(message("attention_dropout", 1), Contains("expected a number from 0 to below 1"));
  CHECK_THAT(message("is_encoder_decoder", true), Contains("only decoders"));
  CHECK_THAT(message("per_layer_config", Json::object({{"0", Json::object()}})), Contains("differ from each other"));
  CHECK_THAT(message("architectures", "LlamaForCausalLM"), Contains("expected a list of texts"));
  CHECK_THAT(message("hidden_act", std::string(1000, 'x')), Contains("xxx...") && !Contains(std::string(200, 'x')));
  CHECK(message("hidden_act", "swish") == "accepted");
  CHECK_THAT(message_for(folder, Json::array({1})), Contains("config.json: expected an object, found array"));
  fs::remove(folder / "config.json");
  CHECK_THROWS_WITH(read_model_config(folder.path()), Contains("no config.json"));
  write_file_durably(folder / "config.json", "{\"model_type\": ");
  CHECK_THROWS_WITH(read_model_config(folder.path()), Contains("config.json: line 1, column"));
}

TEST_CASE("model config: what a job asks of rotary positions is refused as in a file") {
  const test::TemporaryDirectory folder;
  ModelConfig config = config_of(folder, small_config());
  const ModelConfig before = config;
  CHECK_THROWS_WITH(
      override_rope(config, Json::object({{"rope_type", "longrope"}, {"short_factor", Json::array({1})}})),
      Contains("training.rope_scaling") && Contains("short_factor"));
  CHECK(config.raw == before.raw);
  CHECK(config.rope.kind == RopeKind::none);
  override_rope(config, Json::object({{"type", "linear"}, {"factor", 2}}));
  override_rope(config, Json::object({{"factor", 3}}));
  CHECK(config.rope.kind == RopeKind::linear);
  CHECK(config.rope.factor == 3);
}

TEST_CASE("model config: the bundled model") {
  const ModelConfig config = read_model_config(fs::path(FORGELM_SOURCE_DIR) / "templates/quickstart/model");
  CHECK(config.family == "llama");
  CHECK(config.architecture == "LlamaForCausalLM");
  CHECK(config.head_dim == 8);
  CHECK(config.ties_embeddings);
  CHECK(config.stored_dtype == "float32");
  CHECK(config.eos_ids == std::vector<std::int32_t>{2});
}

TEST_CASE("model folders: an adapter's base model is looked for as written, then beside the adapter") {
  const test::TemporaryDirectory folder;
  for (const char* name : {"base", "adapter", "adapter/inner", "second"}) fs::create_directory(folder / name);
  const auto point_to = [&folder](const std::string& adapter, const Json& base) {
    write_file_durably(folder / (adapter + "/adapter_config.json"),
                       dump(Json::object({{"base_model_name_or_path", base}})));
  };
  const auto find = [&folder](const char* name) { return find_model_folders((folder / name).string()); };
  CHECK(find("base").base == folder / "base");
  CHECK_FALSE(find("base").adapter.has_value());
  point_to("adapter", (folder / "base").string());
  CHECK(find("adapter").base == folder / "base");
  CHECK(find("adapter").adapter == folder / "adapter");
  point_to("adapter", "inner");
  CHECK(find("adapter").base == folder / "adapter/inner");
  point_to("adapter", "../base");
  CHECK(fs::equivalent(find("adapter").base, folder / "base"));
  point_to("adapter", "some/model-of-the-hub");
  CHECK_THROWS_WITH(find("adapter"),
                    Contains("base_model_name_or_path: the base model \"some/model-of-the-hub\" is not a folder"));
  point_to("adapter", Json());
  CHECK_THROWS_WITH(find("adapter"), Contains("does not name the model"));
  point_to("adapter", (folder / "adapter").string());
  CHECK_THROWS_WITH(find("adapter"), Contains("an adapter itself"));
  point_to("adapter", "../second");
  point_to("second", "../base");
  CHECK_THROWS_WITH(find("adapter"), Contains("an adapter itself"));
  CHECK_THROWS_WITH(find("nowhere"), Contains("there is no folder"));
  CHECK_THROWS_AS(find("nowhere"), ConfigError);
}
