// Which tokenizer and which template a job's model brings.
#include "forgelm/data/model_text.hpp"

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace forgelm::data {
namespace {

constexpr const char* kTokenizer = R"({"model": {"type": "WordLevel", "unk_token": "[UNK]", "vocab": {"[UNK]": 0}}})";

config::ModelSection model_at(const std::filesystem::path& folder) {
  config::ModelSection model;
  model.name_or_path = folder.string();
  return model;
}

}  // namespace

TEST_CASE("The tokenizer's own template is taken, unless the model is a base model or the job names another") {
  const test::TemporaryDirectory folder;
  write_file_durably(folder / "tokenizer.json", kTokenizer);
  write_file_durably(folder / "chat_template.jinja", "{{ messages[0].content }}");
  config::ModelSection model = model_at(folder.path());
  CHECK(load_model_text(model).chat_template->origin() == text::ChatTemplateOrigin::tokenizer);
  model.kind = config::ModelKind::instruct;
  CHECK(load_model_text(model).chat_template->origin() == text::ChatTemplateOrigin::tokenizer);
  model.kind = config::ModelKind::base;
  CHECK(load_model_text(model).chat_template->name() == "plain");
  model.chat_template = "chatml";
  CHECK(load_model_text(model).chat_template->name() == "chatml");
}

TEST_CASE("An instruct model without any template is told so") {
  const test::TemporaryDirectory folder;
  write_file_durably(folder / "tokenizer.json", kTokenizer);
  config::ModelSection model = model_at(folder.path());
  CHECK(load_model_text(model).chat_template->name() == "plain");
  model.kind = config::ModelKind::instruct;
  CHECK_THROWS_AS(load_model_text(model), ConfigError);
}

TEST_CASE("An adapter folder takes the tokenizer of its base model") {
  const test::TemporaryDirectory folder;
  std::filesystem::create_directories(folder / "base");
  std::filesystem::create_directories(folder / "adapter");
  write_file_durably(folder / "base/tokenizer.json", kTokenizer);
  write_file_durably(folder / "adapter/adapter_config.json",
                     "{\"base_model_name_or_path\": \"" + (folder / "base").string() + "\"}");
  CHECK(load_model_text(model_at(folder / "adapter")).tokenizer->vocab_size() == 1);
  write_file_durably(folder / "adapter/adapter_config.json", R"({"base_model_name_or_path": "gone"})");
  CHECK_THROWS_AS(load_model_text(model_at(folder / "adapter")), ConfigError);
  CHECK_THROWS_AS(load_model_text(model_at(folder / "nowhere")), ConfigError);
}

}  // namespace forgelm::data
