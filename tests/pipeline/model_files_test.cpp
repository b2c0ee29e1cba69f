// What stands beside the weights of a final model: the tokenizer with the template that was trained with, and the card.
#include <filesystem>

#include "forgelm/config/yaml.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "pipeline/model_card.hpp"
#include "pipeline/tokenizer_files.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
namespace fs = std::filesystem;

const fs::path kModel = fs::path(FORGELM_SOURCE_DIR) / "templates/quickstart/model";

config::ModelSection model_with(const std::string& chat_template, const fs::path& folder = kModel) {
  config::ModelSection model;
  model.name_or_path = folder.native();
  model.chat_template = chat_template;
  return model;
}

/// A copy of the bundled model whose tokenizer brings a template.
void make_model_with_template(const fs::path& folder) {
  fs::copy(kModel, folder, fs::copy_options::recursive);
  Json config = parse_json(read_file(folder / "tokenizer_config.json")).value();
  config.set("chat_template", "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}");
  write_file_durably(folder / "tokenizer_config.json", dump(config));
}

/// The template that a reader of the folder takes by itself.
std::string template_of(const fs::path& folder) {
  return data::load_model_text(model_with("auto", folder)).chat_template->digest();
}

Json to_json(const config::Node& node) {
  using Kind = config::Node::Kind;
  Json out;
  switch (node.kind) {
    case Kind::boolean: return node.boolean;
    case Kind::integer: return node.integer;
    case Kind::real: return node.real;
    case Kind::text: return node.text;
    case Kind::sequence:
      out = Json::array();
      for (const auto& item : node.items) out.push(to_json(item));
      return out;
    case Kind::mapping:
      out = Json::object();
      for (const auto& [key, value] : node.entries) out.set(key.text, to_json(value));
      return out;
    default: return out;
  }
}

Json record_of_a_run() {
  return parse_json(R"({"id": "fg-1", "forgelm": {"version": "0.1.0"},
    "training": {"quantization": "nf4", "precision": "float32", "device": "cpu", "num_steps": 12, "num_trained": 99},
    "data": {"sources": [{"name": "a|b.jsonl", "digest": "d1"}], "chat_template": {"name": "plain", "origin": "builtin"}},
    "metrics": {"train_loss": 1.5, "eval_loss": 0.25, "benchmark/arc": 0.5}})")
      .value();
}

}  // namespace

TEST_CASE("model files: a tokenizer's own template is kept as its files have it") {
  const test::TemporaryDirectory folder;
  make_model_with_template(folder / "model");
  fs::create_directory(folder / "out");
  const auto model = model_with("auto", folder / "model");
  const auto text = data::load_model_text(model);
  pipeline::write_tokenizer_files(model, text, folder / "out");
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"})
    CHECK(read_file(folder / "out" / name) == read_file(folder / "model" / name));
  CHECK_FALSE(fs::exists(folder / "out/chat_template.jinja"));
  CHECK_FALSE(fs::exists(folder / "out/model.safetensors"));
  fs::copy(folder / "model/config.json", folder / "out/config.json");
  CHECK(template_of(folder / "out") == text.chat_template->digest());
}

TEST_CASE("model files: the template that was trained with goes along, and takes the place of another") {
  const test::TemporaryDirectory folder;
  make_model_with_template(folder / "model");
  for (const char* name : {"plain", "chatml", "llama3"}) {
    INFO(name);
    const fs::path out = folder / name;
    fs::create_directory(out);
    const auto model = model_with(name, folder / "model");
    const auto text = data::load_model_text(model);
    pipeline::write_tokenizer_files(model, text, out);
    CHECK(read_file(out / "chat_template.jinja") == text.chat_template->source());
    CHECK(parse_json(read_file(out / "tokenizer_config.json")).value().find("chat_template") == nullptr);
    fs::copy(folder / "model/config.json", out / "config.json");
    CHECK(template_of(out) == text.chat_template->digest());
    const auto again = data::load_model_text(model_with("auto", out)).tokenizer;
    CHECK(again->encode("One day, Lily met a dog.").ids == text.tokenizer->encode("One day, Lily met a dog.").ids);
  }
}

TEST_CASE("model card: says what was done, masks secrets, and its configuration is a job again") {
  const auto loaded = config::read_job(
      "model: {name_or_path: org/base}\nlora: {r: 4}\ntraining: {final_model_dir: best, learning_rate: 1.0e-4}\n"
      "data: {dataset_name_or_path: \"a|b.jsonl\"}\nauth: {hf_token: hf_secretsecret}\n"
      "webhook: {url: \"https://example.org/hook\"}\n"
      "compliance: {intended_purpose: \"answers | letters\", known_limitations: German only}\n",
      "job.yaml");
  REQUIRE(loaded.ok());
  const Json record = record_of_a_run();
  const std::string card = pipeline::model_card({loaded, record, true});
  CHECK(card.find("---\nbase_model: org/base\nlibrary_name: peft\n") == 0);
  CHECK(card.find("\"qlora\"") != std::string::npos);
  CHECK(card.find("\"lora\"") != std::string::npos);
  CHECK(card.find("## Intended use\n\nanswers \\| letters\n") != std::string::npos);
  CHECK(card.find("## Limitations\n\nGerman only\n") != std::string::npos);
  CHECK(card.find("# best\n") != std::string::npos);
  CHECK(card.find("| lora.r | 4 |") != std::string::npos);
  CHECK(card.find("| eval\\_loss | 0.25 |") != std::string::npos);
  CHECK(card.find("benchmark/arc") == std::string::npos);
  CHECK(card.find("a\\|b.jsonl") != std::string::npos);
  CHECK(card.find("secretsecret") == std::string::npos);
  CHECK(card.find("example.org") == std::string::npos);
  CHECK(card.find("PeftModel.from_pretrained(base, \"best\")") != std::string::npos);
  CHECK(pipeline::model_card({loaded, record, false}).find("PeftModel") == std::string::npos);

  const std::size_t begin = card.find("```yaml\n") + 8;
  const auto again = config::read_job(card.substr(begin, card.find("```", begin) - begin), "card.yaml");
  INFO(render(again.diagnostics, DiagnosticStyle::text));
  CHECK(again.ok());
  CHECK(again.job.training.learning_rate == 1e-4);
  CHECK(again.job.lora.r == 4);
}

TEST_CASE("model card: YAML of any value is read as that value") {
  const Json value = parse_json(R"({"a": {"b": [1, 2], "yes": "no", "empty": {}, "none": null},
    "list": [{"x": 1.5e-7, "y": ["p", {"q": "a: b # c"}]}, "- text", ""], "n": -3, "t": "line\nbreak", "5": true})")
                         .value();
  const auto document = config::read_yaml(pipeline::to_yaml(value), "value.yaml");
  INFO(pipeline::to_yaml(value));
  CHECK_FALSE(has_errors(document.diagnostics));
  CHECK(to_json(document.root) == value);
}
