// Adapter configs against peft (tools/golden/adapter_config): files, and which layers are changed how.
#include "forgelm/formats/adapter_config.hpp"

#include <fstream>
#include <map>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::formats;
using Catch::Contains;

namespace {

const std::string kGolden = FORGELM_SOURCE_DIR "/tests/golden/adapter_config/";

std::vector<Json> rows_of(const std::string& file) {
  std::vector<Json> out;
  std::ifstream in(kGolden + file);
  for (std::string line; std::getline(in, line);) out.push_back(parse_json(line).value());
  return out;
}

AdapterConfig config_of(const test::TemporaryDirectory& folder, const std::string& text) {
  write_file_durably(folder / "adapter_config.json", text);
  return read_adapter_config(folder.path());
}

/// The number of the layer in "model.layers.3.mlp.up_proj", else -1.
std::int64_t layer_of(const std::string& slot) {
  const std::vector<std::string> parts = split(slot, '.');
  return parts.size() > 2 && parts[1] == "layers" ? std::stoll(parts[2]) : -1;
}

}  // namespace

TEST_CASE("adapter config: layers, ranks and scales are those of peft") {
  const test::TemporaryDirectory folder(test::memory_directory());
  const Json linears = parse_json(read_file(kGolden + "linear_layers.json")).value();
  CHECK(linears.items().size() == 85);
  const std::vector<Json> rows = rows_of("adapters.jsonl");
  CHECK(rows.size() == 32);
  for (const Json& row : rows) {
    const Json* text = row.find("text");
    const AdapterConfig config = config_of(folder, (text != nullptr ? *text : row.at("read")).text());
    for (const Json& linear : linears.items()) {
      const std::string& slot = linear.text();
      INFO(row.at("name").text() << ": " << slot);
      const Json* expected = row.at("layers").find(slot);
      CHECK(config.targets(slot, layer_of(slot)) == (expected != nullptr));
      if (expected == nullptr) continue;
      CHECK(config.rank_of(slot) == expected->items().at(0).integer());
      CHECK(config.scale_of(slot) == expected->items().at(1).real());
    }
  }
}

TEST_CASE("adapter config: written as peft writes it") {
  const test::TemporaryDirectory folder(test::memory_directory());
  std::size_t num_texts = 0;
  for (const Json& row : rows_of("adapters.jsonl")) {
    const Json* text = row.find("text");
    if (text == nullptr) continue;
    INFO(row.at("name").text());
    CHECK(dump(to_json(config_of(folder, text->text())), {.indent = 2}) == text->text());
    ++num_texts;
  }
  CHECK(num_texts == 22);
}

TEST_CASE("adapter config: other kinds of adapter and broken values are refused by key") {
  const test::TemporaryDirectory folder(test::memory_directory());
  const Json plain = Json::object({{"peft_type", "LORA"}, {"target_modules", Json::array({"q_proj"})}});
  CHECK(config_of(folder, dump(plain)).r == 8);
  const std::vector<Json> rows = rows_of("refused.jsonl");
  CHECK(rows.size() == 44);
  for (const Json& row : rows) {
    Json config = plain;
    config.set(row.at("key").text(), row.at("value"));
    INFO(dump(row));
    CHECK_THROWS_AS(config_of(folder, dump(config)), ConfigError);
    CHECK_THROWS_WITH(config_of(folder, dump(config)), Contains("adapter_config.json: "));
  }
  const auto message = [&](const char* key, const Json& value) {
    Json config = plain;
    config.set(key, value);
    try {
      config_of(folder, dump(config));
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK_THAT(message("use_dora", true), Contains("use_dora is true: DoRA is not known here"));
  CHECK_THAT(message("init_lora_weights", "pissa"),
             Contains("init_lora_weights is \"pissa\"") && Contains("base model's weights"));
  CHECK_THAT(message("peft_type", "IA3"), Contains("peft_type is \"IA3\": only adapters of the kind LORA"));
  CHECK_THAT(message("use_new_thing", true), Contains("use_new_thing is true: this key is not known here"));
  CHECK_THAT(message("target_modules", "(q_proj"), Contains("the pattern of names \"(q_proj\"") && Contains("at byte"));
  CHECK(message("use_new_thing", false) == "accepted");
  CHECK(message("use_new_thing", Json()) == "accepted");
  std::filesystem::remove(folder / "adapter_config.json");
  CHECK_THROWS_WITH(read_adapter_config(folder.path()), Contains("no adapter_config.json"));
}

TEST_CASE("adapter config: a pattern that would search for ever is stopped") {
  AdapterConfig config;
  config.target_pattern = "(a+)+[bc]";
  CHECK_THROWS_WITH(config.targets(std::string(200, 'a'), 0), Contains("too many steps"));
  CHECK_THROWS_AS(config.targets(std::string(200, 'a'), 0), ConfigError);
  config.target_pattern = std::string(20000, 'a');
  CHECK_THROWS_WITH(config.targets("a", 0), Contains("more than 16384 bytes"));
}
